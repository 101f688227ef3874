"""The paper's relevance is what a whole backward pass for each dimension gives."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch

from tests.support.random_encoders import MakeEncoder, Wanted
from tests.support.slow_relevance import slow_map
from workbench.analysis.distiller.head import DistilledHead
from workbench.analysis.relevance.last_block import class_relevance, last_block

MakeHead = Callable[..., DistilledHead]
CLASS: Wanted = ((2, "class"),)


@pytest.mark.parametrize(
    ("library", "features", "shape"),
    [
        ("clip", ((2, "class"),), {}),
        ("clip", ((1, "patch_mean"), (2, "class"), (2, "patch_mean")), {}),
        ("clip", ((0, "class"),), {}),
        ("timm", ((2, "class"),), {}),
        ("timm", ((0, "class"), (1, "class")), {}),
        ("timm", ((0, "patch_mean"), (1, "class"), (2, "class")), {}),
        ("timm", ((0, "patch_mean"), (2, "class")), {"registers": 3}),
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
