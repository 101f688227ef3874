"""Encoder `open_clip:…`: open_clip's vision transformers that pool by their class token."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import open_clip
import torch
from open_clip.transform import PreprocessCfg, image_transform_v2
from open_clip.transformer import ResidualAttentionBlock, VisionTransformer
from torch import Tensor, nn
from torchvision.transforms import Compose

from workbench.analysis.encoders.blocks import Block, PatchEmbedding, SelfAttention, Tower
from workbench.analysis.encoders.checkpoints import check_there, pickled_code
from workbench.analysis.encoders.features import class_token, default_features
from workbench.analysis.encoders.protocol import (
    Embedding,
    EncoderUnavailableError,
    FeatureKind,
    Precision,
)
from workbench.analysis.encoders.quick_gelu import warn_of_other_activation
from workbench.analysis.encoders.transformer import (
    Computing,
    Preprocessing,
    TransformerEncoder,
    check_image_size,
)
from workbench.analysis.encoders.weights import weights_sha256

Wanted = Iterable[tuple[int, FeatureKind]]

_TEXTS_AT_ONCE = 128


@dataclass(frozen=True)
class Source:
    """Source of a model's weights: one of open_clip's tags, or a file."""

    model: str
    tag: str | None
    checkpoint: Path | None


def load_open_clip(
    source: str,
    *,
    cache_dir: Path,
    device: str = "cpu",
    embedding: Embedding = "patches",
    precision: Precision = "float32",
    image_size: int | None = None,
) -> TransformerEncoder:
    """Load the encoder `MODEL/PRETRAINED` (downloaded once to `cache_dir`) or `MODEL@/path`.

    image_size: side in pixels; None for the model's own. Positions are resampled for any other.

    Checkpoints are read as weights only, never unpickled. Raises EncoderUnavailableError.
    """
    parsed = parse_source(source)
    _check(parsed)
    if image_size is not None:
        check_image_size(f"open_clip:{source}", image_size, _patch_side(parsed.model))
    try:
        model = open_clip.create_model(
            parsed.model,
            pretrained=parsed.tag or str(parsed.checkpoint),
            pretrained_text=False,
            require_pretrained=True,
            weights_only=True,
            cache_dir=str(cache_dir / "open_clip"),
            force_image_size=image_size,
        )
    # Downloading, reading and fitting weights fail in the ways of a dozen libraries.
    except Exception as error:
        file = parsed.checkpoint
        reason = None if file is None else pickled_code(file, error)
        raise EncoderUnavailableError(
            reason or f"open_clip:{source} could not be loaded: {error}"
        ) from error

    def tokenize(texts: list[str]) -> Tensor:
        tokens: Tensor = open_clip.get_tokenizer(parsed.model)(texts)
        return tokens

    return from_model(
        model,
        name=f"open_clip:{source}",
        features=_FEATURES[embedding],
        tokenize=tokenize,
        device=device,
        precision=precision,
    )


def from_model(
    model: open_clip.CLIP | open_clip.CustomTextCLIP,
    *,
    name: str,
    features: Wanted | Callable[[int], Wanted] | None = None,
    tokenize: Callable[[list[str]], Tensor] | None = None,
    device: str = "cpu",
    precision: Precision = "float32",
) -> TransformerEncoder:
    """Make an encoder of an open_clip model, which it takes over: frozen, moved to `device`.

    features: those of x, or what chooses them for so many blocks.

    By default x is that of `default_features` with the last block's class token, through ln_post
    and proj, beside it: the paper's whole x, and what the text tower meets. Class tokens of earlier
    blocks and patch tokens go through ln_post only, as proj is trained for the last block's class
    token alone. With `tokenize` there is a text tower.
    Raises EncoderUnavailableError where the model's vision tower is not a square vision
    transformer that pools by its class token.
    """
    visual = model.visual
    if reason := _unsupported(visual):
        raise EncoderUnavailableError(f"{name} cannot be used: {reason}")
    tower = _tower(visual)
    wanted = _FEATURES["patches"] if features is None else features
    return TransformerEncoder(
        tower,
        wanted(len(tower.blocks)) if callable(wanted) else wanted,
        _preprocessing(visual),
        name=name,
        identity={"weights": weights_sha256(visual.state_dict())} | _architecture(visual),
        encode_text=None if tokenize is None else _text_encoder(model, tokenize, device),
        computing=Computing(device, precision),
    )


def _with_class_token(blocks: int) -> Wanted:
    return (*default_features(blocks), *class_token(blocks))


_FEATURES: Mapping[Embedding, Callable[[int], Wanted]] = {
    "patches": _with_class_token,
    "class_token": class_token,
}


def _text_encoder(
    model: open_clip.CLIP | open_clip.CustomTextCLIP,
    tokenize: Callable[[list[str]], Tensor],
    device: str,
) -> Callable[[Sequence[str]], Tensor]:
    model = model.to(device).float().eval().requires_grad_(requires_grad=False)

    def encode(texts: Sequence[str]) -> Tensor:
        try:
            tokens = tokenize(list(texts))
        # Some models' tokenizers are downloaded at their first use, and fail in many ways.
        except Exception as error:
            raise EncoderUnavailableError(f"there is no tokenizer for texts: {error}") from error
        # A thousand names at once would take a gigabyte for their attention.
        starts = range(0, len(tokens), _TEXTS_AT_ONCE)
        parts = [model.encode_text(tokens[at : at + _TEXTS_AT_ONCE].to(device)) for at in starts]
        return torch.cat(parts)

    return encode


def parse_source(source: str) -> Source:
    """Parse `MODEL/PRETRAINED` or `MODEL@/path/to/checkpoint`; EncoderUnavailableError."""
    model, at, path = source.partition("@")
    if at and model and path:
        return Source(model, None, Path(path))
    model, _, tag = source.rpartition("/")
    if model and tag:
        return Source(model, tag, None)
    raise EncoderUnavailableError(
        f"open_clip:{source} names no weights; say open_clip:MODEL/PRETRAINED "
        "or open_clip:MODEL@/path/to/checkpoint"
    )


def _check(source: Source) -> None:
    """Validate a name before anything is built or downloaded; EncoderUnavailableError."""
    config = open_clip.get_model_config(source.model) if ":" not in source.model else None
    if config is None:
        raise EncoderUnavailableError(f"open_clip has no model {source.model!r} of its own")
    if source.checkpoint is not None:
        check_there(source.checkpoint)
        warn_of_other_activation(source.model, source.checkpoint)
        return
    tags = open_clip.list_pretrained_tags_by_model(source.model)
    if source.tag not in tags:
        raise EncoderUnavailableError(
            f"open_clip has no weights {source.tag!r} for {source.model}; it has {', '.join(tags)}"
        )
    pretrained = open_clip.get_pretrained_cfg(source.model, source.tag)
    if pretrained.get("quick_gelu", False) and not config.get("quick_gelu", False):
        raise EncoderUnavailableError(
            f"the weights {source.tag!r} need QuickGELU; "
            f"say open_clip:{source.model}-quickgelu/{source.tag}"
        )


def _patch_side(model: str) -> int:
    """Of a model of open_clip's own, in pixels; 1 where its tower has no patches."""
    vision: dict[str, Any] = (open_clip.get_model_config(model) or {}).get("vision_cfg", {})
    return int(vision.get("patch_size") or 1)


