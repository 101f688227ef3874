"""Evidence is learned by one convex regression, of no image by what has seen its label."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cache

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.nn import functional

from tests.support.toy_sets import in_folds, noise, toy_set, with_label_turned
from workbench.analysis.cross_fitting.folds import NO_FOLD
from workbench.analysis.cross_fitting.training_set import TrainingSet
from workbench.analysis.distiller.evidence_training import (
    PENALTIES,
    CrossFittedEvidence,
    train_evidence,
)
from workbench.analysis.distiller.linear_evidence import LinearEvidence
from workbench.analysis.encoders.protocol import Feature
from workbench.analysis.metrics import auc
from workbench.analysis.spelling.projection import Projection

FEATURES = (
    Feature(0, "patch_mean", 0, 2),
    Feature(1, "class", 2, 3),
    Feature(0, "patch_spread", 3, 5),
    Feature(2, "content", 5, 6),
)


@cache
def first(shift: float = 2.0) -> CrossFittedEvidence:
    """Of the toy set, from scratch; no test changes it."""
    return trained(toy_set(shift=shift))


def trained(data: TrainingSet, **options: object) -> CrossFittedEvidence:
    return train_evidence(data, FEATURES, None, **{"smoothing": 0.0} | options)


def score_of(evidence: LinearEvidence, x: Tensor) -> Tensor:
    if evidence.projection is not None:
        x = evidence.projection.project(x)
    return ((x - evidence.mean) / evidence.scale) @ evidence.weight


def shown(found: CrossFittedEvidence, data: TrainingSet) -> Tensor:
    """Each image's score, by what was not learned from it."""
    scores = torch.stack([score_of(each, data.embedding) for each in found.folds.values()])
    row = {fold: order for order, fold in enumerate(found.folds)}
    chosen = torch.tensor([row[fold] for fold in data.fold.tolist()])
    return scores[chosen, torch.arange(len(chosen))]


def auc_shown(found: CrossFittedEvidence, data: TrainingSet) -> float:
    told = auc(data.labels, shown(found, data).numpy())
    assert told is not None
    return told


def with_penalty(
    data: TrainingSet, penalty: float, features: Sequence[Feature] = FEATURES
) -> CrossFittedEvidence:
    """Trained with that penalty, and no other to choose from."""
    mean, scale = data.embedding.mean(dim=0), data.embedding.std(dim=0, correction=0)
    blank = LinearEvidence(mean, scale, torch.zeros_like(mean))
    only = CrossFittedEvidence(blank, {}, penalty)
    return train_evidence(data, features, None, smoothing=0.0, parent=only)


def alike(one: LinearEvidence, other: LinearEvidence) -> float:
    return float(functional.cosine_similarity(one.weight, other.weight, dim=0))


# From scratch


def test_what_can_be_told_apart_is_told_apart_on_images_not_seen() -> None:
    found, unseen = first(), toy_set(seed=1)

    told = auc(unseen.labels, score_of(found.final, unseen.embedding).numpy())
    assert told is not None
    assert told > 0.95


def test_only_columns_that_decompose_over_patches_are_read() -> None:
    found = first()

    for evidence in (found.final, *found.folds.values()):
        assert not evidence.weight[[2, 5]].any()
        assert evidence.weight[[0, 1, 3, 4]].all()


def test_without_a_column_of_evidence_there_is_none() -> None:
    features = (Feature(1, "class", 0, 3), Feature(2, "content", 3, 6))

    found = train_evidence(toy_set(), features, None, smoothing=0.0)

    assert not any(each.weight.any() for each in (found.final, *found.folds.values()))


def test_evidence_is_in_logits_and_calibrated_on_images_not_seen() -> None:
    data, unseen = toy_set(600, shift=0.8), toy_set(6000, seed=1, shift=0.8)

    score = score_of(trained(data).final, unseen.embedding)

    fake = unseen.fake
    middle = (score[fake == 1].mean() + score[fake == 0].mean()) / 2
    p = torch.sigmoid(score - middle)
    for low, high in ((0.05, 0.35), (0.35, 0.65), (0.65, 0.95)):
        within = (p > low) & (p < high)
        assert float(fake[within].mean()) == pytest.approx(float(p[within].mean()), abs=0.06)


def test_what_is_learned_by_heart_is_not_shown() -> None:
    data = noise()
    features = (Feature(0, "patch_mean", 0, 400),)
    found = train_evidence(data, features, None, smoothing=0.0)

    assert 0.3 < auc_shown(found, data) < 0.7


