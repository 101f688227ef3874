"""A folder with pictures, as the tools want them beside the labels."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.integration.interchange.conftest import Frozen
from workbench.services.interchange.frozen import FrozenSet


@pytest.fixture
def folder(frozen: Frozen, tmp_path: Path) -> Path:
    """The pictures of a label set, in `pictures`, by their names."""
    for row in FrozenSet(frozen.id):
        path = tmp_path / "pictures" / row.file_name
        path.parent.mkdir(parents=True, exist_ok=True)
        pixels = np.random.default_rng(row.image_id).integers(0, 255, (row.height, row.width, 3))
        Image.fromarray(pixels.astype(np.uint8)).save(path)
    return tmp_path


@pytest.fixture
def database_kind() -> str:
    """One kind is enough: what a file says does not depend on it (test_formats.py)."""
    return "sqlite"
