"""The paper's distiller learns what separates, in dimensions that all its heads share."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pytest
import torch
from torch import Tensor

from tests.support.toy_sets import noise, toy_set, with_label_turned
from workbench.analysis.cross_fitting.fit import CrossFitted
from workbench.analysis.cross_fitting.training_set import TrainingSet
from workbench.analysis.distiller.head import DistilledHead
from workbench.analysis.distiller.paper_training import PENALTIES, train_as_the_paper
from workbench.analysis.metrics import auc
from workbench.analysis.spelling.projection import Projection

DIMENSIONS = 4


@cache
def first(shift: float = 2.0) -> CrossFitted[DistilledHead]:
    """Of the toy set, from scratch; no test changes it."""
    return trained(toy_set(shift=shift))


def trained(data: TrainingSet, **options: object) -> CrossFitted[DistilledHead]:
    return train_as_the_paper(data, None, **{"dimensions": DIMENSIONS} | options)


def told(head: DistilledHead, data: TrainingSet) -> float:
    found = auc(data.labels, head.logit(data.embedding).numpy())
    assert found is not None
    return found


def shown(found: CrossFitted[DistilledHead], data: TrainingSet) -> np.ndarray:
    """Each image's logit, by the head of its fold."""
    return np.array(
        [
            float(found.of_fold(fold).logit(x))
            for fold, x in zip(data.fold.tolist(), data.embedding, strict=True)
        ]
    )


def arrays_of(head: DistilledHead) -> list[Tensor]:
    bias = torch.tensor(head.logit_bias)
    return [head.mean, head.scale, head.weight, head.bias, head.logit_weight, bias]


def correlations(one: Tensor, other: Tensor) -> list[float]:
    """Of each dimension with that of the same number; 1 where both never move."""
    pairs = zip(one.T, other.T, strict=True)
    return [
        float(torch.corrcoef(torch.stack(pair))[0, 1]) if min(p.std() for p in pair) > 0 else 1.0
        for pair in pairs
    ]


def kept(before: DistilledHead, after: DistilledHead, data: TrainingSet) -> float:
    """The least correlation, before and after, of a dimension that carries a tenth of the logit."""
    one, other = (head.activation(data.embedding) for head in (before, after))
    strength = (one * before.logit_weight).abs().mean(dim=0)
    strong = strength > strength.sum() / 10
    assert int(strong.sum()) >= 2
    return min(correlations(one[:, strong], other[:, strong]))


# From scratch


def test_what_can_be_told_apart_is_told_apart_on_images_not_seen() -> None:
    assert told(first().final, toy_set(seed=1)) > 0.95


def test_what_no_straight_line_tells_apart_is_told_apart_by_its_dimensions() -> None:
    """Fakes lie on both sides of the real ones."""
    data, unseen = (
        replace(each, embedding=each.embedding + 6 * each.fake[:, None] * side[:, None])
        for seed, each in enumerate((toy_set(240, shift=0.0), toy_set(240, seed=1, shift=0.0)))
        for side in (
            torch.randint(2, (240, 1), generator=torch.Generator().manual_seed(seed)) * 2 - 1
        ).T
    )

    assert told(trained(data).final, unseen) > 0.9


def test_dimensions_are_not_negative_and_the_logit_is_their_weighted_sum() -> None:
    data = toy_set()
    for head in (first().final, *first().folds.values()):
        z = head.activation(data.embedding)
        assert bool((z >= 0).all())
        slow = [
            head.logit_bias + sum(float(w * a) for w, a in zip(head.logit_weight, row, strict=True))
            for row in z
        ]
        np.testing.assert_allclose(head.logit(data.embedding).numpy(), slow, rtol=1e-4, atol=1e-4)


def test_weights_have_both_signs_and_dimensions_one_unit_with_the_strongest_first() -> None:
    head = first().final
    z = head.activation(toy_set().embedding)

    assert sorted(head.logit_weight.sign().tolist()) == [-1, -1, 1, 1]
    moving = z.std(dim=0, correction=0)
    for deviation in moving.tolist():
        assert deviation in (0, pytest.approx(1, abs=1e-4))
    strength = (z * head.logit_weight).abs().mean(dim=0).tolist()
    assert strength == sorted(strength, reverse=True)


def test_all_heads_share_standardisation_weights_and_what_a_dimension_is() -> None:
    data = toy_set()

    assert sorted(first().folds) == np.unique(data.fold).tolist()
    assert first().penalty in PENALTIES
    for head in first().folds.values():
        for name in ("mean", "scale", "logit_weight"):
            assert torch.equal(getattr(head, name), getattr(first().final, name))
        assert kept(first().final, head, data) > 0.8


def test_the_same_images_and_seed_give_the_same_weights_to_the_last_bit() -> None:
    again = trained(toy_set())

    assert again.penalty == first().penalty
    for fold in (-1, *again.folds):
        heads = (arrays_of(each.of_fold(fold)) for each in (again, first()))
        assert all(map(torch.equal, *heads))


def test_p_is_calibrated_on_images_not_seen() -> None:
    found = trained(toy_set(600, shift=0.7)).final
    unseen = toy_set(3000, seed=1, shift=0.7)

    p = torch.sigmoid(found.logit(unseen.embedding))
    for low, high in ((0.05, 0.35), (0.35, 0.65), (0.65, 0.95)):
        within = (p > low) & (p < high)
        assert float(unseen.fake[within].mean()) == pytest.approx(float(p[within].mean()), abs=0.08)


