"""Planted patterns: windows of photographs, each once untouched and once edited in one region.

The two share everything but the edit, so nothing else can tell them apart. Called real and fake,
they are a benchmark with a known answer: where the edit is, and of which kind.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

import numpy as np
from PIL import Image

from workbench.analysis.images.planted.plant import plant
from workbench.services.demo.downloads import PHOTOGRAPHS, read_matching
from workbench.services.demo.pictures import (
    Row,
    generator_for,
    pixels_of,
    random_window,
    splits,
    write_manifest,
    write_picture,
)
from workbench.services.demo.scenes import Scene, scene_splits
from workbench.services.progress import Progress

WINDOWS: Final = 4
"""Windows taken of each photograph."""

DEMO_KINDS: Final = ("blur", "checkerboard", "mode_filter", "colour_cast", "sensor_noise")
"""Few, so that each has members enough in a small collection."""

_PATTERN: Final = "src/demo/photos/*-1500.jpg"
_SIDES: Final = (350, 700)
_DRAWS: Final = 12
_ENOUGH_DETAIL: Final = 4.0
_STAGE: Final = "Planted patterns"


def build_planted(
    folder: Path,
    archives: dict[str, Path],
    progress: Progress,
    seed: int,
    *,
    scenes: Sequence[Scene],
    windows: int = WINDOWS,
) -> Path:
    """Write what is missing of the collection, and its manifest; return the manifest's path.

    `windows` is how many are taken of each photograph.
    """
    photographs = read_matching(archives[PHOTOGRAPHS], _PATTERN)
    split = _splits(photographs, scenes, seed)
    rows: list[Row] = []
    for done, (path, content) in enumerate(photographs.items()):
        progress.advance(done, len(photographs), _STAGE)
        name = Path(path).stem
        pairs = [
            _pair(name, done * windows + number, f"{name}-{number}", split[_group(name)])
            for number in range(windows)
        ]
        _write_missing(folder, content, pairs, seed)
        rows += [row for pair in pairs for row in pair]
    progress.advance(len(photographs), len(photographs), _STAGE)
    write_manifest(folder / "manifest.csv", rows)
    return folder / "manifest.csv"


def _group(name: str) -> str:
    return f"photograph {name}"


def _splits(photographs: Iterable[str], scenes: Sequence[Scene], seed: int) -> dict[str, str]:
    """As the scenes hold them out, so that no photograph is trained on here and tested there."""
    of_scenes = scene_splits(scenes, seed)
    groups = [_group(Path(path).stem) for path in photographs]
    elsewhere = [group for group in groups if group not in of_scenes]
    return of_scenes | splits(elsewhere, seed)


def _pair(photograph: str, index: int, window: str, split: str) -> tuple[Row, Row]:
    """The untouched and the edited window; the kinds take turns, so that all are equally many."""
    kind = DEMO_KINDS[index % len(DEMO_KINDS)]
    file = f"{window}.png"
    real = Row(f"real/{file}", "real", "", _group(photograph), split)
    fake = Row(f"fake/{file}", "fake", kind, _group(photograph), split, f"mask/{file}", kind)
    return real, fake


def _write_missing(folder: Path, content: bytes, pairs: list[tuple[Row, Row]], seed: int) -> None:
    missing = [(real, fake) for real, fake in pairs if not _is_there(folder, real, fake)]
    if not missing:
        return
    with Image.open(io.BytesIO(content)) as opened:
        photograph = opened.convert("RGB")
    for real, fake in missing:
        rng = generator_for(seed, fake.path)
        untouched = window_with_detail(photograph, rng)
        edited, mask = plant(pixels_of(untouched), fake.kind, rng)
        write_picture(folder / real.path, untouched)
        write_picture(folder / fake.path, Image.fromarray(edited))
        write_picture(folder / fake.mask, Image.fromarray(np.rint(mask * 255).astype(np.uint8)))


def _is_there(folder: Path, real: Row, fake: Row) -> bool:
    return all((folder / path).is_file() for path in (real.path, fake.path, fake.mask))


def window_with_detail(photograph: Image.Image, rng: np.random.Generator) -> Image.Image:
    """A random window with something in it: in a plain sky, half of the edits would change nothing.

    Of twelve draws the first that has detail enough, else the one with most. Detail is the mean
    step from a pixel to the next, in grey levels.
    """
    best, most = random_window(photograph, _SIDES, rng), -1.0
    for _ in range(_DRAWS):
        drawn = random_window(photograph, _SIDES, rng)
        grey = np.asarray(drawn.convert("L"), dtype=np.float64)
        detail = float(np.abs(np.diff(grey)).mean())
        if detail > most:
            best, most = drawn, detail
        if detail >= _ENOUGH_DETAIL:
            break
    return best
