"""A label set in each format says what the set says; the tools of the formats read it."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
from pycocotools.coco import COCO

from tests.integration.interchange.conftest import FORMULA, Frozen
from workbench.services.interchange import brush
from workbench.services.interchange.frozen import FrozenSet
from workbench.services.interchange.shapes import mask_on
from workbench.services.interchange.writing import FORMATS, write_label_set
from workbench.services.review import cells

LABELS = ["real", "fake", "real", "fake", "real", None, None]
SAID = ["real", "fake", "unsure", "fake", "real", "exclude", None]
NAMES = ["a/0 .png", "b/1 .png", "a/2 .png", "b/3 .png", "a/4 .png", "b/5 .png", "a/6 .png"]


def written(frozen: Frozen, form: str) -> bytes:
    out = io.BytesIO()
    write_label_set(frozen.id, form, out)
    return out.getvalue()


def test_json_lines_hold_everything(frozen: Frozen) -> None:
    rows = [json.loads(line) for line in written(frozen, "jsonl").splitlines()]

    assert [row["image_id"] for row in rows] == frozen.ids
    assert [row["label"] for row in rows] == LABELS
    assert [row["file_name"] for row in rows] == NAMES
    assert rows[1]["verdicts"][0]["reason"] == FORMULA
    assert rows[3]["adjudication"]["by"] == "ben"
    assert rows[0]["regions"][0]["tags"][0]["tag"] == "Glare"
    assert rows[0]["notes"][0]["text"] == "It falls."


def test_csv_has_no_formula_and_reads_back_as_it_was(frozen: Frozen) -> None:
    text = written(frozen, "csv").decode()
    rows = list(csv.DictReader(io.StringIO(text)))

    assert [row["label"] or None for row in rows] == LABELS
    assert not [cell for row in rows for cell in row.values() if cell[:1] in "=+-@" and cell]
    assert cells.original(rows[1]["reason"]) == FORMULA
    assert cells.original(rows[4]["tags"]) == "-Blur; or"


@pytest.mark.parametrize("text", ["=1", "'=1", "''=1", "'a", "'", "-", "\tx", "\rx", "a=1", ""])
def test_a_cell_reads_back_as_it_was(text: str) -> None:
    assert cells.original(cells.plain(text)) == text
    assert not cells.plain(text).startswith(("=", "+", "-", "@", "\t", "\r"))


def test_pycocotools_reads_coco(frozen: Frozen, tmp_path: Path) -> None:
    path = tmp_path / "labels.json"
    path.write_bytes(written(frozen, "coco"))

    read = COCO(path)

    assert sorted(read.imgs) == frozen.ids
    assert [read.imgs[each]["file_name"] for each in frozen.ids] == NAMES
    assert min(read.cats) == 1
    names = {read.cats[each["category_id"]]["name"] for each in read.anns.values()}
    assert names == {"Glare", "-Blur; or"}
    by_image = {each["image_id"]: each for each in read.anns.values()}
    for row in FrozenSet(frozen.id):
        for region in row.details["regions"]:
            annotation = by_image[row.image_id]
            assert isinstance(annotation["segmentation"], list), "drawn as a polygon"
            ours, theirs = mask_on(region, row.width, row.height), read.annToMask(annotation)
            assert (ours & theirs).sum() / (ours | theirs).sum() > 0.9
            assert annotation["area"] == ours.sum()


def test_categories_of_two_exports_mean_the_same(frozen: Frozen) -> None:
    first, second = (json.loads(written(frozen, "coco"))["categories"] for _ in range(2))

    assert first == second
    assert first[0] == {"id": 1, "name": "region", "supercategory": ""}


def test_what_was_not_drawn_as_an_outline_is_run_lengths(
    frozen: Frozen, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("workbench.services.interchange.shapes.OUTLINED", ())
    path = tmp_path / "labels.json"
    path.write_bytes(written(frozen, "coco"))

    read = COCO(path)

    by_image = {each["image_id"]: each for each in read.anns.values()}
    assert len(by_image) == 2
    for row in FrozenSet(frozen.id):
        for region in row.details["regions"]:
            theirs = read.annToMask(by_image[row.image_id])
            assert np.array_equal(mask_on(region, row.width, row.height), theirs)


def test_label_studio_has_a_choice_and_marks(
    frozen: Frozen, monkeypatch: pytest.MonkeyPatch
) -> None:
    tasks = json.loads(written(frozen, "label_studio"))

    assert [each["data"]["image"] for each in tasks] == NAMES
    assert [_choice(each) for each in tasks] == SAID
    (polygon,) = _marks(tasks[0], "polygonlabels")
    assert polygon["polygonlabels"] == ["Glare"]
    assert max(x for x, _y in polygon["points"]) <= 100 * 8 / 40

    monkeypatch.setattr("workbench.services.interchange.shapes.OUTLINED", ())
    tasks = json.loads(written(frozen, "label_studio"))
    (mark,) = _marks(tasks[0], "brushlabels")
    row = next(iter(FrozenSet(frozen.id)))
    ours = mask_on(row.details["regions"][0], 40, 20)
    assert np.array_equal(brush.decode(mark["rle"], 40, 20), ours)


def _choice(task: dict[str, Any]) -> str | None:
    for annotation in task["annotations"]:
        for each in annotation["result"]:
            if each["type"] == "choices":
                return str(each["value"]["choices"][0])
    return None


def _marks(task: dict[str, Any], kind: str) -> list[dict[str, Any]]:
    return [
        each["value"]
        for annotation in task["annotations"]
        for each in annotation["result"]
        if each["type"] == kind
    ]


def test_parquet_has_the_columns_and_rows(frozen: Frozen) -> None:
    read = pq.read_table(io.BytesIO(written(frozen, "parquet"))).to_pylist()

    assert [row["label"] for row in read] == LABELS
    assert [row["file_name"] for row in read] == NAMES
    assert read[4]["tags"] == ["-Blur; or"]
    assert read[0]["regions"][0]["tags"][0]["severity"] == "minor"
    assert read[3]["adjudication"]["by"] == "ben"
    assert read[0]["adjudication"] is None


@pytest.mark.parametrize("form", FORMATS)
def test_no_format_names_a_path_of_the_machine(form: str, frozen: Frozen) -> None:
    content = written(frozen, form)

    assert b"/home" not in content
    assert b"ada/set" not in content
