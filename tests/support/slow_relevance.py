"""The paper's relevance as loops, from a whole forward pass with its attention matrices."""

from __future__ import annotations

import torch
from torch import Tensor

from workbench.analysis.distiller.head import DistilledHead
from workbench.analysis.encoders.transformer import TransformerEncoder


def written_out(encoder: TransformerEncoder, pixels: Tensor) -> tuple[Tensor, Tensor]:
    """The embedding, and the attention (head, query, key) of its last class feature's block.

    One image through the whole encoder, with every attention matrix in the autograd graph.
    """
    tower = encoder.tower
    path = encoder.last_block
    assert path is not None
    tokens = tower.embedding(pixels[None])
    kept: dict[tuple[int, str], Tensor] = {}
    explained = torch.empty(0)
    for index, block in enumerate(tower.blocks):
        normed = block.norm1(tokens)[0]
        query, key, value = block.attention.qkv(normed).chunk(3, dim=-1)
        channels = query.shape[-1] // block.attention.heads
        rows = [
            (query[:, at] @ key[:, at].T / channels**0.5).softmax(dim=-1)
            for at in torch.arange(query.shape[-1]).split(channels)
        ]
        attention = torch.stack(rows)
        if index == path.feature.block:
            explained = attention
        heads = [attention[h] @ part for h, part in enumerate(value.split(channels, dim=-1))]
        attended = block.attention.out(torch.cat(heads, dim=-1))
        tokens = tokens + block.scale1(attended[None])
        tokens = tokens + block.scale2(block.mlp(block.norm2(tokens)))
        kept[index, "class"] = tower.class_feature(index, tokens[:, 0])
        kept[index, "patch_mean"] = tower.norm(tokens[:, tower.prefix :]).mean(dim=1)
    parts = [kept[feature.block, feature.kind] for feature in encoder.features]
    return torch.cat(parts, dim=1)[0], explained


def slow_map(encoder: TransformerEncoder, head: DistilledHead, pixels: Tensor, k: int) -> Tensor:
    """z_k over the patches by equation 5 of the paper, with a backward pass through everything."""
    pixels = pixels.clone().requires_grad_()
    embedding, attention = written_out(encoder, pixels)
    z = head.activation(embedding)[k]
    gradient = torch.autograd.grad(z, (attention, pixels))[0]
    attention, z = attention.detach(), z.detach()
    prefix = encoder.prefix
    patches = attention.shape[-1] - prefix
    relevance = torch.zeros(patches)
    for head_attention, head_gradient in zip(attention, gradient, strict=True):
        for patch in range(patches):
            product = head_attention[0, patch + prefix] * head_gradient[0, patch + prefix]
            relevance[patch] += max(float(product), 0.0) / len(attention)
    share = (
        relevance / relevance.sum() if relevance.sum() > 0 else torch.full((patches,), 1 / patches)
    )
    return z * share
