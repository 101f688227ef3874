"""Pictures that tests draw themselves: smooth ones as real, ones with a rough patch as fake."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image


def smooth(seed: int, size: int = 96) -> np.ndarray:
    """A soft ramp of two random colours."""
    generator = np.random.default_rng(seed)
    first, second = generator.integers(40, 200, (2, 3))
    ramp = np.linspace(0, 1, size)[:, None, None]
    across = np.linspace(0, 1, size)[None, :, None] * generator.random()
    return np.clip(first + (second - first) * (0.6 * ramp + 0.4 * across), 0, 255).astype(np.uint8)


def with_rough_patch(seed: int, size: int = 96) -> np.ndarray:
    """The same with a checkerboard on a quarter of it."""
    generator = np.random.default_rng(seed + 10_000)
    pixels = smooth(seed, size).astype(int)
    side = size // 2
    top, left = generator.integers(0, size - side, 2)
    board = (np.indices((side, side)).sum(axis=0) // 3 % 2 * 2 - 1)[..., None] * 40
    pixels[top : top + side, left : left + side] += board
    return np.clip(pixels, 0, 255).astype(np.uint8)


def draw_collection(folder: Path, per_label: int, *, mislabelled: int = 0, seed: int = 0) -> Path:
    """Folders real/ and fake/ with PNG files; some rough ones lie among the real."""
    for label in ("real", "fake"):
        (folder / label).mkdir(parents=True, exist_ok=True)
        for number in range(per_label):
            rough = label == "fake" or number < mislabelled
            draw = with_rough_patch if rough else smooth
            pixels = draw(seed + number + (5000 if label == "fake" else 0))
            Image.fromarray(pixels).save(folder / label / f"{label}-{number:03}.png")
    return folder
