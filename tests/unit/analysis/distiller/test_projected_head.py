"""The paper's head behind a projection: its gradient goes through it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import torch
from torch import Tensor

from tests.support.random_encoders import MakeEncoder
from workbench.analysis.distiller.head import DistilledHead
from workbench.analysis.encoders.protocol import Encoder, Penultimate
from workbench.analysis.relevance.methods import attribute
from workbench.analysis.spelling.projection import Projection

MakeHead = Callable[..., DistilledHead]
PROJECTED = 6
BOTH = ((0, "class"), (1, "patch_mean"), (2, "class"))


def projected_head(make_head: MakeHead, features: int, *, seed: int = 0) -> DistilledHead:
    generator = torch.Generator().manual_seed(seed + 1)
    projection = Projection(
        mean=torch.randn(features, generator=generator),
        scale=torch.rand(features, generator=generator) + 0.5,
        weights=(
            torch.randn(PROJECTED - 2, features - 3, generator=generator),
            torch.randn(2, 3, generator=generator),
        ),
    )
    return replace(make_head(PROJECTED, seed=seed), projection=projection)


def states(encoder: Encoder) -> Penultimate:
    size = encoder.image_size
    generator = torch.Generator().manual_seed(0)
    return encoder.encode(torch.randn(4, 3, size, size, generator=generator))


def slow_pre_activation(head: DistilledHead, x: Tensor) -> Tensor:
    assert head.projection is not None
    standardised = (x - head.projection.mean) / head.projection.scale
    raw = torch.stack(
        [
            sum(w * s for w, s in zip(row, standardised, strict=True))
            for row in torch.block_diag(*head.projection.weights)
        ]
    )
    v = raw / raw.square().sum().sqrt()
    return torch.stack(
        [
            (row * (v - head.mean) / head.scale).sum() + b
            for row, b in zip(head.weight, head.bias, strict=True)
        ]
    )


def test_it_is_the_distiller_of_the_projected_embedding(make_head: MakeHead) -> None:
    head, x = projected_head(make_head, 9), torch.randn(3, 9)

    expected = torch.stack([slow_pre_activation(head, row) for row in x])
    torch.testing.assert_close(head.pre_activation(x), expected, atol=1e-5, rtol=1e-5)


def test_the_gradient_goes_through_the_projection_and_its_length(make_head: MakeHead) -> None:
    head, x = projected_head(make_head, 9), torch.randn(3, 9)

    for image in range(3):
        expected = torch.autograd.functional.jacobian(head.pre_activation, x[image])
        torch.testing.assert_close(head.pre_activation_gradient(x)[image], expected)


def test_maps_behind_a_projection_are_complete(
    timm_encoder: MakeEncoder, make_head: MakeHead
) -> None:
    encoder = timm_encoder(BOTH)
    head, state = projected_head(make_head, encoder.dimension), states(encoder)

    maps = attribute("last_block", encoder, head, state)

    expected = head.activation(state.embedding) - maps.baseline
    torch.testing.assert_close(maps.maps.sum(dim=-1), expected, atol=1e-5, rtol=1e-4)
