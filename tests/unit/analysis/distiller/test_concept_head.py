"""A head by concepts is its formula: signed, additive and complete."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
import torch

from tests.support.random_encoders import MakeEncoder
from workbench.analysis.cross_fitting.folds import NO_FOLD
from workbench.analysis.cross_fitting.heads import CrossFittedHeads
from workbench.analysis.distiller.concept_head import ConceptHead, silent
from workbench.analysis.distiller.window_evidence import WindowEvidence
from workbench.analysis.encoders.protocol import Penultimate
from workbench.analysis.encoders.transformer import TransformerEncoder

MakeHead = Callable[..., ConceptHead]
FEATURES = ((0, "patch_mean"), (1, "patch_spread"), (2, "content"))


@pytest.fixture(scope="module")
def encoder(timm_encoder: MakeEncoder) -> TransformerEncoder:
    return timm_encoder(FEATURES)


@pytest.fixture(scope="module")
def state(encoder: TransformerEncoder) -> Penultimate:
    random = torch.Generator().manual_seed(0)
    return encoder.encode(torch.randn(6, 3, 32, 32, generator=random))


def test_the_logit_is_the_weighted_sum_of_evidence_by_concept(
    encoder: TransformerEncoder, state: Penultimate, make_concept_head: MakeHead
) -> None:
    head = make_concept_head(encoder)
    evidence = head.evidence.of_patches(encoder, state)
    shares = head.concepts(encoder, state)

    z = head.dimensions_of(encoder, state)

    for image in range(6):
        for k in range(5):
            total = sum(
                float(shares[image, k, t] * evidence[image, t]) * float(head.gain[k])
                for t in range(16)
            )
            assert float(z[image, k]) == pytest.approx(total, abs=1e-4)
        logit = head.logit_bias + sum(float(z[image, k] * head.logit_weight[k]) for k in range(5))
        assert float(head.logit_of(z)[image]) == pytest.approx(logit, abs=1e-4)


def test_with_even_weights_the_logit_is_the_score_of_the_embedding(
    encoder: TransformerEncoder, state: Penultimate, make_concept_head: MakeHead
) -> None:
    head = make_concept_head(encoder, smoothing=1.0)
    head = replace(head, gain=torch.ones(5), logit_weight=torch.ones(5))
    linear = head.evidence

    logit = head.logit_of(head.dimensions_of(encoder, state))

    score = ((state.embedding - linear.mean) / linear.scale) @ linear.weight + head.logit_bias
    torch.testing.assert_close(logit, score, atol=1e-5, rtol=1e-4)


def test_evidence_of_windows_is_added_and_keeps_the_logit_exact(
    encoder: TransformerEncoder, state: Penultimate, make_concept_head: MakeHead
) -> None:
    head = replace(make_concept_head(encoder), gain=torch.ones(5), logit_weight=torch.ones(5))
    weight = torch.randn(1, encoder.tower.width, generator=torch.Generator().manual_seed(2))
    windows = WindowEvidence((1,), weight, origin=0.4, factor=1.5, pooled_factor=0.5)

    both = replace(head, windows=windows)

    pooled = head.evidence.of_patches(encoder, state)
    own = windows.of_patches(encoder, state)
    expected = 0.5 * pooled.sum(dim=1) + 1.5 * own.sum(dim=1) + head.logit_bias
    torch.testing.assert_close(
        both.logit_of(both.dimensions_of(encoder, state)), expected, atol=1e-4, rtol=1e-4
    )
    torch.testing.assert_close(
        both.maps(encoder, state).sum(dim=1), 0.5 * pooled + 1.5 * own, atol=1e-4, rtol=1e-4
    )


def test_dimensions_are_on_both_sides(
    encoder: TransformerEncoder, state: Penultimate, make_concept_head: MakeHead
) -> None:
    head = make_concept_head(encoder)
    middle = replace(head, evidence=replace(head.evidence, mean=state.embedding.mean(dim=0)))

    z = middle.dimensions_of(encoder, state)

    assert bool((z > 0).any())
    assert bool((z < 0).any())


def test_it_needs_patch_tokens_and_says_how_many_dimensions_it_has(
    encoder: TransformerEncoder, make_concept_head: MakeHead
) -> None:
    head = make_concept_head(encoder, dimensions=3)

    assert head.parts == {"patch_tokens"}
    assert head.dimensions == 3


def test_a_silent_head_says_nothing_of_any_image(
    encoder: TransformerEncoder, state: Penultimate, make_concept_head: MakeHead
) -> None:
    head = silent(make_concept_head(encoder, smoothing=1.0))

    z = head.dimensions_of(encoder, state)

    assert not z.any()
    assert not head.logit_of(z).any()
    assert head.evidence.smoothing == 1.0


def test_an_encoder_without_content_is_named(
    timm_encoder: MakeEncoder, make_concept_head: MakeHead
) -> None:
    bare = timm_encoder(((0, "patch_mean"),))

    with pytest.raises(ValueError, match="embedding of small has no content"):
        make_concept_head(bare).dimensions_of(bare, bare.encode(torch.zeros(1, 3, 32, 32)))


def test_each_image_is_scored_by_the_head_for_its_fold(
    encoder: TransformerEncoder, state: Penultimate, make_concept_head: MakeHead
) -> None:
    final, *others = (make_concept_head(encoder, seed=seed) for seed in range(3))
    heads = CrossFittedHeads(final, dict(enumerate(others)))
    folds = np.array([1, NO_FOLD, 0, 1, 0, NO_FOLD])

    logits = heads.logit(encoder, state, folds)
    dimensions = heads.dimensions_of(encoder, state, folds)

    for image, fold in enumerate(folds.tolist()):
        head, alone = heads.head_of(fold), state.subset(slice(image, image + 1))
        z = head.dimensions_of(encoder, alone)[0]
        torch.testing.assert_close(dimensions[image], z, atol=1e-5, rtol=1e-4)
        torch.testing.assert_close(logits[image], head.logit_of(z), atol=1e-5, rtol=1e-4)
    assert heads.parts == {"patch_tokens"}
