"""Relevance along the class token's path is what autograd gives with keys and values detached."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
import torch
from torch import Tensor

from tests.support.random_encoders import MakeEncoder, Wanted
from workbench.analysis.distiller.head import DistilledHead
from workbench.analysis.encoders.protocol import Part
from workbench.analysis.encoders.transformer import TransformerEncoder
from workbench.analysis.relevance.class_token_path import class_token_path, path_shares
from workbench.analysis.spelling.projection import Projection

MakeHead = Callable[..., DistilledHead]
CLASS: Wanted = ((2, "class"),)
KEYS_VALUES: frozenset[Part] = frozenset({"keys_values"})


def pixels(images: int, size: int = 32) -> Tensor:
    return torch.randn(images, 3, size, size, generator=torch.Generator().manual_seed(0))


def written_out(encoder: TransformerEncoder, image: Tensor) -> tuple[Tensor, list[Tensor]]:
    """The embedding of one image, and the attention matrices (head, query, key) of its blocks.

    The whole encoder, all tokens, with every attention matrix in the autograd graph; only keys and
    values are cut out of it.
    """
    tower = encoder.tower
    tokens = tower.embedding(image[None])
    kept: dict[tuple[int, str], Tensor] = {}
    matrices: list[Tensor] = []
    for index, block in enumerate(tower.blocks):
        query, key, value = block.attention.qkv(block.norm1(tokens)[0]).chunk(3, dim=-1)
        key, value = key.detach(), value.detach()
        channels = query.shape[-1] // block.attention.heads
        rows = [
            (query[:, at] @ key[:, at].T / channels**0.5).softmax(dim=-1)
            for at in torch.arange(query.shape[-1]).split(channels)
        ]
        attention = torch.stack(rows)
        matrices.append(attention)
        heads = [attention[h] @ part for h, part in enumerate(value.split(channels, dim=-1))]
        tokens = tokens + block.scale1(block.attention.out(torch.cat(heads, dim=-1))[None])
        tokens = tokens + block.scale2(block.mlp(block.norm2(tokens)))
        kept[index, "class"] = tower.class_feature(index, tokens[:, 0])
        # Constants for this method.
        kept[index, "patch_mean"] = tower.norm(tokens[:, tower.prefix :]).mean(dim=1).detach()
    parts = [kept[feature.block, feature.kind] for feature in encoder.features]
    return torch.cat(parts, dim=1)[0], matrices


def slow_map(encoder: TransformerEncoder, head: DistilledHead, image: Tensor, k: int) -> Tensor:
    """z_k over the patches: its gradient by each attention matrix, added up number by number."""
    image = image.clone().requires_grad_()
    embedding, matrices = written_out(encoder, image)
    z = head.activation(embedding)[k]
    gradients = torch.autograd.grad(z, matrices, allow_unused=True)
    patches = matrices[0].shape[-1] - encoder.prefix
    relevance = torch.zeros(patches)
    for gradient in gradients:
        if gradient is None:  # of a block after the last class feature
            continue
        for of_head in gradient:
            for patch in range(patches):
                relevance[patch] += max(float(of_head[0, patch + encoder.prefix]), 0.0) / len(
                    gradient
                )
    share = (
        relevance / relevance.sum() if relevance.sum() > 0 else torch.full((patches,), 1 / patches)
    )
    return z.detach() * share


@pytest.mark.parametrize(
    ("library", "features", "shape"),
    [
        ("clip", ((2, "class"),), {}),
        ("clip", ((1, "patch_mean"), (2, "class"), (2, "patch_mean")), {}),
        ("clip", ((2, "class"), (0, "class")), {}),
        ("clip", ((2, "class"),), {"image_size": 8, "patch_size": 8}),
        ("timm", ((0, "class"),), {}),
        ("timm", ((0, "class"), (1, "class"), (2, "class")), {}),
        ("timm", ((0, "patch_mean"), (1, "class"), (2, "patch_mean")), {}),
        ("timm", ((0, "class"), (2, "class")), {"image_size": 24, "patch_size": 8}),
        ("timm", ((0, "class"), (1, "patch_mean"), (2, "class")), {"registers": 3}),
    ],
)
def test_it_agrees_with_one_backward_pass_for_each_dimension(
    clip_encoder: MakeEncoder,
    timm_encoder: MakeEncoder,
    make_head: MakeHead,
    library: str,
    features: Wanted,
    shape: dict[str, int],
) -> None:
    encoder = (clip_encoder if library == "clip" else timm_encoder)(features, **shape)
    head = make_head(encoder.dimension, dimensions=6)
    batch = pixels(2, encoder.image_size)

    maps = class_token_path(encoder, head, encoder.encode(batch, KEYS_VALUES)).maps

    active = 0
    for image in range(2):
        for k in range(6):
            expected = slow_map(encoder, head, batch[image], k)
            active += bool(expected.any())
            torch.testing.assert_close(maps[image, k], expected, atol=1e-5, rtol=1e-4)
    assert 0 < active < 12


def test_it_agrees_behind_a_projection_too(timm_encoder: MakeEncoder, make_head: MakeHead) -> None:
    encoder = timm_encoder(((0, "class"), (1, "patch_mean"), (2, "class")))
    generator = torch.Generator().manual_seed(1)
    projection = Projection(
        mean=torch.randn(encoder.dimension, generator=generator),
        scale=torch.rand(encoder.dimension, generator=generator) + 0.5,
        weights=(torch.randn(8, encoder.dimension, generator=generator),),
    )
    head = replace(make_head(8, dimensions=6), projection=projection)
    batch = pixels(2)

    maps = class_token_path(encoder, head, encoder.encode(batch, KEYS_VALUES)).maps

    for image in range(2):
        for k in range(6):
            expected = slow_map(encoder, head, batch[image], k)
            torch.testing.assert_close(maps[image, k], expected, atol=1e-5, rtol=1e-4)


def test_maps_are_not_negative_and_start_from_nothing(
    clip_encoder: MakeEncoder, make_head: MakeHead
) -> None:
    encoder = clip_encoder(CLASS)
    state = encoder.encode(pixels(4), KEYS_VALUES)
    maps = class_token_path(encoder, make_head(encoder.dimension), state)

    assert bool((maps.maps >= 0).all())
    assert not maps.baseline.any()


def test_shares_sum_to_one_for_inactive_dimensions_too(
    clip_encoder: MakeEncoder, make_head: MakeHead
) -> None:
    encoder = clip_encoder(CLASS)
    head = make_head(encoder.dimension)
    state = encoder.encode(pixels(4), KEYS_VALUES)

    share = path_shares(encoder, head, state)

    assert not head.activation(state.embedding).all()
    torch.testing.assert_close(share.sum(dim=-1), torch.ones(4, 5))


def test_blocks_before_the_last_count(clip_encoder: MakeEncoder, make_head: MakeHead) -> None:
    encoder = clip_encoder(CLASS)
    head = make_head(encoder.dimension)
    state = encoder.encode(pixels(1), KEYS_VALUES)
    values = state.values.clone()
    values[:, 0, :, 7] *= 3

    changed = path_shares(encoder, head, replace(state, values=values))

    assert not torch.allclose(changed, path_shares(encoder, head, state), atol=1e-3)
