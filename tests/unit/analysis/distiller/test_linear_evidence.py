"""Evidence by patch sums to the score of the embedding, whatever it is made of."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from tests.support.random_encoders import MakeEncoder, Wanted
from workbench.analysis.distiller.concept_head import ConceptHead
from workbench.analysis.distiller.linear_evidence import (
    LinearEvidence,
    evidence_columns,
    smoothed,
)
from workbench.analysis.encoders.protocol import PATCH_KINDS, Feature, Penultimate
from workbench.analysis.encoders.transformer import TransformerEncoder
from workbench.analysis.spelling.projection import Projection

MakeHead = Callable[..., ConceptHead]
MEANS: Wanted = ((0, "patch_mean"), (2, "patch_mean"))
ALL: Wanted = (
    (0, "class"),
    (1, "patch_mean"),
    (2, "content"),
    (2, "patch_spread"),
    (0, "patch_variation"),
    (2, "class"),
)


def state_of(encoder: TransformerEncoder, images: int = 3) -> Penultimate:
    size = encoder.image_size
    random = torch.Generator().manual_seed(0)
    return encoder.encode(torch.randn(images, 3, size, size, generator=random))


def projection_of(encoder: TransformerEncoder, seed: int = 0) -> Projection:
    """Half as many directions of each feature, as the forget-to-spell projection keeps."""
    random = torch.Generator().manual_seed(seed)
    lengths = [feature.stop - feature.start for feature in encoder.features]
    return Projection(
        mean=torch.randn(encoder.dimension, generator=random),
        scale=torch.rand(encoder.dimension, generator=random) + 0.5,
        weights=tuple(torch.randn(each // 2, each, generator=random) for each in lengths),
    )


@settings(max_examples=20)
@given(seed=st.integers(0, 10_000), smoothing=st.sampled_from([0.0, 0.5, 1.0, 3.0]))
def test_over_the_patches_it_sums_to_the_score_over_that_of_the_mean_image(
    timm_encoder: MakeEncoder, make_concept_head: MakeHead, seed: int, smoothing: float
) -> None:
    encoder = timm_encoder(ALL)
    state = state_of(encoder)
    evidence = make_concept_head(encoder, seed=seed, smoothing=smoothing).evidence

    found = evidence.of_patches(encoder, state)

    score = ((state.embedding - evidence.mean) / evidence.scale) @ evidence.weight
    torch.testing.assert_close(found.sum(dim=1), score, atol=1e-4, rtol=1e-4)
    torch.testing.assert_close(
        (evidence.slope(state.embedding) * (state.embedding - evidence.origin)).sum(dim=1),
        score,
        atol=1e-4,
        rtol=1e-4,
    )


@settings(max_examples=20)
@given(seed=st.integers(0, 10_000), smoothing=st.sampled_from([0.0, 1.0]))
def test_behind_a_projection_it_sums_to_the_score_over_that_of_nothing(
    timm_encoder: MakeEncoder, make_concept_head: MakeHead, seed: int, smoothing: float
) -> None:
    encoder = timm_encoder(ALL)
    state = state_of(encoder)
    projection = projection_of(encoder, seed)
    evidence = make_concept_head(
        encoder, seed=seed, smoothing=smoothing, projection=projection
    ).evidence

    found = evidence.of_patches(encoder, state)

    over_nothing = projection.project(state.embedding) @ (evidence.weight / evidence.scale)
    torch.testing.assert_close(found.sum(dim=1), over_nothing, atol=1e-4, rtol=1e-4)
    assert torch.equal(evidence.origin, projection.mean)


def test_behind_a_projection_it_is_the_formula_patch_by_patch(
    timm_encoder: MakeEncoder, make_concept_head: MakeHead
) -> None:
    """W applied to the patch alone, divided by the whole image's length."""
    encoder = timm_encoder(MEANS)
    state = state_of(encoder)
    projection = projection_of(encoder)
    evidence = make_concept_head(encoder, projection=projection).evidence
    weight = torch.block_diag(*projection.weights)

    found = evidence.of_patches(encoder, state)

    for image in range(len(state.embedding)):
        whole = (state.embedding[image] - projection.mean) / projection.scale
        length = (weight @ whole).norm()
        for patch in range(state.patch_tokens.shape[2]):
            token = state.patch_tokens[image, :, patch].flatten()
            part = weight @ ((token - projection.mean) / projection.scale) / length
            expected = evidence.weight @ (part / evidence.scale) / state.patch_tokens.shape[2]
            torch.testing.assert_close(found[image, patch], expected, atol=1e-5, rtol=1e-4)


