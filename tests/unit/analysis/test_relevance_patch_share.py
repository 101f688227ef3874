"""The exact shares are the formula's, patch by patch, and complete where a ReLU cuts."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, tensor

from tests.unit.analysis.conftest import MakeEncoder
from workbench.analysis.distilled_head import DistilledHead
from workbench.analysis.encoder import Encoder, Penultimate
from workbench.analysis.relevance.last_block import class_relevance
from workbench.analysis.relevance.patch_share import patch_share

MakeHead = Callable[..., DistilledHead]
MEANS = ((0, "patch_mean"), (2, "patch_mean"))
BOTH = ((0, "class"), (1, "patch_mean"), (2, "class"))


def slow_shares(encoder: Encoder, head: DistilledHead, state: Penultimate) -> Tensor:
    """The patch means' share of the pre-activation, from the formula, one number at a time."""
    images, _, patches, _ = state.patch_tokens.shape
    dimensions = len(head.bias)
    shares = torch.zeros(images, dimensions, patches, dtype=torch.float64)
    means = [feature for feature in encoder.features if feature.kind == "patch_mean"]
    for image in range(images):
        for k in range(dimensions):
            for patch in range(patches):
                for order, feature in enumerate(means):
                    slope = (head.weight[k] / head.scale)[feature.columns].double()
                    token = state.patch_tokens[image, order, patch].double()
                    above = token - head.mean[feature.columns].double()
                    shares[image, k, patch] += (slope @ above) / patches
    return shares


def always_active(head: DistilledHead) -> DistilledHead:
    """The same distiller, with biases that its ReLU never cuts."""
    return DistilledHead(
        head.mean, head.scale, head.weight, head.bias + 100, head.logit_weight, head.logit_bias
    )


def test_shares_are_the_formulas(timm_encoder: MakeEncoder, make_head: MakeHead) -> None:
    encoder = timm_encoder(MEANS)
    head = always_active(make_head(encoder.dimension))
    state = encoder.encode(torch.randn(2, 3, 32, 32))

    maps = patch_share(encoder, head, state)

    expected = slow_shares(encoder, head, state).float()
    torch.testing.assert_close(maps.maps, expected, atol=1e-5, rtol=1e-4)
    assert bool((expected < 0).any())
    assert bool((expected > 0).any())


def test_the_class_tokens_part_lies_where_the_class_token_looks(
    timm_encoder: MakeEncoder, make_head: MakeHead
) -> None:
    encoder = timm_encoder(BOTH)
    head = always_active(make_head(encoder.dimension))
    state = encoder.encode(torch.randn(2, 3, 32, 32))
    part = sum(
        (state.embedding - head.mean)[:, feature.columns]
        @ (head.weight / head.scale)[:, feature.columns].T
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
    state = encoder.encode(torch.randn(1, 3, 32, 32))
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
    state = encoder.encode(torch.randn(1, 3, 32, 32))
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
    state = encoder.encode(torch.randn(4, 3, 32, 32))
    kept = Penultimate(
        state.embedding, state.patch_tokens.half().float(), state.last_input.half().float()
    )

    maps = patch_share(encoder, head, kept)

    expected = head.activation(state.embedding) - maps.baseline
    torch.testing.assert_close(maps.maps.sum(dim=-1), expected, atol=1e-5, rtol=1e-5)