def _unsupported(visual: nn.Module) -> str | None:
    """Say why a vision tower is not supported; None where it is."""
    if not isinstance(visual, VisionTransformer):
        return f"its vision tower is a {type(visual).__name__}, not open_clip's vision transformer"
    if visual.attn_pool is not None or visual.pool_type != "tok":
        return "it does not pool by its class token"
    height, width = visual.image_size
    if height != width:
        return f"it sees {height} x {width} px, not a square"
    for block in visual.transformer.resblocks:
        if not isinstance(block, ResidualAttentionBlock):
            return f"its blocks are of the kind {type(block).__name__}, which is not written out"
    return None


def _tower(visual: VisionTransformer) -> Tower:
    return Tower(
        embedding=PatchEmbedding(
            projection=visual.conv1,
            prefix=(visual.class_embedding + visual.positional_embedding[0])[None],
            position=visual.positional_embedding[1:],
            norm=visual.ln_pre,
        ),
        blocks=[_block(block) for block in visual.transformer.resblocks],
        norm=visual.ln_post,
        projection=visual.proj,
        grid=tuple(visual.grid_size),
    )


def _block(block: ResidualAttentionBlock) -> Block:
    """Reuse the block's modules; only the fused nn.MultiheadAttention is replaced."""
    attention = block.attn
    width = attention.embed_dim
    qkv = nn.Linear(width, 3 * width, device="meta")
    qkv.weight, qkv.bias = attention.in_proj_weight, attention.in_proj_bias
    return Block(
        SelfAttention(heads=attention.num_heads, qkv=qkv, out=attention.out_proj),
        block.mlp,
        norm1=block.ln_1,
        norm2=block.ln_2,
        scale1=block.ls_1,
        scale2=block.ls_2,
    )


def _architecture(visual: VisionTransformer) -> dict[str, object]:
    """List what changes the function without changing the weights' names and shapes."""
    block = visual.transformer.resblocks[0]
    return {
        "heads": block.attn.num_heads,
        "activation": type(block.mlp.gelu).__name__,
        "norm_eps": block.ln_1.eps,
        "stem_norm": type(visual.ln_pre).__name__,
    }


def _preprocessing(visual: VisionTransformer) -> Preprocessing:
    """Make open_clip's own transform at the tower's size; CLIP's where a model has none.

    Without its last two steps, pixels from 0 to 1 and their normalisation, which the encoder takes
    for all images at once.
    """
    own = dict(getattr(visual, "preprocess_cfg", {}))
    config = PreprocessCfg(**(own | {"size": visual.image_size[0]}))
    return Preprocessing(
        image_size=visual.image_size[0],
        squared=Compose(image_transform_v2(config, is_train=False).transforms[:-2]),
        settings=asdict(config),
        mean=config.mean,
        std=config.std,
    )
