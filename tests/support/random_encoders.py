"""Small transformers with random weights."""

from __future__ import annotations

from collections.abc import Callable

import jaxtyping
import open_clip
import torch
from timm.models.vision_transformer import VisionTransformer

# Every call in these modules is held to the shapes that its signature states.
with jaxtyping.install_import_hook("workbench.analysis", "beartype.beartype"):
    from workbench.analysis.encoders.protocol import FeatureKind
    from workbench.analysis.encoders.transformer import TransformerEncoder

Wanted = tuple[tuple[int, FeatureKind], ...]
MakeEncoder = Callable[..., TransformerEncoder]


def random_clip(
    *, quick_gelu: bool = False, image_size: int = 32, patch_size: int = 8, seed: int = 0
) -> open_clip.CLIP:
    """A CLIP of three blocks, 4 heads, 64 channels, whose attention is far from even."""
    torch.manual_seed(seed)
    model = open_clip.CLIP(
        embed_dim=24,
        vision_cfg={
            "layers": 3,
            "width": 64,
            "head_width": 16,
            "patch_size": patch_size,
            "image_size": image_size,
        },
        text_cfg={"context_length": 8, "vocab_size": 32, "width": 16, "heads": 2, "layers": 1},
        quick_gelu=quick_gelu,
    ).eval()
    with torch.no_grad():
        for block in model.visual.transformer.resblocks:
            block.attn.in_proj_weight.mul_(4)
            block.attn.in_proj_bias.normal_(std=0.3)
    return model


def random_timm(
    *, image_size: int = 32, patch_size: int = 8, registers: int = 0, **kinds: object
) -> VisionTransformer:
    """A timm transformer of three blocks with LayerScale, whose attention is far from even."""
    torch.manual_seed(1)
    model = VisionTransformer(
        img_size=image_size,
        patch_size=patch_size,
        embed_dim=48,
        depth=3,
        num_heads=3,
        init_values=0.5,
        num_classes=0,
        reg_tokens=registers,
        **kinds,
    ).eval()
    with torch.no_grad():
        for block in model.blocks:
            block.attn.qkv.weight.mul_(15)
            block.mlp.fc1.weight.mul_(10)
    return model
