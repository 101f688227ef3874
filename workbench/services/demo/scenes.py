"""Photographs against AI-made pictures of like subjects, chosen one by one.

Both lists are in `scenes.csv`: what cannot pass for a photograph, shows text, or is an editor's
input is left out of the one; what has no counterpart (starry skies, islands from the air) out of
the other. The packages publish their pictures at most 400 pixels high, as lossy WebP; the
photographs go through the same, at the same qualities, before anything is cropped.
"""

from __future__ import annotations

import csv
import io
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from PIL import Image

from workbench.services.demo.downloads import PHOTOGRAPHS, read_members
from workbench.services.demo.pictures import (
    Row,
    generator_for,
    random_window,
    splits,
    write_manifest,
    write_picture,
)
from workbench.services.progress import Progress

SCENES: Final = Path(__file__).with_name("scenes.csv")
CROPS: Final = 2
"""Windows taken of each picture."""

_PUBLISHED_HEIGHT: Final = 400
_SIDES: Final = (240, 330)
_FOLDERS: Final = {PHOTOGRAPHS: "src/demo/photos/"}
_STAGE: Final = "Scenes"


@dataclass(frozen=True)
class Scene:
    """One picture of the list."""

    label: str
    subject: str
    package: str
    file: str
    frame: int
    """Which picture of an animation; 0 for a still."""
    webp_quality: int
    """0 to 100: of the file where it was published small, else what it is to be given."""
    generator: str
    """Empty for a photograph."""

    @property
    def name(self) -> str:
        return Path(self.file).stem

    @property
    def group(self) -> str:
        return f"photograph {self.name}" if self.label == "real" else f"picture {self.name}"

    @property
    def member(self) -> str:
        return _FOLDERS.get(self.package, "templates/") + self.file


def read_scenes() -> tuple[Scene, ...]:
    """The list, in its own order."""
    with SCENES.open(encoding="utf-8", newline="") as file:
        return tuple(
            Scene(
                label=row["label"],
                subject=row["subject"],
                package=row["package"],
                file=row["file"],
                frame=int(row["frame"]),
                webp_quality=int(row["webp_quality"]),
                generator=row["generator"],
            )
            for row in csv.DictReader(file)
        )


def build_scenes(
    folder: Path,
    archives: dict[str, Path],
    progress: Progress,
    seed: int,
    *,
    scenes: Sequence[Scene],
) -> Path:
    """Write what is missing of the collection, and its manifest; return the manifest's path."""
    split = scene_splits(scenes, seed)
    rows = {scene.group: _rows(scene, split[scene.group]) for scene in scenes}
    missing = [
        scene
        for scene in scenes
        if not all((folder / row.path).is_file() for row in rows[scene.group])
    ]
    done = 0
    for package, members in _by_package(missing).items():
        files = read_members(archives[package], [scene.member for scene in members])
        for scene in members:
            progress.advance(done, len(missing), _STAGE)
            _write_crops(folder, scene, files[scene.member], rows[scene.group], seed)
            done += 1
    progress.advance(done, done, _STAGE)
    write_manifest(folder / "manifest.csv", [row for crops in rows.values() for row in crops])
    return folder / "manifest.csv"


def scene_splits(scenes: Sequence[Scene], seed: int) -> dict[str, str]:
    """The split of each picture's group, drawn within label and subject."""
    strata: dict[tuple[str, str], list[str]] = defaultdict(list)
    for scene in scenes:
        strata[scene.label, scene.subject].append(scene.group)
    return {
        group: side for groups in strata.values() for group, side in splits(groups, seed).items()
    }


def _by_package(scenes: list[Scene]) -> dict[str, list[Scene]]:
    grouped: dict[str, list[Scene]] = defaultdict(list)
    for scene in scenes:
        grouped[scene.package].append(scene)
    return grouped


def _rows(scene: Scene, split: str) -> list[Row]:
    return [
        Row(
            path=f"{scene.label}/{scene.name}-{number}.png",
            label=scene.label,
            generator=scene.generator,
            group=scene.group,
            split=split,
        )
        for number in range(CROPS)
    ]


def _write_crops(folder: Path, scene: Scene, content: bytes, rows: list[Row], seed: int) -> None:
    with Image.open(io.BytesIO(content)) as picture:
        picture.seek(scene.frame)
        published = as_published(picture.convert("RGB"), scene.webp_quality)
    for row in rows:
        rng = generator_for(seed, row.path)
        write_picture(folder / row.path, random_window(published, _SIDES, rng))


def as_published(picture: Image.Image, quality: int) -> Image.Image:
    """A picture as the packages publish theirs; what is small already has been through it."""
    if picture.height <= _PUBLISHED_HEIGHT:
        return picture
    width = round(picture.width * _PUBLISHED_HEIGHT / picture.height)
    small = picture.resize((width, _PUBLISHED_HEIGHT), Image.Resampling.LANCZOS)
    buffer = io.BytesIO()
    small.save(buffer, "WEBP", quality=quality)
    return Image.open(buffer).convert("RGB")
