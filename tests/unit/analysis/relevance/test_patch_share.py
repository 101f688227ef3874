"""The exact shares are the formulas', patch by patch, and complete where a ReLU cuts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
import torch
from torch import Tensor, tensor

from tests.support.random_encoders import MakeEncoder, Wanted
from workbench.analysis.distiller.head import DistilledHead
from workbench.analysis.encoders.protocol import Encoder, Penultimate, patch_blocks
from workbench.analysis.relevance.last_block import class_relevance
from workbench.analysis.relevance.patch_share import patch_share

MakeHead = Callable[..., DistilledHead]
MEANS = ((0, "patch_mean"), (2, "patch_mean"))
TEXTURE = (
    (2, "patch_spread"),
    (0, "patch_mean"),
    (2, "patch_variation"),
    (2, "patch_mean"),
    (1, "patch_spread"),
)
BOTH = ((0, "class"), (1, "patch_mean"), (2, "class"), (1, "patch_spread"))


def pixels(images: int) -> Tensor:
    return torch.randn(images, 3, 32, 32, generator=torch.Generator().manual_seed(0))


def slow_shares(encoder: Encoder, head: DistilledHead, state: Penultimate) -> Tensor:
    """The patch features' share of the pre-activation, from the formulas, one token at a time."""
    images, _, patches, _ = state.patch_tokens.shape
    dimensions = len(head.bias)
    shares = torch.zeros(images, dimensions, patches, dtype=torch.float64)
    blocks = patch_blocks(encoder.features)
    for image in range(images):
        for feature in encoder.features:
            if feature.kind == "class":
                continue
            tokens = state.patch_tokens[image, blocks.index(feature.block)].double()
            for patch in range(patches):
                share = slow_share(feature.kind, tokens, patch, encoder.grid)
                above = share - head.mean[feature.slice].double() / patches
                for k in range(dimensions):
                    slope = (head.weight[k] / head.scale)[feature.slice].double()
                    shares[image, k, patch] += slope @ above
    return shares


def slow_share(kind: str, tokens: Tensor, patch: int, grid: tuple[int, int]) -> Tensor:
    """One patch's share of one feature, channel by channel."""
    patches = len(tokens)
    if kind == "patch_mean":
        return tokens[patch] / patches
    if kind == "patch_spread":
        mean = tokens.mean(dim=0)
        spread = ((tokens - mean) ** 2).mean(dim=0) ** 0.5
        return (tokens[patch] - mean) ** 2 / (patches * spread)
    pairs = [(p, q) for p in range(patches) for q in range(p) if are_neighbours(p, q, grid[1])]
    steps = [(tokens[p] - tokens[q]).abs() for p, q in pairs if patch in (p, q)]
    return sum(steps, torch.zeros_like(tokens[0])) / 2 / len(pairs)


