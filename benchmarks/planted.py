"""Planted patterns as a benchmark: pictures, masks, and what was planted where.

Three sets: `build_kinds`, by which anything may be chosen; `unseen_kinds`, of other kinds in other
photographs, by which nothing is (both `benchmarks.planted_sets`); and `five_kinds`, more windows of
the demo set's photographs than it shows, its five kinds in soft ellipses of 18 to 24 %.
"""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from sklearn.model_selection import GroupShuffleSplit

from benchmarks.command import OnStandardError, cache_dir
from benchmarks.encoded import Picture
from benchmarks.planted_sets import ASIDE, BUILD, build_set
from workbench.services.demo.building import Ingredients
from workbench.services.demo.planted import build_planted

FIVE = "five_kinds"
SUFFIXES = {BUILD: "", ASIDE: f"_{ASIDE}", FIVE: f"_{FIVE}"}
"""What a set's figures end in."""
WINDOWS = 12
"""Of each photograph of the five kinds: 1,200 pictures of 50 photographs."""
QUICK_PHOTOGRAPHS = 20
SEED = 0


@dataclass(frozen=True)
class Planted:
    """The pictures, and what is true of each, in the same order."""

    pictures: tuple[Picture, ...]
    held_out: NDArray[np.bool_]
    """By photograph."""
    kinds: NDArray[np.str_]
    """Of the edit; empty where there is none."""
    shapes: NDArray[np.str_]
    """Of the edited region; empty where there is none."""
    sizes: NDArray[np.str_]
    """Of the edited region: small below 8 %, large from 15 %; empty where there is none."""
    masks: tuple[Path | None, ...]

    def mask(self, index: int, height: int, width: int) -> NDArray[np.bool_]:
        """Where more than half of a point (pixel or patch) of that size lies in the edit."""
        path = self.masks[index]
        if path is None:
            return np.zeros((height, width), dtype=bool)
        with Image.open(path) as picture:
            small = picture.convert("L").resize((width, height), Image.Resampling.BOX)
        return np.asarray(small) > 127


def planted(name: str, *, quick: bool) -> Planted:
    """Build what is missing of a set; `quick` takes some of its photographs."""
    folder = cache_dir() / "benchmark-sets"
    downloads = cache_dir() / "downloads"
    progress = OnStandardError()
    if name == FIVE:
        ingredients = Ingredients()
        manifest = build_planted(
            folder / f"planted-{WINDOWS}",
            ingredients.fetch(downloads, progress, None),
            progress,
            SEED,
            scenes=ingredients.scenes,
            windows=WINDOWS,
        )
    else:
        manifest = build_set(name, folder / f"planted-{name}", downloads, progress)
    with manifest.open(newline="") as file:
        rows = list(csv.DictReader(file))
    return _planted(manifest.parent, _some_photographs(rows) if quick else rows)


def _some_photographs(rows: Sequence[dict[str, str]]) -> list[dict[str, str]]:
    kept = sorted({row["group"] for row in rows})[:QUICK_PHOTOGRAPHS]
    return [row for row in rows if row["group"] in kept]


def _planted(folder: Path, rows: Sequence[dict[str, str]]) -> Planted:
    return Planted(
        pictures=tuple(
            Picture(folder / row["path"], row["label"] == "fake", row["group"], row["generator"])
            for row in rows
        ),
        held_out=np.array([row["split"] == "held_out" for row in rows]),
        kinds=np.array([row["kind"] for row in rows]),
        shapes=np.array([row.get("shape", row["mask"] and "soft") for row in rows]),
        sizes=np.array([_size(row.get("area", "")) for row in rows]),
        masks=tuple(folder / row["mask"] if row["mask"] else None for row in rows),
    )


def nowhere_planted(pictures: Sequence[Picture]) -> Planted:
    """Pictures without any edit that is known, a quarter of their groups held out."""
    groups = [picture.group for picture in pictures]
    splitter = GroupShuffleSplit(1, test_size=0.25, random_state=0)
    held_out = np.zeros(len(pictures), dtype=bool)
    held_out[next(splitter.split(groups, groups=groups))[1]] = True
    nothing = np.full(len(pictures), "")
    return Planted(tuple(pictures), held_out, nothing, nothing, nothing, (None,) * len(pictures))


def _size(area: str) -> str:
    if not area:
        return ""
    return "small" if float(area) < 0.08 else "medium" if float(area) < 0.15 else "large"