@pytest.mark.parametrize(("count", "columns", "errors"), [(100, 60, 0.25), (60, 40, 0.3)])
def test_the_penalty_is_that_with_the_best_auc_of_images_not_seen(
    count: int, columns: int, errors: float
) -> None:
    """Two columns tell, loudly, the others are noise; labels have errors."""
    data, random = toy_set(count), torch.Generator().manual_seed(1)
    x = torch.randn(count, columns, generator=random)
    x[:, :2] = 4 * (x[:, :2] + 0.9 * data.fake[:, None])
    turned = torch.rand(count, generator=random) < errors
    data = replace(data, embedding=x, fake=torch.where(turned, 1 - data.fake, data.fake))
    features = (Feature(0, "patch_mean", 0, columns),)

    found = train_evidence(data, features, None, smoothing=0.0)

    told = {
        each: auc_shown(with_penalty(data, each, features), data)
        for each in (PENALTIES[0], found.penalty, PENALTIES[-1])
    }
    assert told[found.penalty] == pytest.approx(max(told.values()), abs=0.002)
    assert min(told.values()) < max(told.values()) - 0.01


def test_without_a_signal_the_slope_is_zero_and_nothing_is_evidence() -> None:
    data = toy_set(60)
    # Each image beside its like of the other label.
    x = data.embedding[::2].repeat_interleave(2, dim=0)
    data = replace(data, embedding=x, fold=np.arange(60) // 2 % 5)

    found = trained(data)

    assert not any(each.weight.any() for each in (found.final, *found.folds.values()))


def test_images_that_are_all_alike_have_no_evidence() -> None:
    data = replace(toy_set(20), embedding=torch.ones(20, 6))

    found = trained(data)

    for evidence in (found.final, *found.folds.values()):
        assert not score_of(evidence, data.embedding).any()
        assert torch.isfinite(evidence.weight).all()


@pytest.mark.parametrize("label", [0.0, 1.0])
def test_one_label_alone_is_refused(label: float) -> None:
    with pytest.raises(ValueError, match="both real and fake"):
        trained(replace(toy_set(), fake=torch.full((120,), label)))


def test_images_of_no_weight_teach_nothing() -> None:
    data = toy_set(shift=0.8)
    ignored = np.arange(120) >= 90
    weight = torch.ones(120)
    weight[torch.from_numpy(ignored)] = 0
    turned = replace(data, weight=weight, fake=torch.where(weight > 0, data.fake, 1 - data.fake))

    one, other = with_penalty(replace(data, weight=weight), 0.3), with_penalty(turned, 0.3)

    torch.testing.assert_close(one.final.weight, other.final.weight, atol=1e-4, rtol=1e-3)


def test_smoothing_and_projection_are_kept_with_the_evidence() -> None:
    data = toy_set()
    random = torch.Generator().manual_seed(0)
    blocks = [(1, 2), (1, 1), (1, 2), (1, 1)]
    projection = Projection(
        data.embedding.mean(dim=0),
        data.embedding.std(dim=0),
        tuple(torch.rand(*shape, generator=random) + 0.5 for shape in blocks),
    )

    found = train_evidence(data, FEATURES, projection, smoothing=1.5)

    for evidence in (found.final, *found.folds.values()):
        assert evidence.smoothing == 1.5
        assert evidence.projection is projection
        assert evidence.weight.shape == (4,)
        assert not evidence.weight[[1, 3]].any()
    assert auc_shown(found, data) > 0.7


# Cross-fitted


def test_an_images_own_label_turns_nothing_of_the_evidence_that_scores_it() -> None:
    data = toy_set(shift=0.8)
    first = with_penalty(data, 0.3)
    for image in (0, 31, 77):
        second = with_penalty(with_label_turned(data, image), 0.3)
        fold = int(data.fold[image])
        before, after = first.folds[fold].weight, second.folds[fold].weight
        # But for its scale, a single number that images of the other folds calibrate.
        torch.testing.assert_close(
            after / after.norm(), before / before.norm(), atol=1e-5, rtol=1e-4
        )
        assert float(after.norm()) == pytest.approx(float(before.norm()), rel=0.15)
        assert alike(first.final, second.final) < 0.9999


def test_scores_shown_tell_what_images_not_seen_would() -> None:
    data, unseen = toy_set(300, shift=0.6), toy_set(3000, seed=1, shift=0.6)
    found = trained(data)

    told = auc_shown(found, data)
    truth = auc(unseen.labels, score_of(found.final, unseen.embedding).numpy())
    assert told == pytest.approx(truth, abs=0.06)


def test_all_are_in_the_same_standardisation_and_of_the_same_kind() -> None:
    data = toy_set()
    found = first()

    assert sorted(found.folds) == np.unique(data.fold).tolist()
    for evidence in found.folds.values():
        assert torch.equal(evidence.mean, found.final.mean)
        assert torch.equal(evidence.scale, found.final.scale)
        assert alike(evidence, found.final) > 0.9
        assert float(evidence.weight.norm() / found.final.weight.norm()) == pytest.approx(
            1, abs=0.4
        )


def test_one_label_outside_of_a_fold_leaves_it_without_evidence() -> None:
    # The only real image is alone in its fold.
    data = replace(
        toy_set(10),
        fake=torch.tensor([0.0] + [1.0] * 9),
        fold=np.array([0, 1, 1, 2, 2, 3, 3, 4, 4, 4]),
    )

    found = trained(data)

    assert not found.folds[0].weight.any()
    for evidence in (found.final, *found.folds.values()):
        assert torch.isfinite(evidence.weight).all()


def test_an_image_without_a_fold_is_read_by_the_final_evidence() -> None:
    found = first()

    assert found.of_fold(NO_FOLD) is found.final
    assert found.of_fold(3) is found.folds[3]


def test_the_images_order_and_the_random_state_do_not_matter() -> None:
    data = toy_set(shift=0.8)
    order = torch.randperm(120, generator=torch.Generator().manual_seed(0))
    shuffled = TrainingSet(
        data.embedding[order],
        data.fake[order],
        data.weight[order],
        data.group[order.numpy()],
        data.fold[order.numpy()],
    )

    one, other = trained(data), trained(shuffled)

    assert one.penalty == other.penalty
    assert alike(one.final, other.final) > 0.9999


# Retrained


def test_a_retrain_on_the_same_images_says_the_same_and_keeps_unit_and_penalty() -> None:
    data = toy_set(shift=0.8)
    parent = first(0.8)

    child = trained(data, parent=parent)

    assert torch.equal(child.final.mean, parent.final.mean)
    assert torch.equal(child.final.scale, parent.final.scale)
    assert child.penalty == parent.penalty
    assert alike(child.final, parent.final) > 0.99


def test_a_retrain_is_held_near_its_parent_and_still_learns() -> None:
    other = toy_set(seed=3, shift=0.8)
    # The evidence has moved to a column that the parent knows nothing of.
    moved = other.embedding.clone()
    moved[:, 4] += 2.0 * other.fake
    other = replace(other, embedding=moved)
    parent = first(0.8)

    child, afresh = trained(other, parent=parent), trained(other)

    assert alike(child.final, parent.final) > alike(afresh.final, parent.final)
    assert child.final.weight[4] > parent.final.weight[4]


def test_a_retrain_starts_each_fold_from_the_parents_evidence_of_the_same_fold() -> None:
    data = toy_set(shift=0.8)
    parent = first(0.8)
    turned = replace(parent.folds[0], weight=-parent.folds[0].weight)
    strange = replace(parent, folds={**parent.folds, 0: turned})

    child, after = trained(data, parent=parent), trained(data, parent=strange)

    for fold in child.folds:
        assert (alike(child.folds[fold], after.folds[fold]) > 0.999) == (fold != 0)


def test_folds_that_the_parent_lacks_start_from_nothing_and_not_from_its_final_evidence() -> None:
    data = noise()
    features = (Feature(0, "patch_mean", 0, 400),)
    parent = train_evidence(data, features, None, smoothing=0.0)

    child = train_evidence(data, features, None, smoothing=0.0, parent=replace(parent, folds={}))

    assert auc_shown(child, data) < 0.75


def test_a_fold_that_has_lost_its_images_keeps_its_evidence() -> None:
    data = toy_set(shift=0.8)
    parent = first(0.8)

    child = trained(data.subset(data.fold != 2), parent=parent)

    assert sorted(child.folds) == [0, 1, 2, 3, 4]
    assert alike(child.folds[2], parent.folds[2]) > 0.99


def test_a_parent_that_found_nothing_does_not_hold_its_child_at_nothing() -> None:
    data = toy_set()
    parent = first()
    nothing = CrossFittedEvidence(
        replace(parent.final, weight=torch.zeros(6)),
        {fold: replace(each, weight=torch.zeros(6)) for fold, each in parent.folds.items()},
        parent.penalty,
    )

    child = trained(data, parent=nothing)

    assert alike(child.final, parent.final) > 0.99


# What cannot be learned from


def test_a_feature_that_never_varies_in_training_moves_no_score_later() -> None:
    data = toy_set()
    data.embedding[:, 1] = 37.3
    other = data.embedding.clone()
    other[:, 1] = 38.0

    found = trained(data).final

    assert score_of(found, other).numpy() == pytest.approx(
        score_of(found, data.embedding).numpy(), abs=0.01
    )


@pytest.mark.parametrize(
    ("count", "label", "reason"),
    [
        (0, 0.0, "there is none of either"),
        (1, 1.0, "the only training image is fake"),
        (12, 0.0, "all 12 training images are real"),
    ],
)
def test_it_is_said_which_label_is_missing(count: int, label: float, reason: str) -> None:
    data = toy_set(12).subset(np.arange(12) < count)

    with pytest.raises(ValueError, match=f"both real and fake images; {reason}"):
        trained(replace(data, fake=torch.full((count,), label)))


# While it trains


def test_progress_is_told_and_may_end_the_training() -> None:
    told: list[tuple[int, int]] = []
    trained(in_folds(toy_set(30), seed=0), advance=lambda done, total: told.append((done, total)))

    assert told == [(done, 6) for done in range(7)]

    def stop(done: int, total: int) -> None:
        raise KeyboardInterrupt

    threads = torch.get_num_threads()
    with pytest.raises(KeyboardInterrupt):
        trained(toy_set(30), advance=stop)
    assert torch.get_num_threads() == threads
