"""Ordinary sets of real and fake images, in which nobody knows where the evidence lies."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from benchmarks.command import OnStandardError, cache_dir
from benchmarks.encoded import Picture
from workbench.config import Settings
from workbench.services.demo import build_demo_set
from workbench.services.sources.entries import Candidate
from workbench.services.sources.open import open_source
from workbench.services.sources.options import SourceOptions

QUICK_IMAGES = 120


def demo_folders() -> list[Path]:
    """The demo set's faces and scenes."""
    made = build_demo_set(
        cache_dir() / "benchmark-sets",
        downloads=cache_dir() / "downloads",
        progress=OnStandardError(),
    )
    return [each.manifest.parent for each in made if each.name != "demo-planted"]


def pictures(folder: Path, *, quick: bool) -> list[Picture]:
    """What a folder with `real/` and `fake/` or a manifest holds; `quick` takes some of it."""
    manifest = folder / "manifest.csv"
    source = open_source(
        folder,
        Settings().image_root,
        SourceOptions(manifest=manifest if manifest.is_file() else None),
    )
    found = [
        Picture(each.path, each.label == "fake", each.group or str(each.path), each.generator or "")
        for each in source
        if isinstance(each, Candidate)
    ]
    if not quick:
        return found
    order = np.random.default_rng(0).permutation(len(found))[:QUICK_IMAGES]
    return [found[index] for index in sorted(order)]
