"""Evidence is a group's contribution before the columns of the embedding are summed up."""

from __future__ import annotations

from collections.abc import Callable

import torch

from tests.support.random_encoders import MakeEncoder
from workbench.analysis.distiller.concept_head import ConceptHead
from workbench.analysis.encoders.protocol import PATCH_KINDS
from workbench.analysis.relevance.evidence import LENGTH, directions, evidence
from workbench.analysis.relevance.methods import attribute

FEATURES = (
    (0, "patch_mean"),
    (2, "patch_spread"),
    (1, "content"),
    (0, "patch_variation"),
    (2, "class"),
    (2, "patch_mean"),
)


def test_over_the_columns_it_sums_to_the_groups_contribution_without_smoothing(
    timm_encoder: MakeEncoder, make_concept_head: Callable[..., ConceptHead]
) -> None:
    encoder = timm_encoder(FEATURES)
    random = torch.Generator().manual_seed(0)
    state = encoder.encode(torch.randn(2, 3, 32, 32, generator=random))
    areas = torch.rand(2, 3, 16, generator=random)
    areas[1, 2] = 0
    areas = areas / areas.sum(dim=1, keepdim=True).clamp_min(1e-9)
    exact, smooth = (make_concept_head(encoder, smoothing=sigma) for sigma in (0.0, 1.0))

    found = evidence(encoder, smooth, state, areas)

    maps = attribute("patch_share", encoder, exact, state).maps
    contribution = torch.einsum("k,ikp,igp->ig", exact.logit_weight, maps, areas)
    torch.testing.assert_close(found.sum(dim=-1), contribution, atol=1e-4, rtol=1e-4)
    assert not found[1, 2].any()
    for feature in encoder.features:
        has_any = bool(found[..., feature.slice].any())
        assert has_any == (feature.kind in PATCH_KINDS)


def test_directions_keep_the_angles_of_evidence_and_forget_its_size() -> None:
    random = torch.Generator().manual_seed(0)
    one, other = torch.randn(2, 3000, generator=random)
    found = directions(torch.stack([one, 5 * one, one + other, -one, torch.zeros(3000)]))

    assert found.shape == (5, LENGTH)
    cosine = found @ found[0]
    torch.testing.assert_close(cosine, torch.tensor([1.0, 1.0, 0.707, -1.0, 0.0]), atol=0.1, rtol=0)
    assert not found[4].any()