def test_behind_a_projection_it_is_training_on_v() -> None:
    data = toy_set()
    rows = torch.linalg.qr(torch.randn(6, 3, generator=torch.Generator().manual_seed(0))).Q.T
    before = Projection(data.embedding.mean(dim=0), data.embedding.std(dim=0), (rows,))

    found = train_as_the_paper(data, before, dimensions=DIMENSIONS)
    expected = trained(replace(data, embedding=before.project(data.embedding)))

    for fold in (-1, *found.folds):
        behind, alone = found.of_fold(fold), expected.of_fold(fold)
        assert behind.projection is before
        v = before.project(data.embedding)
        assert torch.equal(behind.logit(data.embedding), alone.logit(v))


def test_images_that_are_all_alike_teach_nothing_and_break_nothing() -> None:
    data = replace(toy_set(20), embedding=torch.ones(20, 6))

    logits = trained(data).final.logit(data.embedding)

    torch.testing.assert_close(logits, torch.zeros(20), atol=0.05, rtol=0)


def test_a_feature_that_never_moves_moves_no_later_image() -> None:
    data = toy_set()
    data.embedding[:, 4] = 0.7
    later = data.embedding[:1].clone()
    later[:, 4] += 100

    head = trained(data).final

    torch.testing.assert_close(head.logit(later), head.logit(data.embedding[:1]), atol=1e-2, rtol=0)


@pytest.mark.parametrize("label", [0.0, 1.0])
def test_one_label_alone_is_refused(label: float) -> None:
    with pytest.raises(ValueError, match="both real and fake"):
        trained(replace(toy_set(), fake=torch.full((120,), label)))


def test_every_fit_is_told() -> None:
    steps: list[tuple[int, int]] = []
    trained(toy_set(30), advance=lambda done, total: steps.append((done, total)))

    assert steps == [(done, 6) for done in range(7)]


# Cross-fitted


def test_what_is_learned_by_heart_is_not_shown() -> None:
    data = noise()
    found = trained(data)

    assert 0.3 < (auc(data.labels, shown(found, data)) or 0) < 0.7


def test_an_images_own_label_does_not_turn_the_head_that_scores_it() -> None:
    data, unseen = toy_set(shift=0.8), toy_set(seed=1, shift=0.8)
    for image in (0, 77):
        second = trained(with_label_turned(data, image))
        if second.penalty == first(0.8).penalty:
            fold = int(data.fold[image])
            both = (
                each.folds[fold].logit(unseen.embedding)[:, None] for each in (first(0.8), second)
            )
            # But for slope and threshold, two numbers that the other folds calibrate.
            assert correlations(*both) == [pytest.approx(1, abs=1e-4)]


def test_one_label_outside_of_a_fold_leaves_a_head_that_says_nothing() -> None:
    # The only real image is alone in its fold.
    data = replace(
        toy_set(10),
        fake=torch.tensor([0.0] + [1.0] * 9),
        fold=np.array([0, 1, 1, 2, 2, 3, 3, 4, 4, 4]),
    )
    found = trained(data)

    silent = found.folds[0]
    assert not silent.activation(data.embedding).any()
    assert silent.logit(data.embedding).tolist() == [0.0] * 10
    assert torch.equal(silent.logit_weight, found.final.logit_weight)
    assert all(np.isfinite(shown(found, data)))


# Retrained


def test_a_retrain_on_the_same_images_keeps_each_dimension_and_its_unit() -> None:
    data = toy_set(shift=0.8)
    parent = first(0.8)
    child = trained(data, parent=parent)

    assert child.penalty == parent.penalty
    assert torch.equal(child.final.mean, parent.final.mean)
    assert torch.equal(child.final.logit_weight.sign(), parent.final.logit_weight.sign())
    assert kept(parent.final, child.final, data) > 0.9


def test_a_retrain_on_changed_labels_follows_them_and_keeps_the_dimensions() -> None:
    data = toy_set()
    turned = data.fake.clone()
    turned[:12] = 1 - turned[:12]
    child = trained(replace(data, fake=turned), parent=first())

    assert kept(first().final, child.final, data) > 0.8
    before, after = (each.final.logit(data.embedding) for each in (first(), child))
    assert ((after - before) * (2 * turned - 1))[:12].mean() > 0


def test_a_retrain_starts_each_fold_from_the_parents_head_of_the_same_fold() -> None:
    data, unseen = toy_set(shift=0.8), toy_set(seed=1, shift=0.8)
    parent = first(0.8)
    turned = replace(parent.folds[0], weight=-parent.folds[0].weight)
    strange = replace(parent, folds={**parent.folds, 0: turned})

    children = [trained(data, parent=each) for each in (parent, strange)]

    for fold in parent.folds:
        both = (each.folds[fold].logit(unseen.embedding)[:, None] for each in children)
        # But for slope and threshold, two numbers that the other folds calibrate.
        assert (correlations(*both)[0] > 0.9999) == (fold != 0)


def test_a_parent_that_found_nothing_does_not_hold_its_child_at_nothing() -> None:
    data = toy_set()
    nothing = CrossFitted(
        *(
            replace(first().final, weight=torch.zeros(DIMENSIONS, 6), bias=torch.zeros(DIMENSIONS)),
            {},
            first().penalty,
        )
    )

    assert told(trained(data, parent=nothing).final, data) > 0.95
