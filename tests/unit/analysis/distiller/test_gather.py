"""What dictionary and weights are learned from is each image's, by what has not seen it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
import torch

from tests.support.random_encoders import MakeEncoder
from workbench.analysis.cross_fitting.folds import NO_FOLD
from workbench.analysis.distiller import gather
from workbench.analysis.distiller.concept_head import ConceptHead
from workbench.analysis.distiller.evidence_training import CrossFittedEvidence
from workbench.analysis.distiller.gather import Patches, patches_of
from workbench.analysis.encoders.protocol import Penultimate
from workbench.analysis.encoders.transformer import TransformerEncoder

MakeHead = Callable[..., ConceptHead]
FEATURES = ((0, "patch_mean"), (2, "content"), (1, "patch_spread"))
FOLDS = np.array([1, 0, NO_FOLD, 1, 0, 0])


@pytest.fixture(scope="module")
def encoder(timm_encoder: MakeEncoder) -> TransformerEncoder:
    return timm_encoder(FEATURES)


@pytest.fixture(scope="module")
def state(encoder: TransformerEncoder) -> Penultimate:
    random = torch.Generator().manual_seed(0)
    return encoder.encode(torch.randn(6, 3, 32, 32, generator=random))


@pytest.fixture(scope="module")
def evidence(encoder: TransformerEncoder, make_concept_head: MakeHead) -> CrossFittedEvidence:
    final, *folds = (make_concept_head(encoder, seed=seed).evidence for seed in range(3))
    return CrossFittedEvidence(final, dict(enumerate(folds)), 0.1)


@pytest.fixture(scope="module")
def patches(
    encoder: TransformerEncoder, state: Penultimate, evidence: CrossFittedEvidence
) -> Patches:
    """Of two batches, in an order of their own."""
    rows = torch.tensor([4, 0, 5]), torch.tensor([2, 1, 3])
    batches = [(each.numpy(), FOLDS[each.numpy()], state.subset(each)) for each in rows]
    return patches_of(encoder, evidence, batches)


def test_each_images_evidence_is_by_what_was_not_learned_from_it(
    encoder: TransformerEncoder,
    state: Penultimate,
    evidence: CrossFittedEvidence,
    patches: Patches,
) -> None:
    assert patches.rows.tolist() == [4, 0, 5, 2, 1, 3]
    for order, row in enumerate(patches.rows.tolist()):
        own = evidence.of_fold(int(FOLDS[row]))
        expected = own.of_patches(encoder, state.subset(slice(row, row + 1)))[0]
        torch.testing.assert_close(patches.evidence[order], expected, atol=1e-5, rtol=1e-4)


def test_content_is_that_of_the_content_block_in_half_precision(
    state: Penultimate, patches: Patches
) -> None:
    assert patches.content.dtype == torch.float16
    torch.testing.assert_close(
        patches.content.float(), state.patch_tokens[patches.rows, 1], atol=5e-3, rtol=1e-3
    )


def test_sums_by_concept_are_the_dimensions_before_weighing(
    encoder: TransformerEncoder,
    state: Penultimate,
    evidence: CrossFittedEvidence,
    patches: Patches,
    make_concept_head: MakeHead,
) -> None:
    head = replace(make_concept_head(encoder), gain=torch.ones(5))

    z = patches.by_concept(head.dictionary)

    for order, row in enumerate(patches.rows.tolist()):
        own = replace(head, evidence=evidence.of_fold(int(FOLDS[row])))
        expected = own.dimensions_of(encoder, state.subset(slice(row, row + 1)))[0]
        np.testing.assert_allclose(z[order], expected.numpy(), atol=0.02)
    np.testing.assert_allclose(z.sum(axis=1), patches.evidence.sum(dim=1).numpy(), atol=1e-4)


def test_a_dictionary_is_learned_of_the_patches_and_again_from_a_parent(patches: Patches) -> None:
    first = patches.dictionary(3, seed=0)
    again = patches.dictionary(3, seed=0)
    child = patches.dictionary(3, seed=1, parent=first.dictionary)

    assert len(first.dictionary) == 3
    assert torch.equal(first.dictionary.centres, again.dictionary.centres)
    assert torch.equal(child.dictionary.mean, first.dictionary.mean)
    torch.testing.assert_close(
        child.dictionary.centres, first.dictionary.centres, atol=0.05, rtol=0
    )


def test_a_dictionary_is_learned_from_a_bounded_number_of_patches(
    patches: Patches, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gather, "MOST_PATCHES", 1)

    one = patches.dictionary(2, seed=0).dictionary

    # The mean of all that it has seen is a single patch.
    apart = (patches.content.flatten(0, 1).float() - one.mean).norm(dim=1)
    assert float(apart.min()) < 1e-5


def test_without_an_image_there_is_nothing_to_learn_from(
    encoder: TransformerEncoder, evidence: CrossFittedEvidence
) -> None:
    with pytest.raises(ValueError, match="an image at least"):
        patches_of(encoder, evidence, [])


def test_an_encoder_without_content_is_named(
    timm_encoder: MakeEncoder, evidence: CrossFittedEvidence
) -> None:
    with pytest.raises(ValueError, match="embedding of small has no content"):
        patches_of(timm_encoder(((0, "patch_mean"),)), evidence, [])
