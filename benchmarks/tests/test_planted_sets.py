from __future__ import annotations

import csv
import io
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from benchmarks import planted_sets
from benchmarks.planted_sets import ASIDE, BUILD, dealt, kind_of, plant_set
from workbench.services.progress import Silent

KINDS = ("ghost", "posterising", "tiling")


def photograph(seed: int) -> bytes:
    levels = np.random.default_rng(seed).integers(0, 255, (90, 120, 3)).astype(np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(levels).resize((960, 720)).save(buffer, "JPEG", quality=85)
    return buffer.getvalue()


@pytest.fixture(scope="module")
def manifest(tmp_path_factory: pytest.TempPathFactory) -> Path:
    photographs = {"pier": [photograph(1), photograph(2)], "hill": [photograph(3)]}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(planted_sets, "WINDOWS", 3)
        return plant_set(photographs, KINDS, tmp_path_factory.mktemp("set"), Silent())


def test_every_window_stands_once_untouched_and_once_edited_where_its_mask_says(
    manifest: Path,
) -> None:
    with manifest.open(newline="") as file:
        rows = list(csv.DictReader(file))
    fakes = [row for row in rows if row["label"] == "fake"]
    assert len(rows) == 2 * len(fakes) == 12
    for row in fakes:
        fake, real, mask = (
            np.asarray(Image.open(manifest.parent / path))
            for path in (row["path"], row["path"].replace("fake/", "real/"), row["mask"])
        )
        assert np.array_equal(fake[mask == 0], real[mask == 0])
        assert not np.array_equal(fake, real)
        assert abs(mask.mean() / 255 - float(row["area"])) < 0.1 * float(row["area"]) + 0.01
        assert row["shape"] in ("soft", "hard", "thin", "scattered")


def test_a_photograph_is_on_one_side_of_the_split(manifest: Path) -> None:
    with manifest.open(newline="") as file:
        sides = {(row["group"], row["split"]) for row in csv.DictReader(file)}
    assert len(sides) == 2
    assert {side for _, side in sides} == {"train", "held_out"}


def test_kinds_are_dealt_evenly_and_not_always_in_the_same_order() -> None:
    dealt_kinds = [kind_of(index, KINDS) for index in range(30)]
    assert set(Counter(dealt_kinds).values()) == {10}
    assert len({tuple(dealt_kinds[start : start + 3]) for start in range(0, 30, 3)}) > 2


def test_the_two_sets_share_no_photograph() -> None:
    names = [f"photograph-{number}" for number in range(21)]
    first = dealt(names)
    assert not set(first[BUILD]) & set(first[ASIDE])
    assert set(first[BUILD]) | set(first[ASIDE]) == set(names)
    assert dealt(list(reversed(names))) == first
