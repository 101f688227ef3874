"""Hugging Face `datasets` reads what is made for it."""

from __future__ import annotations

import hashlib
import io
from pathlib import Path
from zipfile import ZipFile

from PIL import Image

from tests.integration.interchange.conftest import Frozen, Pictured
from tests.integration.interchange.tools.running import export, run
from workbench.services.interchange.frozen import FrozenSet


def test_parquet_has_the_rows_and_the_recipe_picks_those_to_train_on(
    frozen: Frozen, tmp_path: Path
) -> None:
    export(frozen, "parquet", tmp_path / "labels.parquet")

    found = run("read_parquet.py", tmp_path, "parquet_to_datasets.py")

    rows = list(FrozenSet(frozen.id))
    assert found["training"] == [row.file_name for row in rows if row.label]
    assert [each["label"] for each in found["rows"]] == [row.label for row in rows]
    assert [each["tags"] for each in found["rows"]] == [list(row.tags) for row in rows]
    regions = [each["regions"] for each in found["rows"]]
    assert [[one["rle"] for one in each] for each in regions] == [
        [one["rle"] for one in row.details["regions"]] for row in rows
    ]
    assert regions[0][0]["tags"][0]["severity"] == "minor"


def test_an_imagefolder_has_its_split_labels_and_pictures(
    frozen: Frozen, pictured: Pictured, tmp_path: Path
) -> None:
    export(frozen, "imagefolder", tmp_path / "faces.zip")
    with ZipFile(tmp_path / "faces.zip") as archive:
        archive.extractall(tmp_path / "faces")

    found = run("read_imagefolder.py", tmp_path, "imagefolder_to_datasets.py")

    rows = {row.image_id: row for row in FrozenSet(frozen.id)}
    there = {each["image_id"]: each for some in found.values() for each in some}
    assert [each["image_id"] for each in found["test"]] == [pictured.held_out]
    assert there.keys() == rows.keys() - {pictured.excluded, pictured.missing}
    assert {each: one["label"] for each, one in there.items()} == {
        each: rows[each].label or "" for each in there
    }
    assert there[frozen.ids[0]]["tags"] == "Glare"
    for image_id, content in pictured.originals.items():
        if image_id != pictured.excluded:
            pixels = Image.open(io.BytesIO(content)).tobytes()
            assert there[image_id]["pixels"] == hashlib.sha256(pixels).hexdigest()
