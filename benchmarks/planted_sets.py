"""The grown planted sets: windows of photographs with edits of many kinds, shapes and sizes.

Two sets alike in everything but the kinds and the photographs, which are dealt between them by
group: one of the kinds to build with, one of the kinds kept aside. Every window stands once
untouched (real) and once edited (fake); kind, shape and size are drawn independently.
"""

from __future__ import annotations

import io
import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from benchmarks.command import OnStandardError, cache_dir
from workbench.analysis.images.planted.kinds import ASIDE_KINDS, BUILD_KINDS
from workbench.analysis.images.planted.plant import plant
from workbench.analysis.images.planted.regions import SHAPES, draw_area, region
from workbench.services.demo.downloads import (
    PHOTOGRAPHS_PIN,
    NpmPin,
    fetch_npm,
    read_matching,
)
from workbench.services.demo.pictures import (
    Row,
    generator_for,
    pixels_of,
    splits,
    write_manifest,
    write_picture,
)
from workbench.services.demo.planted import window_with_detail
from workbench.services.progress import Progress

BUILD = "build_kinds"
ASIDE = "unseen_kinds"
KINDS_OF = {BUILD: BUILD_KINDS, ASIDE: ASIDE_KINDS}
WINDOWS = 12
"""Of each group of photographs."""
SEED = 0

_SOURCES = {
    PHOTOGRAPHS_PIN: "src/demo/photos/*-1500.jpg",
    NpmPin(
        spec="@tabler/preview@1.2.0",
        file="tabler-preview-1.2.0.tgz",
        integrity="sha512-RkIICf4bXA67hJoycZ7SzIPNQZXlNogNf0u78FdgjrqVdthKXoHV7zhl8e9NgNAF0ykfYd0/"
        "A7MEVoL1bBieMQ==",
    ): "dist/static/photos/*.jpg",
}
_LEAST_CHANGE = 3.0
_TRIES = 6
_STAGE = "Planted patterns of many kinds"

Photographs = dict[str, list[bytes]]
"""JPEG files by group: photographs of one scene, by their names, are one group."""


@dataclass(frozen=True)
class PlantedRow(Row):
    """One line of the manifest; shape and area (share of the image) are those drawn."""

    shape: str = ""
    area: str = ""


def build_set(name: str, folder: Path, downloads: Path, progress: Progress) -> Path:
    """Write what is missing of `build_kinds` or `unseen_kinds`; return the manifest's path."""
    sources = [
        _grouped(read_matching(fetch_npm(downloads, pin), pattern))
        for pin, pattern in _SOURCES.items()
    ]
    photographs: Photographs = {}
    for found in sources:
        photographs |= {group: found[group] for group in dealt(found)[name]}
    return plant_set(photographs, KINDS_OF[name], folder, progress)


def dealt(groups: Sequence[str] | Photographs) -> dict[str, list[str]]:
    """Which groups of one source each set has: every other one, in an order that is drawn."""
    order = sorted(groups, key=lambda group: (generator_for(SEED, "deal", group).random(), group))
    return {BUILD: order[::2], ASIDE: order[1::2]}


def plant_set(
    photographs: Photographs, kinds: Sequence[str], folder: Path, progress: Progress
) -> Path:
    """Write what is missing of a set of these kinds, and its manifest; return its path."""
    split = splits(photographs, SEED)
    rows: list[Row] = []
    for done, group in enumerate(sorted(photographs)):
        progress.advance(done, len(photographs), _STAGE)
        pairs = [
            _pair(group, number, kind_of(done * WINDOWS + number, kinds), split[group])
            for number in range(WINDOWS)
        ]
        _write_missing(folder, photographs[group], pairs)
        rows += [row for pair in pairs for row in pair]
    write_manifest(folder / "manifest.csv", rows)
    return folder / "manifest.csv"


def kind_of(index: int, kinds: Sequence[str]) -> str:
    """The kinds are dealt in rounds, so that all are equally many, each round in its own order."""
    dealing, place = divmod(index, len(kinds))
    return str(generator_for(SEED, "kinds", str(dealing)).permutation(kinds)[place])


def _grouped(files: dict[str, bytes]) -> Photographs:
    found: Photographs = defaultdict(list)
    for path, content in files.items():
        found[re.sub(r"-\d+$", "", Path(path).stem)].append(content)
    return found


def _pair(group: str, number: int, kind: str, split: str) -> tuple[Row, PlantedRow]:
    file = f"{group}-{number}.png"
    rng = generator_for(SEED, "region", file)
    shape, area = str(rng.choice(SHAPES)), f"{draw_area(rng):.4f}"
    name = f"photograph {group}"
    real = PlantedRow(f"real/{file}", "real", "", name, split)
    mask = f"mask/{file}"
    return real, PlantedRow(f"fake/{file}", "fake", kind, name, split, mask, kind, shape, area)


def _write_missing(
    folder: Path, contents: Sequence[bytes], pairs: list[tuple[Row, PlantedRow]]
) -> None:
    for number, (real, fake) in enumerate(pairs):
        if all((folder / path).is_file() for path in (real.path, fake.path, fake.mask)):
            continue
        with Image.open(io.BytesIO(contents[number % len(contents)])) as opened:
            untouched, edited, mask = _planted(opened.convert("RGB"), fake)
        write_picture(folder / real.path, untouched)
        write_picture(folder / fake.path, Image.fromarray(edited))
        write_picture(folder / fake.mask, Image.fromarray(np.rint(mask * 255).astype(np.uint8)))


def _planted(
    photograph: Image.Image, row: PlantedRow
) -> tuple[Image.Image, np.ndarray, np.ndarray]:
    """A window, its edited copy and the mask: of several windows the first that shows the edit."""
    rng = generator_for(SEED, row.path)
    draw = region(row.shape, float(row.area))
    for _ in range(_TRIES):
        window = window_with_detail(photograph, rng)
        pixels = pixels_of(window)
        edited, mask = plant(pixels, row.kind, rng, draw)
        change = np.abs(edited.astype(float) - pixels)[mask > 0.5].mean()
        if change >= _LEAST_CHANGE:
            break
    return window, edited, mask


if __name__ == "__main__":
    for each in KINDS_OF:
        place = cache_dir() / "benchmark-sets" / f"planted-{each}"
        print(build_set(each, place, cache_dir() / "downloads", OnStandardError()))
