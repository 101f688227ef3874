"""Pictures that look like nothing else: smooth coloured noise, each of its own."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image


def photograph(seed: int, side: int = 160) -> Image.Image:
    """A picture with the coarse structure of a photograph, and some fine grain."""
    random = np.random.default_rng(seed)
    coarse = Image.fromarray(random.integers(20, 236, (6, 6, 3), dtype=np.uint8))
    smooth = np.asarray(coarse.resize((side, side), Image.Resampling.BICUBIC), np.float64)
    grain = random.normal(0, 4, (side, side, 1))
    return Image.fromarray(np.clip(smooth + grain, 0, 255).astype(np.uint8))


def encoded(picture: Image.Image, kind: str = "PNG", **options: Any) -> bytes:
    """A picture as a file."""
    content = io.BytesIO()
    picture.save(content, kind, **options)
    return content.getvalue()


def resaved(picture: Image.Image, quality: int) -> Image.Image:
    """The picture after it was a JPEG of this quality."""
    return Image.open(io.BytesIO(encoded(picture, "JPEG", quality=quality))).convert("RGB")


def put(path: Path, content: bytes) -> Path:
    """Write a file, with the folders above it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path
