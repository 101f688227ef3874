"""Labels with their pictures: a zip that one can train on, of what is at hand."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from zipfile import ZIP_STORED, ZipFile

import numpy as np
import pytest
from pycocotools.coco import COCO
from sqlalchemy import select

from tests.integration.interchange.conftest import Frozen, Pictured
from tests.integration.interchange.test_command import export as command
from workbench.analysis.images.normalise import NORMAL_SIZE
from workbench.config import Settings
from workbench.services.accounts import Account
from workbench.services.errors import InvalidError
from workbench.services.interchange import exporting, exports
from workbench.services.interchange.pictures import safe_name
from workbench.services.interchange.writing import write_label_set
from workbench.store.database import db, session
from workbench.store.export_jobs import ExportJob
from workbench.store.images import Image


@pytest.fixture
def archive(frozen: Frozen, pictured: Pictured, tmp_path: Path) -> Any:
    """Writes a zip of a layout; its path."""

    def written(form: str) -> Path:
        path = tmp_path / f"{form}.zip"
        with path.open("wb") as out:
            write_label_set(frozen.id, form, out)
        return path

    return written


def test_coco_has_each_picture_under_the_name_that_it_says(
    archive: Any, pictured: Pictured, frozen: Frozen, tmp_path: Path
) -> None:
    path = archive("coco_zip")
    with ZipFile(path) as opened:
        assert opened.testzip() is None
        assert {each.compress_type for each in opened.infolist()} == {ZIP_STORED}
        opened.extractall(tmp_path / "out")
        inside = set(opened.namelist())
    read = COCO(tmp_path / "out" / "annotations.json")

    left = [each for each in frozen.ids if each not in {pictured.excluded, pictured.missing}]
    assert sorted(read.imgs) == left
    names = {each: read.imgs[each]["file_name"] for each in left}
    assert inside == {f"images/{each}" for each in names.values()} | {
        "annotations.json",
        "manifest.json",
    }
    assert names[frozen.ids[0]] == "a/0 .png"
    assert names[pictured.twin] == f"a/0 -{pictured.twin}.PNG"
    for each in left:
        content = (tmp_path / "out" / "images" / names[each]).read_bytes()
        if each != pictured.normalised:
            assert content == pictured.originals[each]
    manifest = json.loads((tmp_path / "out" / "manifest.json").read_text())
    assert manifest["pictures"] == {"original": 4, "normalised": 1}
    assert manifest["left_out"] == {"excluded": 1, "missing": 1}


def test_regions_lie_over_the_copy_where_it_stands_for_the_original(
    archive: Any, pictured: Pictured, frozen: Frozen, tmp_path: Path
) -> None:
    with ZipFile(archive("coco_zip")) as opened:
        opened.extractall(tmp_path / "out")
    read = COCO(tmp_path / "out" / "annotations.json")

    image = read.imgs[pictured.normalised]
    assert (image["width"], image["height"]) == (NORMAL_SIZE, NORMAL_SIZE)
    assert image["file_name"] == "a/4 .jpg"
    (region,) = read.imgToAnns[pictured.normalised]
    mask = read.annToMask(region)
    # It went from (12, 2) to (30, 18) on 40 x 20 pixels, of which the square begins at 10.
    scale = NORMAL_SIZE / 20
    expected = np.zeros((NORMAL_SIZE, NORMAL_SIZE), np.uint8)
    expected[round(2 * scale) : round(18 * scale), round(2 * scale) :] = 1
    assert (mask & expected).sum() / (mask | expected).sum() > 0.98


def test_imagefolder_has_the_split_and_flat_metadata(
    archive: Any, pictured: Pictured, frozen: Frozen
) -> None:
    with ZipFile(archive("imagefolder")) as opened:
        names = set(opened.namelist())
        lines = {split: opened.read(f"{split}/metadata.jsonl") for split in ("train", "test")}
    rows = {split: list(map(json.loads, some.splitlines())) for split, some in lines.items()}

    assert [row["image_id"] for row in rows["test"]] == [pictured.held_out]
    assert len(rows["train"]) == 4
    for split, some in rows.items():
        assert all(f"{split}/{row['file_name']}" in names for row in some)
        assert all(isinstance(value, str | int) for row in some for value in row.values())
    kinds = {row["image_id"]: row["picture"] for some in rows.values() for row in some}
    assert [each for each, kind in kinds.items() if kind == "normalised"] == [pictured.normalised]


def test_the_same_set_and_files_give_the_same_bytes(archive: Any) -> None:
    first = archive("cvat_zip").read_bytes()

    assert archive("cvat_zip").read_bytes() == first


@pytest.mark.parametrize(
    ("name", "kind", "safe"),
    [
        ("a/b c.png", "PNG", "a/b c.png"),
        ("../../etc/passwd", "PNG", "etc/passwd.png"),
        ("/a//./b.jpeg", "JPEG", "a/b.jpeg"),
        ("C:\\x\\y.png", "PNG", "C__x_y.png"),
        ("table.parquet#3", "PNG", "table.parquet#3.png"),
        ("con.png", "PNG", "_con.png"),
        ("a. /b?.png", "PNG", "a/b_.png"),
        ("x.png", "JPEG", "x.jpg"),
        ("x.JPG", "JPEG", "x.JPG"),
        ("", "WEBP", "image.webp"),
        ("x" * 300 + ".png", "PNG", "x" * 116 + ".png"),
    ],
)
def test_names_are_made_safe(name: str, kind: str, safe: str) -> None:
    assert safe_name(name, kind) == safe


def test_without_room_it_is_said_before_anything_is_written(
    frozen: Frozen,
    pictured: Pictured,
    ben: Account,
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    free = SimpleNamespace(free=400_000_000)
    monkeypatch.setattr(shutil, "disk_usage", lambda _folder: free)

    with pytest.raises(InvalidError, match="the disk has 400 MB free"):
        exports.request(ben.id, frozen.id, "coco_zip")
    assert session().scalars(select(ExportJob)).all() == []
    assert "the disk has 400 MB free" in command(settings, "--pictures", "--format", "coco").output
    assert exports.request(ben.id, frozen.id, "coco"), "labels alone are small"


def test_the_worker_writes_one_and_cancels_one(
    frozen: Frozen, pictured: Pictured, ben: Account, settings: Settings
) -> None:
    export_id = exports.request(ben.id, frozen.id, "imagefolder")
    claim = exports.claim_next("test:1:x")
    assert claim is not None
    assert exporting.execute(db.engine, claim, settings) == "succeeded"
    found = exports.download(frozen.collection_id, export_id, settings)
    assert (found.name, found.mimetype) == ("many-labels-1.zip", "application/zip")
    with ZipFile(found.path) as opened:
        assert "train/metadata.jsonl" in opened.namelist()

    second = exports.request(ben.id, frozen.id, "coco_zip")
    claim = exports.claim_next("test:1:x")
    assert claim is not None
    exports.cancel(ben.id, frozen.collection_id, second)
    assert exporting.execute(db.engine, claim, settings) == "cancelled"
    assert [each.name for each in settings.export_dir.iterdir()] == [str(export_id)]


def test_the_command_writes_pictures_where_they_belong(
    frozen: Frozen, pictured: Pictured, settings: Settings, tmp_path: Path
) -> None:
    path = tmp_path / "labels.zip"

    done = command(settings, "--pictures", "--output", str(path))

    assert done.exit_code == 0, done.output
    with ZipFile(path) as opened:
        assert "train/metadata.jsonl" in opened.namelist()
    wrong = command(settings, "--pictures", "--format", "csv")
    assert wrong.exit_code == 2
    assert "--pictures goes with jsonl, coco, cvat." in wrong.output


def test_a_changed_original_is_not_taken_for_it(
    archive: Any, pictured: Pictured, frozen: Frozen, tmp_path: Path
) -> None:
    first = session().get_one(Image, frozen.ids[0])
    assert first.original_uri.endswith("a/0%20.png")
    (tmp_path / "set" / "a" / "0 .png").write_bytes(b"another")

    with ZipFile(archive("coco_zip")) as opened:
        manifest = json.loads(opened.read("manifest.json"))

    assert manifest["left_out"]["missing"] == 2
