"""Thumbnails are made once, without waiting for the disk, and again where one is not whole."""

from __future__ import annotations

import io
import os
from pathlib import Path

import numpy as np
import pytest
from flask import Flask
from PIL import Image as Picture

from workbench.config import Settings
from workbench.services.image.media import thumbnail_of
from workbench.store.image_files import store_normalised
from workbench.store.images import Image


@pytest.fixture
def image(tables: Flask, settings: Settings) -> Image:
    """An image with its normalised file."""
    content = io.BytesIO()
    pixels = np.random.default_rng(3).integers(0, 255, (224, 224, 3), np.uint8)
    Picture.fromarray(pixels).save(content, "JPEG")
    pixel_hash, _written = store_normalised(settings.image_dir, content.getvalue())
    return Image(name="noise.jpg", pixel_hash=pixel_hash)


def kept(image: Image, settings: Settings) -> Path:
    return settings.cache_dir / "thumbnails" / "48" / f"{image.pixel_hash}.jpg"


def test_a_thumbnail_waits_for_no_disk(
    image: Image, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[int] = []
    monkeypatch.setattr(os, "fsync", synced.append)

    made = thumbnail_of(image, 48)

    with Picture.open(io.BytesIO(made)) as picture:
        assert picture.size == (48, 48)
    assert synced == []
    before = kept(image, settings).stat().st_mtime_ns
    assert thumbnail_of(image, 48) == made
    assert kept(image, settings).stat().st_mtime_ns == before


@pytest.mark.parametrize("left", ["nothing", "half", "zeros"])
def test_what_a_power_cut_left_of_one_is_made_again(
    image: Image, settings: Settings, left: str
) -> None:
    made, path = thumbnail_of(image, 48), kept(image, settings)
    content = path.read_bytes()
    path.write_bytes(
        {"nothing": b"", "half": content[: len(content) // 2], "zeros": bytes(len(content))}[left]
    )

    assert thumbnail_of(image, 48) == made
    assert path.read_bytes() == content
