"""Encoder `timm:…`: timm's plain vision transformers, with or without class token and registers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import timm
import torch
from PIL import Image
from timm.data.config import resolve_model_data_config
from timm.data.transforms import str_to_interp_mode
from timm.layers.attention import Attention
from timm.layers.patch_embed import PatchEmbed
from timm.models.vision_transformer import Block as TimmBlock
from timm.models.vision_transformer import VisionTransformer, checkpoint_filter_fn
from torch import nn
from torchvision import transforms

from workbench.analysis.encoders.blocks import Block, PatchEmbedding, SelfAttention, Tower
from workbench.analysis.encoders.checkpoints import fitted, read_checkpoint
from workbench.analysis.encoders.features import class_token, default_features
from workbench.analysis.encoders.protocol import (
    Embedding,
    EncoderUnavailableError,
    Precision,
)
from workbench.analysis.encoders.transformer import (
    Computing,
    Preprocessing,
    TransformerEncoder,
    check_image_size,
)
from workbench.analysis.encoders.weights import weights_sha256

_CLASSIFIER = ("head.", "head_dist.")
"""Parameters that a fine-tuned checkpoint has beside the encoder."""


def load_timm(
    source: str,
    *,
    cache_dir: Path,
    device: str = "cpu",
    embedding: Embedding = "patches",
    precision: Precision = "float32",
    image_size: int | None = None,
) -> TransformerEncoder:
    """Load the encoder `MODEL` (downloaded once to `cache_dir`) or `MODEL@/path/to/checkpoint`.

    MODEL may carry a tag, as in `vit_base_patch16_224.augreg_in21k`, whose normalisation is taken.

    image_size: side in pixels; None for the model's own. Positions are resampled for any other.

    Raises EncoderUnavailableError.
    """
    name, at, path = source.partition("@")
    _check(name, embedding, image_size)
    if at:
        model = _with_checkpoint(name, Path(path), image_size)
    else:
        model = _downloaded(name, cache_dir, image_size)
    return from_model(
        model, name=f"timm:{source}", embedding=embedding, device=device, precision=precision
    )


def from_model(
    model: nn.Module,
    *,
    name: str,
    embedding: Embedding = "patches",
    device: str = "cpu",
    precision: Precision = "float32",
) -> TransformerEncoder:
    """Make an encoder of a plain vision transformer, which it takes over: frozen, on `device`.

    ValueError for a model that a tower cannot represent.
    """
    model = _plain(model)
    tower = tower_of(model)
    blocks = len(tower.blocks)
    return TransformerEncoder(
        tower,
        default_features(blocks) if embedding == "patches" else class_token(blocks),
        _preprocessing(model),
        name=name,
        identity={"weights": weights_sha256(tower.state_dict())} | _architecture(model),
        computing=Computing(device, precision),
    )


def _check(name: str, embedding: Embedding, image_size: int | None) -> None:
    """Validate a model by its name, before its weights are read or fetched."""
    if ":" in name or "/" in name or not timm.is_model(name):
        raise EncoderUnavailableError(f"timm has no model {name!r} of its own")
    try:
        model = _unfilled(name, None)
    # timm says of a wrong tag in a RuntimeError, of an optional dependency in other ways.
    except Exception as error:
        raise EncoderUnavailableError(f"timm:{name} cannot be used: {error}") from error
    if reason := unsupported(model):
        raise EncoderUnavailableError(
            f"timm:{name} cannot be used: {reason}; a plain vision transformer of timm fits, such "
            "as vit_base_patch16_224 or vit_small_patch14_reg4_dinov2"
        )
    if embedding == "class_token" and not model.has_class_token:
        raise EncoderUnavailableError(
            f"timm:{name} has no class token, which the distiller `paper` reads; "
            "choose another model, or the distiller `concepts`"
        )
    if image_size is not None:
        check_image_size(f"timm:{name}", image_size, _plain(model).patch_embed.patch_size[0])


def _unfilled(name: str, image_size: int | None) -> nn.Module:
    """Make a model without memory for weights: filling them takes longer than all the rest."""
    with torch.device("meta"):
        model: nn.Module = timm.create_model(name, num_classes=0, img_size=image_size)
    return model


def _with_checkpoint(name: str, path: Path, image_size: int | None) -> nn.Module:
    model = _plain(_unfilled(name, image_size))
    weights = read_checkpoint(path)
    try:
        weights = checkpoint_filter_fn(weights, model, adapt_layer_scale=True)
    # It resamples and renames by what it finds, and fails in the ways of all that.
    except Exception as error:
        raise EncoderUnavailableError(f"{path} does not fit timm:{name}: {error}") from error
    wanted = {key: each for key, each in weights.items() if not key.startswith(_CLASSIFIER)}
    return fitted(model, wanted, path, f"timm:{name}")


def _downloaded(name: str, cache_dir: Path, image_size: int | None) -> nn.Module:
    try:
        model: nn.Module = timm.create_model(
            name, pretrained=True, num_classes=0, cache_dir=cache_dir / "timm", img_size=image_size
        )
    # Downloading, reading and fitting weights fail in the ways of a dozen libraries.
    except Exception as error:
        raise EncoderUnavailableError(
            f"the weights of timm:{name} could not be fetched ({_said(error)}); without a "
            f"network, say timm:{name}@/path/to/checkpoint with a file of them"
        ) from error
    return model


def _said(error: Exception) -> str:
    """What an error says, as a part of a sentence."""
    return str(error).splitlines()[0].rstrip(".") if str(error) else type(error).__name__


def unsupported(model: nn.Module) -> str | None:
    """Say why a model cannot be represented by a tower; None where it can."""
    if type(model) is not VisionTransformer:
        return f"it is a {type(model).__name__}"
    if reason := _unsupported_stem(model):
        return reason
    for block in model.blocks:
        if type(block) is not TimmBlock:
            return f"its blocks are of the kind {type(block).__name__}, which is not written out"
        if reason := _unsupported_attention(block.attn):
            return reason
    return None


def _unsupported_stem(model: VisionTransformer) -> str | None:
    patches = model.patch_embed
    if type(patches) is not PatchEmbed or not isinstance(patches.norm, nn.Identity):
        return f"its patches are embedded by a {type(patches).__name__}, not by one convolution"
    if patches.proj.in_channels != 3:
        return f"it sees {patches.proj.in_channels} channels, not three"
    height, width = patches.img_size
    if height != width:
        return f"it sees {height} x {width} px, not a square"
    return "it has no position embedding" if model.pos_embed is None else None


def _unsupported_attention(attention: nn.Module) -> str | None:
    if type(attention) is not Attention or attention.gate is not None:
        return f"its attention is a {type(attention).__name__}, which is not plain"
    extra = (attention.q_norm, attention.k_norm, attention.norm)
    if not all(isinstance(part, nn.Identity) for part in extra):
        return "its attention normalises queries, keys or results, which is not plain"
    if attention.qkv.out_features != 3 * attention.qkv.in_features:
        return "its attention is wider or narrower than its tokens, which is not plain"
    return None


def tower_of(model: nn.Module) -> Tower:
    """Make a tower of a timm model; weights are shared.

    Its LayerNorm is the model's last one, which a model that pools all tokens has after pooling.
    ValueError for a model that a tower cannot represent.
    """
    model = _plain(model)
    before = [each[0] for each in (model.cls_token, model.reg_token) if each is not None]
    assert model.pos_embed is not None  # noqa: S101 - it is supported
    position = model.pos_embed[0]
    prefix = torch.cat(before) if before else position[:0]
    if not model.no_embed_class:
        prefix, position = prefix + position[: len(prefix)], position[len(prefix) :]
    return Tower(
        embedding=PatchEmbedding(
            projection=model.patch_embed.proj,
            prefix=prefix,
            position=position,
            norm=model.norm_pre,
        ),
        blocks=[_block(block) for block in model.blocks],
        norm=model.fc_norm if isinstance(model.norm, nn.Identity) else model.norm,
        projection=None,
        grid=tuple(model.patch_embed.grid_size),
        has_class_token=model.has_class_token,
    )


def _plain(model: nn.Module) -> VisionTransformer:
    """The model as what it is; ValueError where it is something else."""
    if reason := unsupported(model):
        raise ValueError(reason)
    assert isinstance(model, VisionTransformer)  # noqa: S101 - it is supported
    return model


def _block(block: nn.Module) -> Block:
    attention = _attention(block)
    assert isinstance(block, TimmBlock)  # noqa: S101 - it is supported
    return Block(
        SelfAttention(heads=attention.num_heads, qkv=_biased(attention.qkv), out=attention.proj),
        block.mlp,
        norm1=block.norm1,
        norm2=block.norm2,
        scale1=block.ls1,
        scale2=block.ls2,
    )


def _attention(block: nn.Module) -> Attention:
    assert isinstance(block.attn, Attention)  # noqa: S101 - it is supported
    return block.attn


def _biased(linear: nn.Linear) -> nn.Linear:
    """Give a linear layer without a bias one of zeros."""
    if linear.bias is None:
        linear.bias = nn.Parameter(linear.weight.new_zeros(linear.out_features))
    return linear


def _architecture(model: VisionTransformer) -> dict[str, object]:
    """List what changes the function without changing the weights' names and shapes."""
    block = next(iter(model.blocks))
    return {
        "heads": _attention(block).num_heads,
        "mlp": [type(part).__name__ for part in block.modules()],
        "norm": [type(block.norm1).__name__, getattr(block.norm1, "eps", None)],
        "stem_norm": type(model.norm_pre).__name__,
    }


