"""The paper's relevance is what a whole backward pass for each dimension gives."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from tests.support.random_encoders import MakeEncoder, Wanted
from workbench.analysis.distiller.head import DistilledHead
from workbench.analysis.encoders.transformer import TransformerEncoder
from workbench.analysis.relevance.last_block import class_relevance, last_block

MakeHead = Callable[..., DistilledHead]
CLASS: Wanted = ((2, "class"),)


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
        kept[index, "patch_mean"] = tower.norm(tokens[:, 1:]).mean(dim=1)
    parts = [kept[feature.block, feature.kind] for feature in encoder.features]
    return torch.cat(parts, dim=1)[0], explained


def slow_map(encoder: TransformerEncoder, head: DistilledHead, pixels: Tensor, k: int) -> Tensor:
    """z_k over the patches by equation 5 of the paper, with a backward pass through everything."""
    pixels = pixels.clone().requires_grad_()
    embedding, attention = written_out(encoder, pixels)
    z = head.activation(embedding)[k]
    gradient = torch.autograd.grad(z, (attention, pixels))[0]
    attention, z = attention.detach(), z.detach()
    patches = attention.shape[-1] - 1
    relevance = torch.zeros(patches)
    for head_attention, head_gradient in zip(attention, gradient, strict=True):
        for patch in range(patches):
            product = head_attention[0, patch + 1] * head_gradient[0, patch + 1]
            relevance[patch] += max(float(product), 0.0) / len(attention)
    share = (
        relevance / relevance.sum() if relevance.sum() > 0 else torch.full((patches,), 1 / patches)
    )
    return z * share


@pytest.mark.parametrize(
    ("library", "features"),
    [
        ("clip", ((2, "class"),)),
        ("clip", ((1, "patch_mean"), (2, "class"), (2, "patch_mean"))),
        ("clip", ((0, "class"),)),
        ("timm", ((2, "class"),)),
        ("timm", ((0, "class"), (1, "class"))),
        ("timm", ((0, "patch_mean"), (1, "class"), (2, "class"))),
    ],
)
def test_it_agrees_with_one_backward_pass_for_each_dimension(
    clip_encoder: MakeEncoder,
    timm_encoder: MakeEncoder,
    make_head: MakeHead,
    library: str,
    features: Wanted,
) -> None:
    encoder = (clip_encoder if library == "clip" else timm_encoder)(features)
    head = make_head(encoder.dimension, dimensions=6)
    pixels = torch.randn(3, 3, 32, 32, generator=torch.Generator().manual_seed(0))

    maps = last_block(encoder, head, encoder.encode(pixels)).maps

    active = 0
    for image in range(3):
        for k in range(6):
            expected = slow_map(encoder, head, pixels[image], k)
            active += bool(expected.any())
            difference = (maps[image, k] - expected).abs().max()
            assert difference <= 1e-4 * expected.abs().max()
    assert 0 < active < 18


def test_maps_are_not_negative_and_start_from_nothing(
    clip_encoder: MakeEncoder, make_head: MakeHead
) -> None:
    encoder = clip_encoder(CLASS)
    maps = last_block(
        encoder, make_head(encoder.dimension), encoder.encode(torch.randn(4, 3, 32, 32))
    )

    assert bool((maps.maps >= 0).all())
    assert not maps.baseline.any()


def test_shares_sum_to_one_for_inactive_dimensions_too(
    clip_encoder: MakeEncoder, make_head: MakeHead
) -> None:
    encoder = clip_encoder(CLASS)
    head = make_head(encoder.dimension)
    state = encoder.encode(torch.randn(4, 3, 32, 32))

    share = class_relevance(encoder, head, state)

    assert not head.activation(state.embedding).all()
    torch.testing.assert_close(share.sum(dim=-1), torch.ones(4, 5))


def test_the_class_token_looks_where_it_attends(
    clip_encoder: MakeEncoder, make_head: MakeHead
) -> None:
    encoder = clip_encoder(CLASS)
    state = encoder.encode(torch.randn(4, 3, 32, 32))
    share = class_relevance(encoder, make_head(encoder.dimension), state)

    assert float(share.max()) > 2 / share.shape[-1]
