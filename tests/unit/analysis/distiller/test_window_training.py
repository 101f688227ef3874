"""Windows that give images away are found, though nobody says where they lie."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pytest
import torch
from torch import Tensor

from tests.support.toy_sets import with_label_turned
from workbench.analysis.cross_fitting.folds import divide
from workbench.analysis.cross_fitting.training_set import TrainingSet
from workbench.analysis.distiller.window_evidence import WindowEvidence
from workbench.analysis.distiller.window_training import (
    FEWEST,
    CrossFittedWindows,
    train_windows,
)
from workbench.analysis.metrics import auc

GRID = (6, 6)
BLOCKS = (1, 3)
CHANNELS = 8
COUNT = 160
SIGN = torch.tensor([0.0, 1.5, 0.0, 0.0, -1.5, 0.0, 0.0, 0.0])
"""What a planted patch has in block 3."""


@cache
def planted(seed: int = 0, strength: float = 1.0) -> tuple[Tensor, TrainingSet, np.ndarray]:
    """Tokens of noise; in each fake, nine patches side by side somewhere have the sign.

    Channel 0 varies much, and says nothing.
    """
    random = np.random.default_rng(seed)
    torch_random = torch.Generator().manual_seed(seed)
    tokens = torch.randn(COUNT, 2, *GRID, CHANNELS, generator=torch_random)
    tokens[..., 0] *= 20
    fake = np.arange(COUNT) % 2 == 1
    places = np.zeros((COUNT, *GRID), dtype=bool)
    for image in np.flatnonzero(fake):
        y, x = random.integers(0, 4, size=2)
        places[image, y : y + 3, x : x + 3] = True
    tokens[:, 1][torch.from_numpy(places)] += strength * SIGN
    group = np.arange(COUNT) // 4
    data = TrainingSet(
        torch.zeros(COUNT, 1),
        torch.from_numpy(fake).float(),
        torch.ones(COUNT),
        group,
        divide(fake, group).by_image,
    )
    return tokens.flatten(2, 3).half(), data, places.reshape(COUNT, -1)


@cache
def first() -> CrossFittedWindows:
    tokens, data, _places = planted()
    found = trained(tokens, data)
    assert found is not None
    return found


def trained(
    tokens: Tensor,
    data: TrainingSet,
    pooled: np.ndarray | None = None,
    parent: CrossFittedWindows | None = None,
) -> CrossFittedWindows | None:
    known = np.zeros(len(tokens)) if pooled is None else pooled
    return train_windows(tokens, GRID, data, known, blocks=BLOCKS, parent=parent)


def scores(windows: WindowEvidence, tokens: Tensor) -> np.ndarray:
    return windows.of_tokens(tokens.float(), GRID).sum(dim=1).numpy()


def alike(one: WindowEvidence, other: WindowEvidence) -> float:
    return float(
        torch.nn.functional.cosine_similarity(one.weight.flatten(), other.weight.flatten(), dim=0)
    )


def test_images_that_were_not_learned_from_are_told_apart() -> None:
    tokens, data, _places = planted(seed=1)

    told = auc(data.labels, scores(first().final, tokens))

    assert told is not None
    assert told > 0.95


def test_the_strongest_patch_lies_where_the_sign_was_planted() -> None:
    tokens, data, places = planted(seed=1)

    strongest = first().final.of_tokens(tokens.float(), GRID).argmax(dim=1).numpy()

    on_place = places[np.arange(COUNT), strongest][data.labels]
    assert on_place.mean() > 0.9


def test_evidence_is_0_in_the_mean_of_images_that_were_not_learned_from() -> None:
    tokens, _data, _places = planted(seed=1)

    found = scores(first().final, tokens)

    assert abs(found.mean()) < 0.3 * found.std()


def test_an_images_own_label_does_not_turn_the_weights_of_its_fold() -> None:
    tokens, data, _places = planted()
    turned = trained(tokens, with_label_turned(data, 7))
    assert turned is not None
    own = int(data.fold[7])

    assert turned.penalty == first().penalty
    assert alike(turned.folds[own], first().folds[own]) > 1 - 1e-6
    for fold in set(turned.folds) - {own}:
        assert alike(turned.folds[fold], first().folds[fold]) < 1 - 1e-6


def test_pooled_evidence_counts_as_much_as_it_tells() -> None:
    tokens, data, _places = planted(strength=0.5)
    random = np.random.default_rng(0)
    good = 4 * data.fake.numpy() - 2 + random.normal(size=COUNT)

    beside_good = trained(tokens, data, good)
    beside_noise = trained(tokens, data, random.normal(size=COUNT))

    assert beside_good is not None
    assert beside_noise is not None
    assert beside_good.final.pooled_factor > 1
    assert beside_noise.final.pooled_factor < 0.3


def test_windows_that_tell_nothing_are_left_out_or_count_little() -> None:
    tokens, data, _places = planted(strength=0.0)
    good = 4 * data.fake.numpy() - 2 + np.random.default_rng(0).normal(size=COUNT)

    found = trained(tokens, data, good)

    if found is not None:
        spread = found.final.factor * scores(found.final, tokens).std()
        assert spread < 0.25 * good.std()


def test_a_retrain_with_some_labels_turned_stays_near_its_parent() -> None:
    tokens, data, _places = planted()
    fake = data.fake.clone()
    fake[::20] = 1 - fake[::20]

    child = trained(tokens, replace(data, fake=fake), parent=first())

    assert child is not None
    assert alike(child.final, first().final) > 0.95
    assert set(child.folds) == set(first().folds)


@pytest.mark.parametrize("images", [2, 2 * FEWEST - 2])
def test_of_few_images_nothing_is_learned(images: int) -> None:
    tokens, data, _places = planted()
    few = np.arange(images)

    assert trained(tokens[: len(few)], data.rows(few)) is None


def test_of_tokens_that_are_all_alike_nothing_is_learned() -> None:
    _tokens, data, _places = planted()

    assert trained(torch.ones(COUNT, 2, 36, CHANNELS).half(), data) is None