def _preprocessing(model: VisionTransformer) -> Preprocessing:
    """Read size, interpolation and normalisation of the model's own configuration.

    Not its crop: the whole square is seen, so that maps cover it. The size is that which its
    patches cover.
    """
    config = resolve_model_data_config(model)  # type: ignore[no-untyped-call]
    size = model.patch_embed.grid_size[0] * model.patch_embed.patch_size[0]
    interpolation = str_to_interp_mode(config["interpolation"])  # type: ignore[no-untyped-call]
    settings: Mapping[str, object] = {
        "size": size,
        "resize": f"shortest, {interpolation.value}, centre crop",
        "mean": list(config["mean"]),
        "std": list(config["std"]),
    }
    return Preprocessing(
        image_size=size,
        squared=squared(size, interpolation),
        settings=settings,
        mean=config["mean"],
        std=config["std"],
    )


def squared(
    size: int,
    interpolation: transforms.InterpolationMode = transforms.InterpolationMode.BICUBIC,
) -> Callable[[Image.Image], Image.Image]:
    """Make what makes an image a square of `size` in three channels: resized, then cropped."""
    steps: Callable[[Image.Image], Image.Image] = transforms.Compose(
        [
            transforms.Lambda(lambda image: image.convert("RGB")),
            transforms.Resize(size, interpolation),
            transforms.CenterCrop(size),
        ]
    )
    return steps