def test_content_and_class_tokens_carry_none(
    timm_encoder: MakeEncoder, make_concept_head: MakeHead
) -> None:
    encoder = timm_encoder(ALL)
    state = state_of(encoder)
    evidence = make_concept_head(encoder).evidence
    other = state.embedding.clone()
    for feature in encoder.features:
        if feature.kind not in PATCH_KINDS:
            other[:, feature.slice] += 5.0

    found = evidence.of_patches(encoder, replace(state, embedding=other))

    torch.testing.assert_close(found, evidence.of_patches(encoder, state))


def test_the_columns_of_evidence_are_those_of_patch_features(timm_encoder: MakeEncoder) -> None:
    features = (
        Feature(0, "class", 0, 4),
        Feature(1, "patch_mean", 4, 8),
        Feature(2, "content", 8, 12),
        Feature(1, "patch_variation", 12, 14),
    )
    halved = projection_of(timm_encoder(MEANS))

    assert evidence_columns(features, None).tolist() == [4, 5, 6, 7, 12, 13]
    assert evidence_columns(features, halved).tolist() == [2, 3, 6]
    assert evidence_columns([features[0], features[2]], None).tolist() == []


def test_an_image_with_nan_has_nan_for_evidence_and_spoils_no_other(
    timm_encoder: MakeEncoder, make_concept_head: MakeHead
) -> None:
    encoder = timm_encoder(ALL)
    state = state_of(encoder)
    evidence = make_concept_head(encoder, smoothing=1.0).evidence
    expected = evidence.of_patches(encoder, state)
    spoilt = state.embedding.clone()
    spoilt[1] = float("nan")

    found = evidence.of_patches(encoder, replace(state, embedding=spoilt))

    assert bool(found[1].isnan().all())
    assert torch.equal(found[[0, 2]], expected[[0, 2]])


def test_a_scale_of_zero_is_refused() -> None:
    with pytest.raises(ValueError, match="scale must be positive"):
        LinearEvidence(torch.zeros(2), torch.tensor([1.0, 0.0]), torch.zeros(2))


# Smoothing


@given(
    rows=st.integers(1, 5),
    columns=st.integers(1, 5),
    sigma=st.floats(0.3, 5),
    seed=st.integers(0, 99),
)
def test_smoothing_loses_nothing(rows: int, columns: int, sigma: float, seed: int) -> None:
    shares = torch.randn(2, rows * columns, generator=torch.Generator().manual_seed(seed))

    found = smoothed(shares, (rows, columns), sigma)

    torch.testing.assert_close(found.sum(dim=1), shares.sum(dim=1), atol=1e-5, rtol=1e-5)


def on_one_patch(grid: tuple[int, int], patch: int, sigma: float) -> Tensor:
    shares = torch.zeros(1, grid[0] * grid[1])
    shares[0, patch] = 1.0
    return smoothed(shares, grid, sigma).reshape(grid)


def test_what_lies_on_one_patch_is_spread_around_it() -> None:
    found = on_one_patch((5, 7), 17, 1.0)  # the middle

    assert int(found.argmax()) == 17
    torch.testing.assert_close(found, found.flip(0))
    torch.testing.assert_close(found, found.flip(1))
    assert float(found[2, 4] / found[2, 3]) == pytest.approx(0.6065, abs=1e-3)  # exp(-1/2)


def test_a_narrow_gaussian_leaves_evidence_where_it_is() -> None:
    found = on_one_patch((3, 4), 6, 0.05)

    assert float(found[1, 2]) == pytest.approx(1)