def are_neighbours(first: int, second: int, columns: int) -> bool:
    down = abs(first // columns - second // columns)
    across = abs(first % columns - second % columns)
    return down + across == 1


def always_active(head: DistilledHead) -> DistilledHead:
    """The same distiller, with biases that its ReLU never cuts."""
    return DistilledHead(
        head.mean, head.scale, head.weight, head.bias + 100, head.logit_weight, head.logit_bias
    )


@pytest.mark.parametrize(
    "features", [MEANS, TEXTURE, ((2, "patch_spread"),), ((0, "patch_variation"),)]
)
def test_shares_are_the_formulas(
    timm_encoder: MakeEncoder, make_head: MakeHead, features: Wanted
) -> None:
    encoder = timm_encoder(features)
    head = always_active(make_head(encoder.dimension))
    state = encoder.encode(pixels(2))

    maps = patch_share(encoder, head, state)

    expected = slow_shares(encoder, head, state).float()
    torch.testing.assert_close(maps.maps, expected, atol=1e-5, rtol=1e-4)
    assert bool((expected < 0).any())
    assert bool((expected > 0).any())


def test_a_spread_belongs_to_the_patches_that_lie_apart(timm_encoder: MakeEncoder) -> None:
    encoder = timm_encoder(((2, "patch_spread"),))
    tokens = torch.zeros(1, 1, 16, 48)
    tokens[0, 0, 5, 0] = 4.0
    spread = tokens[:, 0].std(dim=1, correction=0)
    state = replace(encoder.encode(pixels(1)), embedding=spread, patch_tokens=tokens)
    head = DistilledHead(
        torch.zeros(48), torch.ones(48), torch.ones(1, 48), torch.zeros(1), torch.ones(1), 0.0
    )

    maps = patch_share(encoder, head, state).maps[0, 0]

    # (t - m)^2 is 3.75^2 for the one that lies apart, and 0.25^2 for the 15 others.
    assert float(maps[5]) == pytest.approx(float(spread.sum()) * 15 / 16)
    assert float(maps.sum()) == pytest.approx(float(spread.sum()))


def test_where_all_patches_are_alike_a_spread_is_shared_by_nobody(
    timm_encoder: MakeEncoder, make_head: MakeHead
) -> None:
    encoder = timm_encoder(((2, "patch_spread"),))
    head = always_active(make_head(encoder.dimension))
    alike = torch.randn(48).expand(1, 1, 16, 48)
    state = replace(encoder.encode(pixels(1)), embedding=torch.zeros(1, 48), patch_tokens=alike)

    maps = patch_share(encoder, head, state).maps

    assert torch.equal(maps, maps[..., :1].expand_as(maps))
    below_mean_image = head.activation(state.embedding) - head.activation(head.mean)
    torch.testing.assert_close(maps.sum(dim=-1), below_mean_image, atol=1e-4, rtol=1e-5)


def test_the_class_tokens_part_lies_where_the_class_token_looks(
    timm_encoder: MakeEncoder, make_head: MakeHead
) -> None:
    encoder = timm_encoder(BOTH)
    head = always_active(make_head(encoder.dimension))
    state = encoder.encode(pixels(2))
    part = sum(
        (state.embedding - head.mean)[:, feature.slice]
        @ (head.weight / head.scale)[:, feature.slice].T
        for feature in encoder.features
        if feature.kind == "class"
    )

    maps = patch_share(encoder, head, state).maps

    expected = slow_shares(encoder, head, state).float()
    expected = expected + part[..., None] * class_relevance(encoder, head, state)
    torch.testing.assert_close(maps, expected, atol=1e-5, rtol=1e-4)


def test_the_mean_image_has_nothing_over_the_baseline(
    timm_encoder: MakeEncoder, make_head: MakeHead
) -> None:
    encoder = timm_encoder(MEANS)
    state = encoder.encode(pixels(1))
    random = make_head(encoder.dimension)
    head = DistilledHead(
        state.embedding[0],
        random.scale,
        random.weight,
        random.bias,
        random.logit_weight,
        random.logit_bias,
    )

    maps = patch_share(encoder, head, state)

    torch.testing.assert_close(maps.baseline, head.activation(state.embedding)[0])
    torch.testing.assert_close(maps.maps.sum(dim=-1), torch.zeros(1, 5), atol=1e-5, rtol=0)


@pytest.mark.parametrize(
    ("pre", "at_mean", "explained"),
    [
        (2.0, 0.5, 1.5),
        (0.5, 2.0, -1.5),
        (3.0, -1.0, 3.0),
        (-1.0, 3.0, -3.0),
        (-2.0, -0.5, 0.0),
        (0.0, -1.0, 0.0),
        (1.0, 1.0, 0.0),
        (-1.0, -1.0, 0.0),
    ],
)
def test_shares_are_complete_on_both_sides_of_the_relu(
    timm_encoder: MakeEncoder, pre: float, at_mean: float, explained: float
) -> None:
    encoder = timm_encoder(((2, "patch_mean"),))
    state = encoder.encode(pixels(1))
    x = state.embedding[0]
    head = DistilledHead(
        mean=torch.zeros_like(x),
        scale=torch.ones_like(x),
        weight=(x / (x @ x) * (pre - at_mean))[None],
        bias=tensor([at_mean]),
        logit_weight=tensor([1.0]),
        logit_bias=0.0,
    )

    maps = patch_share(encoder, head, state)

    assert float(maps.baseline[0]) == max(at_mean, 0.0)
    assert float(maps.maps.sum()) == pytest.approx(explained, abs=1e-5)


def test_tokens_kept_in_half_precision_lose_nothing_of_the_sum(
    timm_encoder: MakeEncoder, make_head: MakeHead
) -> None:
    encoder = timm_encoder(BOTH)
    head = make_head(encoder.dimension)
    state = encoder.encode(pixels(4))
    kept = replace(
        state,
        patch_tokens=state.patch_tokens.half().float(),
        last_input=state.last_input.half().float(),
    )

    maps = patch_share(encoder, head, kept)

    expected = head.activation(state.embedding) - maps.baseline
    torch.testing.assert_close(maps.maps.sum(dim=-1), expected, atol=1e-5, rtol=1e-5)
