"""The sanity benchmark, on a small encoder with random weights."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from benchmarks import sanity
from benchmarks.explained import Explained
from tests.support.concept_heads import random_concept_head
from tests.support.fake_encoder import FakeEncoder
from tests.support.random_encoders import random_timm
from workbench.analysis.encoders.protocol import Encoder
from workbench.analysis.encoders.timm import tower_of
from workbench.analysis.encoders.transformer import Preprocessing, TransformerEncoder

EFFORT = sanity.Effort(distillers=30, encoders=2)


def explained(encoder: Encoder) -> Explained:
    return Explained(encoder, (random_concept_head(encoder, dimensions=6),))


def small_encoder() -> TransformerEncoder:
    return TransformerEncoder(
        tower_of(random_timm()),
        [(1, "patch_mean"), (2, "patch_mean"), (2, "content")],
        Preprocessing(32, torch.nn.Identity(), {}),
        name="small",
        identity={},
    )


def noise(images: int) -> Tensor:
    return torch.randn(images, 3, 32, 32, generator=torch.Generator().manual_seed(1))


def test_maps_that_follow_the_model_are_lost_with_it() -> None:
    found = sanity.measure(explained(small_encoder()), "patch_share", noise(4), EFFORT)

    assert abs(found["sanity dimensions, maps"]) < 0.2
    assert abs(found["sanity logit, maps"]) < 0.2
    assert found["sanity last block, maps"] > 0.3
    assert found["sanity logit, mean size"] > found["sanity dimensions, absolute maps"]
    left = {
        key.removeprefix("sanity ").removesuffix(", maps"): abs(value)
        for key, value in found.items()
        if key.endswith(", maps")
    }
    counted = left.keys() - {*sanity.NOT_COUNTED, "other images"}
    assert found["sanity_rank_correlation"] == max(left[name] for name in counted)
    assert len(counted) == 9


def test_maps_that_do_not_follow_the_model_are_found_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def of_the_image_alone(model: Explained, method: str, states: object) -> Tensor:
        return torch.arange(16.0).expand(4, -1)

    monkeypatch.setattr(Explained, "contributions", of_the_image_alone)

    found = sanity.measure(explained(small_encoder()), "patch_share", noise(4), EFFORT)

    assert found["sanity_rank_correlation"] == pytest.approx(1)


def test_what_all_images_have_alike_is_left_out_of_maps_apart(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    alike, random = 100 * torch.arange(16.0), torch.Generator().manual_seed(0)

    def mostly_alike(model: Explained, method: str, states: object) -> Tensor:
        return alike + torch.randn(200, 16, generator=random)

    monkeypatch.setattr(Explained, "contributions", mostly_alike)

    found = sanity.measure(explained(small_encoder()), "patch_share", noise(2), EFFORT)

    assert found["sanity_rank_correlation"] == pytest.approx(1)
    assert found["sanity_rank_correlation_apart"] < 0.1


def test_an_encoder_without_blocks_says_so() -> None:
    with pytest.raises(TypeError, match="blocks of fake cannot be redrawn"):
        sanity.measure(explained(FakeEncoder()), "patch_share", torch.rand(2, 3, 224, 224), EFFORT)
