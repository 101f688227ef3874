"""A data directory as the command line makes it: pictures imported and analysed, an account."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import numpy as np
from PIL import Image

from tests.support.pictures import draw_collection
from tests.support.server import MANAGE, ROOT, environment, manage

COLLECTION = "drawn"
NAME = "ada"
PASSWORD = "correct horse battery"
PER_LABEL = 18
IMAGES = 2 * PER_LABEL
HELD_OUT_MISLABELLED = ("real-000.png",)
TRAINING_MISLABELLED = ("real-001.png", "real-002.png")
MISLABELLED = (*HELD_OUT_MISLABELLED, *TRAINING_MISLABELLED)
"""Rough pictures among the real ones: fakes whose labels were flipped before the import.

The model learns from the others what rough and smooth mean, and no image is scored by a head that
was trained on it: all of these are called fake, those that are trained on too.
"""

WIDE = "fake-005.png"
"""An original twice as wide as high, with the drawn picture in its middle, and too large to be
shown whole at full resolution."""
WIDE_SIZE = (2304, 1152)

BATCH = "4"
"""A retrain goes through the images in the batches of their encoding: it has a middle."""

DATABASE = "workbench.sqlite"


def prepare(folder: Path) -> Path:
    """Draw pictures, import and analyse them, add an account; takes as long as an analysis."""
    pictures = draw_collection(folder / "pictures", PER_LABEL, mislabelled=len(MISLABELLED))
    _widen(pictures / "fake" / WIDE)
    manifest = _manifest(pictures)
    data_dir = folder / "data"
    for arguments in (
        ("import", str(pictures), "--manifest", str(manifest), "--collection", COLLECTION),
        ("analyze", "--collection", COLLECTION),
    ):
        done = manage(*arguments, data_dir=data_dir, batch_size=BATCH)
        assert done.returncode == 0, done.stderr
    subprocess.run(
        [*MANAGE, "user", "add", NAME, "--role", "developer", "--password-stdin"],
        input=f"{PASSWORD}\n",
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
        env=environment(data_dir),
    )
    return data_dir


def _widen(path: Path) -> None:
    """Put a picture, enlarged, into the middle of one that goes on as its edges do."""
    width, height = WIDE_SIZE
    pixels = np.asarray(Image.open(path).resize((height, height), Image.Resampling.BICUBIC))
    aside = (width - height) // 2
    Image.fromarray(np.pad(pixels, ((0, 0), (aside, aside), (0, 0)), "edge")).save(path)


def _manifest(pictures: Path) -> Path:
    """List the pictures; who is held out is said of the mislabelled ones alone."""
    splits = dict.fromkeys(HELD_OUT_MISLABELLED, "test") | dict.fromkeys(
        TRAINING_MISLABELLED, "train"
    )
    lines = ["path,label,split"]
    for label in ("real", "fake"):
        lines += [
            f"{label}/{path.name},{label},{splits.get(path.name, '')}"
            for path in sorted((pictures / label).iterdir())
        ]
    manifest = pictures / "manifest.csv"
    manifest.write_text("\n".join(lines))
    return manifest


def copy_of(prepared: Path, copy: Path) -> Path:
    """Copy a data directory that no process has open; its files are written once, so linked."""
    shutil.copytree(prepared, copy, copy_function=_copy_or_link)
    return copy


def _copy_or_link(source: str, target: str) -> None:
    if Path(source).name == DATABASE:
        shutil.copyfile(source, target)
    else:
        os.link(source, target)
