"""Heads by concepts: one dictionary and one set of weights, and of each fold what fits it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from workbench.analysis.concepts.dictionary import ConceptDictionary
from workbench.analysis.cross_fitting.heads import CrossFittedHeads
from workbench.analysis.distiller.concept_head import ConceptHead
from workbench.analysis.distiller.concept_training import Gathered, concept_heads
from workbench.analysis.distiller.concept_weights import weigh
from workbench.analysis.distiller.evidence_training import CrossFittedEvidence
from workbench.analysis.distiller.linear_evidence import LinearEvidence

COUNT, DIMENSIONS = 150, 4
SIZES = np.array([0.5, 2.0, 0.1, 1.0])


def gathered(seed: int = 0) -> Gathered:
    """Evidence by concept that tells the label, in dimensions of different size."""
    random = np.random.default_rng(seed)
    z = random.normal(size=(COUNT, DIMENSIONS)) * SIZES
    p = 1 / (1 + np.exp(-z @ np.array([2.0, 0.7, 1.0, 1.0])))
    return Gathered(z, random.random(COUNT) < p, np.ones(COUNT), np.arange(COUNT) % 5)


def evidence(silent: tuple[int, ...] = ()) -> CrossFittedEvidence:
    """Of each fold its own, told apart by the first weight."""

    def linear(number: float) -> LinearEvidence:
        return LinearEvidence(torch.zeros(3), torch.ones(3), torch.tensor([number, 0.0, 0.0]), 0.0)

    folds = {fold: linear(0.0 if fold in silent else fold + 1) for fold in range(5)}
    return CrossFittedEvidence(linear(9.0), folds, 0.1)


def dictionary() -> ConceptDictionary:
    return ConceptDictionary(torch.zeros(DIMENSIONS), torch.eye(DIMENSIONS), 0.1)


def heads(data: Gathered, **options: object) -> CrossFittedHeads[ConceptHead]:
    return concept_heads(evidence(), dictionary(), data, **options)


def order_of(found: CrossFittedHeads[ConceptHead]) -> list[int]:
    """Which concept each dimension is, by its direction."""
    return [int(each) for each in found.final.dictionary.centres.argmax(dim=1)]


def test_each_head_has_the_evidence_that_was_not_learned_from_its_fold() -> None:
    found = heads(gathered())

    assert float(found.final.evidence.weight[0]) == 9
    assert {fold: float(head.evidence.weight[0]) for fold, head in found.folds.items()} == {
        fold: fold + 1 for fold in range(5)
    }


def test_a_dimension_is_the_same_concept_with_the_same_weight_in_all_heads() -> None:
    found = heads(gathered())

    assert torch.equal(found.final.gain, torch.ones(DIMENSIONS))
    assert bool((found.final.logit_weight > 0).all())
    for head in found.folds.values():
        assert head.dictionary is found.final.dictionary
        assert torch.equal(head.logit_weight, found.final.logit_weight)


def test_a_folds_logit_is_what_its_own_weights_would_give() -> None:
    data = gathered()
    found = heads(data)
    order = order_of(found)
    z = data.z[:, order]
    for fold, head in found.folds.items():
        others = data.fold != fold
        own = weigh(z[others], data.fake[others], data.weight[others])

        logit = head.logit_of(torch.from_numpy(z).float() * head.gain)

        expected = z @ np.exp(own.log_weight) + own.bias
        np.testing.assert_allclose(logit.numpy(), expected, atol=1e-4)


def test_the_final_weights_are_fitted_on_all_images() -> None:
    data = gathered()
    found = heads(data)
    of_all = weigh(data.z[:, order_of(found)], data.fake, data.weight)

    np.testing.assert_allclose(found.final.logit_weight, np.exp(of_all.log_weight), rtol=1e-5)
    assert found.final.logit_bias == pytest.approx(of_all.bias)


def test_an_images_own_label_turns_nothing_of_the_head_that_scores_it() -> None:
    data = gathered()
    fake = data.fake.copy()
    fake[7] = ~fake[7]
    turned = replace(data, fake=fake)
    fold = int(data.fold[7])

    before, after = (heads(each).folds[fold] for each in (data, turned))

    # The final weights differ; the gain undoes that.
    torch.testing.assert_close(
        after.gain * after.logit_weight, before.gain * before.logit_weight, rtol=1e-4, atol=1e-5
    )
    assert after.logit_bias == pytest.approx(before.logit_bias, abs=1e-5)


def test_the_strongest_dimension_comes_first() -> None:
    data = gathered()
    found = heads(data)

    strength = (np.abs(data.z[:, order_of(found)]) * found.final.logit_weight.numpy()).mean(axis=0)
    assert strength.tolist() == sorted(strength, reverse=True)
    assert order_of(found) != list(range(DIMENSIONS))


def test_a_retrain_keeps_the_order_and_starts_from_the_parents_weights() -> None:
    parent = heads(gathered()).final
    weak = replace(gathered(1), weight=np.full(COUNT, 1e-6))

    child = concept_heads(evidence(), parent.dictionary, weak, parent=parent)

    assert torch.equal(child.final.dictionary.centres, parent.dictionary.centres)
    torch.testing.assert_close(child.final.logit_weight, parent.logit_weight, rtol=1e-3, atol=1e-3)


def test_a_fold_without_evidence_has_a_head_that_says_nothing() -> None:
    found = concept_heads(evidence(silent=(2,)), dictionary(), gathered())

    assert not found.folds[2].evidence.weight.any()
    assert found.folds[2].logit_bias == 0
    assert found.folds[1].evidence.weight.any()


def test_where_nothing_is_evidence_every_logit_is_zero() -> None:
    data = replace(gathered(), z=np.zeros((COUNT, DIMENSIONS)))

    found = heads(data)

    for head in (found.final, *found.folds.values()):
        assert torch.equal(head.logit_weight, torch.ones(DIMENSIONS))
        assert head.logit_bias == 0


def test_images_of_one_fold_alone_leave_its_head_with_the_known_weights() -> None:
    data = gathered()
    one = data.fold == 3
    found = heads(Gathered(data.z[one], data.fake[one], data.weight[one], data.fold[one]))

    head = found.folds[3]
    torch.testing.assert_close(head.gain * head.logit_weight, torch.ones(DIMENSIONS))
    assert head.logit_bias == 0
