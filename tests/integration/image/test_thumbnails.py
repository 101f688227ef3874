"""Thumbnails are made once, without waiting for the disk, and again where one is not whole."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from flask import Flask
from PIL import Image as Picture

from workbench.services.image.media import thumbnail_of


@pytest.fixture
def source(tables: Flask, tmp_path: Path) -> Path:
    """A normalised image."""
    path = tmp_path / "source.jpg"
    pixels = np.random.default_rng(3).integers(0, 255, (224, 224, 3), np.uint8)
    Picture.fromarray(pixels).save(path)
    return path


def test_a_thumbnail_waits_for_no_disk(source: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[int] = []
    monkeypatch.setattr(os, "fsync", synced.append)

    made = thumbnail_of(source, 48)

    with Picture.open(made) as picture:
        assert picture.size == (48, 48)
    assert synced == []
    before = made.stat().st_mtime_ns
    assert thumbnail_of(source, 48).stat().st_mtime_ns == before


@pytest.mark.parametrize("left", ["nothing", "half", "zeros"])
def test_what_a_power_cut_left_of_one_is_made_again(source: Path, left: str) -> None:
    made = thumbnail_of(source, 48)
    content = made.read_bytes()
    made.write_bytes(
        {"nothing": b"", "half": content[: len(content) // 2], "zeros": bytes(len(content))}[left]
    )

    assert thumbnail_of(source, 48).read_bytes() == content
