"""No head that scores an image has seen it, and all heads speak of the same dimensions."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import Tensor

from tests.support.random_encoders import MakeEncoder
from tests.unit.analysis.distiller.test_train import even_families, toy_set, trained
from workbench.analysis.cross_fitting.folds import NO_FOLD
from workbench.analysis.cross_fitting.heads import CrossFittedHeads
from workbench.analysis.cross_fitting.training_set import TrainingSet
from workbench.analysis.distiller.dimensions import match_dimensions
from workbench.analysis.distiller.head import DistilledHead
from workbench.analysis.distiller.regression import Design, fit
from workbench.analysis.distiller.train import train
from workbench.analysis.encoders.protocol import Penultimate
from workbench.analysis.metrics import auc


def noise(count: int = 100, features: int = 400) -> TrainingSet:
    """Images that say nothing of their labels, and more features than images."""
    data = toy_set(count)
    x = torch.randn(count, features, generator=torch.Generator().manual_seed(5))
    return replace(data, embedding=x)


def with_label_turned(data: TrainingSet, image: int) -> TrainingSet:
    fake = data.fake.clone()
    fake[image] = 1 - fake[image]
    return replace(data, fake=fake)


def weights(head: DistilledHead) -> Tensor:
    return torch.cat([head.weight.flatten(), head.bias])


def test_what_is_learned_by_heart_is_not_shown() -> None:
    data = noise()
    found = train(data, even_families(400, 2), dimensions=4)

    in_sample = auc(data.labels, found.head.logit(data.embedding).numpy())
    shown = auc(data.labels, found.logit.numpy())
    assert in_sample is not None
    assert shown is not None
    # Where nothing is learned at all the final head says nothing, either.
    assert in_sample in (pytest.approx(0.5), pytest.approx(1.0, abs=0.1))
    assert 0.3 < shown < 0.7


def test_cross_fitted_scores_tell_what_images_not_seen_would() -> None:
    data, unseen = toy_set(300, shift=0.6), toy_set(3000, seed=1, shift=0.6)
    found = trained(data)

    shown = auc(data.labels, found.logit.numpy())
    truth = auc(unseen.labels, found.head.logit(unseen.embedding).numpy())
    assert shown == pytest.approx(truth, abs=0.06)


def test_an_images_own_label_turns_no_weight_of_the_head_that_scores_it() -> None:
    data = toy_set(shift=0.8)
    first = trained(data)
    for image in (0, 31, 77):
        second = trained(with_label_turned(data, image))
        if second.penalty == first.penalty:
            fold = int(data.fold[image])
            before, after = (weights(each.heads.folds[fold]) for each in (first, second))
            # But for their scale, a single number that all images of the other folds calibrate.
            torch.testing.assert_close(
                after / after.norm(), before / before.norm(), atol=1e-5, rtol=1e-4
            )
            assert float(after.norm()) == pytest.approx(float(before.norm()), rel=0.1)


def test_a_folds_head_is_the_fit_of_what_lies_outside_of_it() -> None:
    data = toy_set(shift=1.0)
    found = trained(data)
    mean = data.embedding.mean(dim=0)
    scale = data.embedding.std(dim=0, correction=0)
    for fold, head in found.heads.folds.items():
        outside = data.subset(data.fold != fold)
        slow = fit(Design.of(outside, even_families(6, 2), mean, scale), found.penalty)
        for row in slow.weight:
            cosines = torch.nn.functional.cosine_similarity(head.weight, row[None])
            assert cosines.max() == pytest.approx(1, abs=1e-3)


def test_all_heads_share_standardisation_dimension_order_and_the_weights_of_the_logit() -> None:
    data = toy_set()
    found = trained(data).heads

    assert sorted(found.folds) == np.unique(data.fold).tolist()
    for head in found.folds.values():
        for name in ("mean", "scale", "logit_weight"):
            assert torch.equal(getattr(head, name), getattr(found.final, name))
        both = head.activation(data.embedding), found.final.activation(data.embedding)
        assert match_dimensions(*both).min() > 0.9
        np.testing.assert_array_equal(head.weight != 0, found.final.weight != 0)


def state_of(embedding: Tensor) -> Penultimate:
    """A state of embeddings alone, which is all that these heads read."""
    none = [embedding.new_zeros(len(embedding), *[0] * axes) for axes in (3, 2, 4, 4)]
    return Penultimate(embedding, *none)


def test_each_image_is_scored_by_the_head_for_its_fold(timm_encoder: MakeEncoder) -> None:
    data = toy_set(30)
    encoder = timm_encoder(((2, "class"),))
    heads = trained(data).heads
    folds = np.where(np.arange(30) % 3 == 0, NO_FOLD, data.fold)

    logits = heads.logit(encoder, state_of(data.embedding), folds)
    activations = heads.dimensions_of(encoder, state_of(data.embedding), folds)
    for image, fold in enumerate(folds.tolist()):
        head, alone = heads.head_of(fold), data.embedding[image]
        torch.testing.assert_close(logits[image], head.logit(alone))
        torch.testing.assert_close(activations[image], head.activation(alone))
        torch.testing.assert_close(logits[image], head.logit_of(activations[image]))


def test_a_fold_without_a_head_is_not_scored_by_another() -> None:
    heads = CrossFittedHeads(trained(toy_set()).head)

    with pytest.raises(KeyError):
        heads.head_of(2)


def test_one_label_outside_of_a_fold_leaves_a_head_that_says_nothing() -> None:
    # The only real image is alone in its fold.
    data = replace(
        toy_set(10),
        fake=torch.tensor([0.0] + [1.0] * 9),
        fold=np.array([0, 1, 1, 2, 2, 3, 3, 4, 4, 4]),
    )
    found = trained(data)

    assert not weights(found.heads.folds[0]).any()
    assert found.logit[0] == 0
    assert torch.isfinite(found.logit).all()
    assert weights(found.heads.folds[1]).any()


def test_a_retrain_starts_each_fold_from_the_parents_head_of_the_same_fold() -> None:
    data = toy_set(shift=0.8)
    parent = trained(data)
    child = trained(data, parent=parent)
    turned = replace(parent.heads.folds[0], weight=-parent.heads.folds[0].weight)
    strange = replace(
        parent, heads=CrossFittedHeads(parent.head, {**parent.heads.folds, 0: turned})
    )

    after = trained(data, parent=strange)

    for fold, head in child.heads.folds.items():
        alike = torch.nn.functional.cosine_similarity(
            head.weight.flatten(), after.heads.folds[fold].weight.flatten(), dim=0
        )
        assert (float(alike) == pytest.approx(1, abs=1e-3)) == (fold != 0)
    assert auc(data.labels, child.logit.numpy()) == pytest.approx(
        auc(data.labels, parent.logit.numpy()), abs=0.03
    )


def test_a_retrain_without_the_parents_heads_of_folds_does_not_start_them_from_its_final_one() -> (
    None
):
    data = noise()
    families = even_families(400, 2)
    parent = train(data, families, dimensions=4)
    memory = replace(parent, heads=CrossFittedHeads(parent.head))

    child = train(data, families, dimensions=4, parent=memory)

    shown = auc(data.labels, child.logit.numpy())
    assert shown is not None
    assert shown < 0.75


def test_an_empty_fold_has_no_head() -> None:
    data = toy_set(30)
    data = replace(data, fold=np.where(data.fold == 2, 4, data.fold))

    assert sorted(trained(data).heads.folds) == [0, 1, 3, 4]


def test_a_fold_that_is_empty_after_a_retrain_keeps_its_head() -> None:
    data = toy_set(30)
    child = trained(data.subset(data.fold != 2), parent=trained(data))

    assert sorted(child.heads.folds) == [0, 1, 2, 3, 4]
    assert len(child.logit) == int((data.fold != 2).sum())
