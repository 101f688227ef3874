"""Kinds are learned where fake regions do what real ones do not, and nowhere else."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from workbench.analysis.kinds.learn import FEWEST, learn_kinds
from workbench.analysis.kinds.sample import DRAWN, Sample
from workbench.analysis.kinds.space import COMPONENTS

FEATURES = 40
IMAGES = 240
FAKE = np.arange(IMAGES) % 2 == 0


def natural(random: torch.Generator, *shape: int) -> Tensor:
    """Contrasts as of photographs: a few directions vary much, the others little."""
    loud = torch.ones(FEATURES)
    loud[:8] = 20
    return torch.randn(*shape, FEATURES, generator=random) * loud


def sample(strength: float, *, kinds: int = 3) -> tuple[Sample, np.ndarray]:
    """Fake images' regions toward fake do one of three quiet things; which of them."""
    random = torch.Generator().manual_seed(1)
    kind = np.arange(IMAGES) // 2 % kinds
    toward_fake = natural(random, IMAGES)
    for image in np.flatnonzero(FAKE):
        toward_fake[image, 20 + kind[image]] += strength
    drawn = natural(random, IMAGES, DRAWN)
    return Sample(drawn.half(), toward_fake.half(), natural(random, IMAGES).half()), kind


def test_quiet_kinds_are_found_among_loud_natural_variation() -> None:
    given, kind = sample(6.0)

    kinds = learn_kinds(given, FAKE, (1,))

    direction, apart = kinds.fake.place(given.toward_fake.float())
    fake = np.flatnonzero(FAKE)
    likeness = direction[fake] @ direction[fake].T
    same = torch.from_numpy(kind[fake][:, None] == kind[fake])
    assert likeness[same].mean() > likeness[~same].mean() + 0.5
    assert apart[fake].median() > 0.5
    assert apart[torch.from_numpy(~FAKE)].median() < 0.2


def test_where_nothing_stands_out_there_is_hardly_a_component() -> None:
    given, _ = sample(0.0)

    kinds = learn_kinds(given, FAKE, (1,))

    assert kinds.fake.components.shape[1] <= 1
    assert kinds.real.components.shape[1] <= 1


def test_new_regions_are_placed_like_those_that_it_was_learned_from() -> None:
    given, _ = sample(6.0)
    kinds = learn_kinds(given, FAKE, (1,))
    random = torch.Generator().manual_seed(9)
    first, second = natural(random, 40), natural(random, 40)
    first[:, 20] += 6
    second[:, 21] += 6

    (one, _), (other, _) = kinds.fake.place(first), kinds.fake.place(second)

    assert (one @ one.T).mean() > (one @ other.T).mean() + 0.4


def test_of_few_images_nothing_is_said_to_stand_out() -> None:
    given, _ = sample(6.0)
    few = np.arange(IMAGES) < FEWEST - 1

    kinds = learn_kinds(given, few, (1,))

    assert kinds.fake.components.shape == (FEATURES, 0)
    direction, apart = kinds.fake.place(given.toward_fake.float())
    assert direction.shape == (IMAGES, 0)
    assert not apart.any()


def test_images_all_alike_give_finite_components() -> None:
    blank = Sample(
        torch.zeros(IMAGES, DRAWN, FEATURES).half(),
        torch.zeros(IMAGES, FEATURES).half(),
        torch.zeros(IMAGES, FEATURES).half(),
    )

    kinds = learn_kinds(blank, FAKE, (1,))

    assert kinds.fake.components.shape[1] <= COMPONENTS
    direction, apart = kinds.fake.place(torch.randn(5, FEATURES))
    assert torch.isfinite(direction).all()
    assert torch.isfinite(apart).all()
