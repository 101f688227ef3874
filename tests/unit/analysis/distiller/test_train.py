"""The distiller learns what separates, says it in dimensions that keep their meaning."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from workbench.analysis.cross_fitting.folds import divide
from workbench.analysis.cross_fitting.training_set import TrainingSet
from workbench.analysis.distiller.dimensions import match_dimensions, order_of_pairs, reorder
from workbench.analysis.distiller.head import DistilledHead
from workbench.analysis.distiller.regression import _directions
from workbench.analysis.distiller.train import PENALTIES, Trained, train
from workbench.analysis.metrics import auc

DIMENSIONS = 4


def even_families(features: int, count: int) -> list[np.ndarray]:
    return np.array_split(np.arange(features), count)


def toy_set(count: int = 120, *, seed: int = 0, shift: float = 2.0) -> TrainingSet:
    """Two labels apart along two of six features; three images a group."""
    random = torch.Generator().manual_seed(seed)
    fake = (torch.arange(count) % 2).float()
    embedding = torch.randn(count, 6, generator=random)
    embedding[:, 0] += shift * fake
    embedding[:, 3] -= shift * fake
    group = np.arange(count) // 3
    return TrainingSet(
        embedding=embedding * torch.tensor([1.0, 5.0, 0.1, 2.0, 1.0, 1.0]) + 3.0,
        fake=fake,
        weight=torch.ones(count),
        group=group,
        fold=divide(fake.numpy() > 0, group).by_image,
    )


def in_folds(data: TrainingSet, seed: int) -> TrainingSet:
    return replace(data, fold=divide(data.labels, data.group, seed=seed).by_image)


def trained(data: TrainingSet, **options: object) -> Trained:
    families = even_families(data.embedding.shape[1], DIMENSIONS // 2)
    return train(data, families, **{"dimensions": DIMENSIONS} | options)


def auc_of(head: DistilledHead, data: TrainingSet) -> float:
    found = auc(data.fake.numpy() > 0, head.logit(data.embedding).numpy())
    assert found is not None
    return found


def arrays_of(head: DistilledHead) -> list[Tensor]:
    return [
        head.mean,
        head.scale,
        head.weight,
        head.bias,
        head.logit_weight,
        torch.tensor(head.logit_bias),
    ]


# Training


def test_what_can_be_told_apart_is_told_apart_on_images_not_seen() -> None:
    found = trained(toy_set())

    assert auc_of(found.head, toy_set(seed=1)) > 0.95


def test_logits_are_positive_toward_fake() -> None:
    data = toy_set()
    logit = trained(data).head.logit(data.embedding)

    assert logit[data.fake > 0].mean() > 0 > logit[data.fake == 0].mean()


def test_what_cannot_be_told_apart_is_not() -> None:
    data = toy_set(shift=0.0)

    assert auc_of(trained(data).head, toy_set(seed=1, shift=0.0)) < 0.7


def test_the_same_images_and_folds_give_the_same_weights_to_the_last_bit() -> None:
    first, second = (trained(toy_set()) for _ in range(2))

    assert all(map(torch.equal, arrays_of(first.head), arrays_of(second.head)))
    for fold, head in first.heads.folds.items():
        assert all(map(torch.equal, arrays_of(head), arrays_of(second.heads.folds[fold])))
    assert first.penalty == second.penalty


def test_folds_choose_what_validates_not_what_a_dimension_means() -> None:
    data = toy_set()
    first, second = (trained(in_folds(data, seed)).head for seed in (0, 1))

    matched = match_dimensions(first.activation(data.embedding), second.activation(data.embedding))
    assert matched.min() > 0.99


def test_each_dimension_reads_the_columns_of_its_family_alone() -> None:
    weight = trained(toy_set()).head.weight

    for row in weight:
        assert not (row[:3].any() and row[3:].any())


def test_a_pair_of_dimensions_says_fake_and_real_of_the_same_evidence() -> None:
    head = trained(toy_set()).head

    assert torch.equal(head.weight[::2], -head.weight[1::2])
    assert torch.equal(head.bias[::2], head.bias[1::2])
    assert bool((head.logit_weight[::2] > 0).all())
    assert torch.equal(head.logit_weight[::2], -head.logit_weight[1::2])


def test_an_odd_number_of_dimensions_ends_on_a_side_alone() -> None:
    data = toy_set()
    found = train(data, even_families(6, 2), dimensions=3)

    assert found.head.weight.shape == (3, 6)
    assert auc_of(found.head, data) > 0.9


def test_dimensions_and_families_must_fit() -> None:
    with pytest.raises(ValueError, match="two a family"):
        train(toy_set(), even_families(6, 3), dimensions=4)


def test_what_is_called_eighty_per_cent_fake_is_fake_in_so_many_cases() -> None:
    found = trained(toy_set(600, shift=0.7)).head
    unseen = toy_set(2000, seed=1, shift=0.7)

    p = torch.sigmoid(found.logit(unseen.embedding))
    sure = p > 0.7
    assert unseen.fake[sure].mean() == pytest.approx(float(p[sure].mean()), abs=0.06)


def test_stretched_directions_span_what_the_images_span() -> None:
    x = torch.randn(5, 8, generator=torch.Generator().manual_seed(0))
    base = _directions(x)

    assert base.shape == (8, 5)
    inside = torch.linalg.lstsq(base, x.T).solution
    torch.testing.assert_close(base @ inside, x.T, atol=1e-4, rtol=1e-4)


def test_what_is_given_is_not_changed() -> None:
    data = toy_set()
    before = [each.clone() for each in (data.embedding, data.fake, data.weight)]
    parent = trained(data)
    weights = [each.clone() for each in arrays_of(parent.head)]
    trained(data, parent=parent)

    assert all(map(torch.equal, before, (data.embedding, data.fake, data.weight)))
    assert all(map(torch.equal, weights, arrays_of(parent.head)))


def test_the_penalty_is_of_those_that_were_offered() -> None:
    found = trained(toy_set())

    assert found.penalty in PENALTIES
    assert found.head.weight.shape == (DIMENSIONS, 6)


def test_every_step_is_told_and_the_last_one_is_the_end() -> None:
    steps: list[tuple[int, int]] = []
    trained(toy_set(60), advance=lambda done, total: steps.append((done, total)))

    total = len(np.unique(toy_set(60).fold)) + 1
    assert steps == [(done, total) for done in range(total + 1)]


def test_a_feature_that_never_moves_does_no_harm() -> None:
    data = toy_set()
    data.embedding[:, 4] = 7.0

    assert auc_of(trained(data).head, data) > 0.95


def test_images_that_are_all_alike_teach_nothing_and_break_nothing() -> None:
    data = replace(toy_set(), embedding=torch.ones(120, 6))

    logits = trained(data).head.logit(data.embedding)

    assert torch.isfinite(logits).all()
    assert torch.allclose(logits, torch.zeros(120), atol=0.05)


def test_images_of_weight_zero_teach_nothing() -> None:
    data = toy_set()
    lies = replace(data, fake=1 - data.fake, weight=torch.zeros(len(data.fake)))
    both = TrainingSet(
        torch.cat([data.embedding, lies.embedding]),
        torch.cat([data.fake, lies.fake]),
        torch.cat([data.weight, lies.weight]),
        np.concatenate([data.group, data.group]),
        np.concatenate([data.fold, data.fold]),
    )

    assert auc_of(trained(both).head, data) > 0.95


def test_the_heavier_label_wins_where_the_same_image_has_both() -> None:
    data = toy_set()
    for heavy, wanted in ((1.0, True), (0.0, False)):
        weight = torch.where(data.fake == heavy, 1.0, 0.05)
        logit = trained(replace(data, weight=weight)).head.logit(data.embedding)
        assert (logit.mean() > 0) == wanted


@pytest.mark.parametrize("label", [0.0, 1.0])
def test_one_label_alone_is_refused(label: float) -> None:
    data = replace(toy_set(), fake=torch.full((120,), label))

    with pytest.raises(ValueError, match="all 120 training images are"):
        trained(data)


def test_no_images_are_refused() -> None:
    empty = TrainingSet(
        torch.empty(0, 6), torch.empty(0), torch.empty(0), np.empty(0, int), np.empty(0, int)
    )

    with pytest.raises(ValueError, match="both real and fake"):
        trained(empty)


def test_two_images_are_enough_to_train_on() -> None:
    data = toy_set(2)

    assert auc_of(trained(data).head, data) == 1.0


# Retraining


def test_a_retrain_on_the_same_images_keeps_the_meaning_of_each_dimension() -> None:
    data = toy_set()
    parent = trained(data)
    child = trained(data, parent=parent)

    before, after = (each.head.activation(data.embedding) for each in (parent, child))
    for dimension in range(DIMENSIONS):
        pair = torch.stack([before[:, dimension], after[:, dimension]])
        if pair.std(dim=1).min() > 1e-6:
            assert torch.corrcoef(pair)[0, 1] > 0.95
        else:
            torch.testing.assert_close(pair[0], pair[1], atol=1e-3, rtol=0)
    assert child.penalty == parent.penalty


def test_a_retrain_on_changed_labels_follows_them_and_keeps_the_dimensions() -> None:
    data = toy_set()
    parent = trained(data)
    turned = data.fake.clone()
    turned[:12] = 1 - turned[:12]
    child = trained(replace(data, fake=turned), parent=parent)

    matched = match_dimensions(*(each.head.activation(data.embedding) for each in (parent, child)))
    assert matched.mean() > 0.95
    before, after = (each.head.logit(data.embedding) for each in (parent, child))
    toward = (after - before) * (2 * turned - 1)
    assert toward[:12].mean() > 0
    cross_entropy = torch.nn.functional.binary_cross_entropy_with_logits
    assert cross_entropy(after, turned) < cross_entropy(before, turned)


def test_a_retrain_keeps_its_families_whatever_order_they_are_given_in() -> None:
    data = toy_set()
    parent = trained(data)
    turned = train(data, even_families(6, 2)[::-1], dimensions=DIMENSIONS, parent=parent)

    torch.testing.assert_close(turned.head.weight, trained(data, parent=parent).head.weight)


# Order and matching


def test_ordered_pairs_are_the_same_function_with_the_strongest_first() -> None:
    data = toy_set()
    random = torch.Generator().manual_seed(2)
    head = DistilledHead(
        data.embedding.mean(dim=0),
        data.embedding.std(dim=0),
        torch.randn(5, 6, generator=random),
        torch.randn(5, generator=random),
        torch.tensor([0.1, -0.1, 3.0, -3.0, 2.0]),
        0.25,
    )

    ordered = reorder(head, order_of_pairs(head, data.embedding))

    torch.testing.assert_close(ordered.logit(data.embedding), head.logit(data.embedding))
    assert ordered.logit_weight.tolist() == pytest.approx([3.0, -3.0, 0.1, -0.1, 2.0])
    again = reorder(ordered, order_of_pairs(ordered, data.embedding))
    assert torch.equal(again.weight, ordered.weight)


def test_a_trained_distillers_pairs_are_in_order() -> None:
    data = toy_set()
    head = trained(data).head

    strength = (head.activation(data.embedding) * head.logit_weight).abs().mean(dim=0)
    by_pair = strength.reshape(-1, 2).sum(dim=1).tolist()
    assert by_pair == sorted(by_pair, reverse=True)


@given(st.permutations(range(5)), st.integers(0, 2**32))
def test_matching_recovers_a_permutation_whatever_scale_and_offset(
    order: list[int], seed: int
) -> None:
    random = torch.Generator().manual_seed(seed)
    first = torch.rand(60, 5, generator=random)
    second = first[:, order] * (torch.rand(5, generator=random) + 0.5) + 3.0

    np.testing.assert_allclose(match_dimensions(first, second), 1.0, atol=1e-4)


def test_strangers_match_less_than_kin() -> None:
    random = torch.Generator().manual_seed(0)
    first = torch.rand(500, 5, generator=random)
    noisy = first + 0.3 * torch.rand(500, 5, generator=random)
    strange = torch.rand(500, 5, generator=random)

    assert match_dimensions(first, noisy).min() > 0.9
    assert np.abs(match_dimensions(first, strange)).max() < 0.3


def test_a_dimension_that_never_moves_matches_nothing() -> None:
    first = torch.rand(40, 3, generator=torch.Generator().manual_seed(0))
    still = first.clone()
    still[:, 1] = 0.7

    matched = match_dimensions(first, still)

    assert matched[1] == 0
    np.testing.assert_allclose(matched[[0, 2]], 1.0, atol=1e-4)
