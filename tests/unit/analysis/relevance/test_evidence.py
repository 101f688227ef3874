"""Evidence is a group's contribution before the columns of the embedding are summed up."""

from __future__ import annotations

from collections.abc import Callable

import torch

from tests.support.random_encoders import MakeEncoder
from workbench.analysis.distiller.head import DistilledHead
from workbench.analysis.relevance.evidence import LENGTH, directions, evidence
from workbench.analysis.relevance.methods import attribute

FEATURES = ((0, "patch_mean"), (2, "patch_spread"), (0, "patch_variation"), (2, "patch_mean"))


def test_over_the_columns_it_sums_to_the_groups_contribution(
    timm_encoder: MakeEncoder, make_head: Callable[..., DistilledHead]
) -> None:
    encoder = timm_encoder(FEATURES)
    head = make_head(encoder.dimension)
    random = torch.Generator().manual_seed(0)
    state = encoder.encode(torch.randn(2, 3, 32, 32, generator=random))
    areas = torch.rand(2, 3, 16, generator=random)
    areas[1, 2] = 0
    areas = areas / areas.sum(dim=1, keepdim=True)

    found = evidence(encoder, head, state, areas)

    maps = attribute("patch_share", encoder, head, state).maps
    contribution = torch.einsum("k,ikp,igp->ig", head.logit_weight, maps, areas)
    torch.testing.assert_close(found.sum(dim=-1), contribution, atol=1e-4, rtol=1e-4)
    assert not found[1, 2].any()


def test_directions_keep_the_angles_of_evidence_and_forget_its_size() -> None:
    random = torch.Generator().manual_seed(0)
    one, other = torch.randn(2, 3000, generator=random)
    found = directions(torch.stack([one, 5 * one, one + other, -one, torch.zeros(3000)]))

    assert found.shape == (5, LENGTH)
    cosine = found @ found[0]
    torch.testing.assert_close(cosine, torch.tensor([1.0, 1.0, 0.707, -1.0, 0.0]), atol=0.1, rtol=0)
    assert not found[4].any()
