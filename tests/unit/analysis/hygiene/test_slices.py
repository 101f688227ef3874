"""A slice on which the model errs more is found; of many that are alike, none."""

from __future__ import annotations

import numpy as np

from workbench.analysis.hygiene.slices import weak_slices

COUNT = 2000
ALONE = np.arange(COUNT)


def test_the_slice_with_more_errors_is_found_with_its_rate() -> None:
    random = np.random.default_rng(0)
    part = np.arange(COUNT) % 10
    wrong = random.random(COUNT) < np.where(part == 3, 0.4, 0.1)

    found = weak_slices({f"part {at}": part == at for at in range(10)}, wrong, ALONE)

    assert [each.name for each in found] == ["part 3"]
    assert found[0].images == 200
    assert found[0].errors == wrong[part == 3].sum()
    assert found[0].rate.low < found[0].errors / 200 < found[0].rate.high
    assert found[0].rest == wrong[part != 3].mean()
    assert found[0].p < 0.001


def test_among_many_slices_that_are_alike_chance_makes_no_finding() -> None:
    random = np.random.default_rng(1)
    wrong = random.random(COUNT) < 0.2
    slices = {str(at): random.random(COUNT) < 0.05 for at in range(100)}

    assert weak_slices(slices, wrong, ALONE) == []


def test_errors_of_one_source_are_not_many_errors() -> None:
    wrong = np.arange(COUNT) < 30
    group = np.where(np.arange(COUNT) < 40, 0, np.arange(COUNT))

    found = weak_slices({"one source": np.arange(COUNT) < 40}, wrong, group)

    assert found == []


def test_a_slice_of_few_images_is_not_looked_at() -> None:
    assert weak_slices({"few": np.arange(COUNT) < 9}, np.arange(COUNT) < 9, ALONE) == []
