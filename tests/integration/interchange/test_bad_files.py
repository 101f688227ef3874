"""Files that are wrong are refused line by line, in words, and nothing of them is written."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sqlalchemy import func, select

from tests.integration.interchange.conftest import Frozen
from workbench.analysis.regions.masks import run_lengths
from workbench.analysis.regions.run_lengths import (
    BrokenRunLengthsError,
    compressed,
    counts_of,
)
from workbench.services.accounts import Account
from workbench.services.errors import InvalidError
from workbench.services.interchange import brush
from workbench.services.interchange.importing import check, import_labels
from workbench.services.interchange.writing import write_label_set
from workbench.services.review.decisions import final_decisions
from workbench.store.database import session, transaction
from workbench.store.judgements import Tag, Verdict

WHOLE = compressed([0, 800])


def region(**more: Any) -> dict[str, Any]:
    found = {
        "size": [40, 20],
        "box": [0, 0, 40, 20],
        "rle": WHOLE,
        "tags": [{"tag": "Glare"}],
    }
    return found | more


def wrong(frozen: Frozen, path: Path, *rows: object) -> list[tuple[int, str, str]]:
    """What is wrong with lines, each JSON or text."""
    lines = [each if isinstance(each, str) else json.dumps(each) for each in rows]
    path.write_text("\n".join(lines))
    return [
        (each.line, each.column, each.words)
        for each in check(frozen.collection_id, path, "jsonl").errors
    ]


@pytest.mark.parametrize(
    ("row", "column", "words"),
    [
        ('{"file_name": "a/0 .png", "lab', "", "perhaps half of one"),
        ([1], "", "no JSON object"),
        ({"label": "fake"}, "file_name", "Nothing says which image is meant."),
        ({"file_name": "c.png"}, "file_name", "There is no image “c.png”"),
        ({"content_hash": "x"}, "content_hash", "No image has this hash."),
        ({"label": "blue"}, "label", "Unknown value “blue”. It is one of: real, fake."),
        ({"decision": 1}, "decision", "This is no text: 1."),
        ({"reason": "x" * 2001}, "reason", "at most 2000 characters"),
        ({"regions": 1}, "regions", "no list of objects"),
        ({"regions": [region(size=[40])]}, "size", "not 2 whole numbers"),
        ({"regions": [region(size=[39, 20])]}, "size", "39 × 20 px, and the image has 40 × 20 px"),
        ({"regions": [region(box=[1, 0, 40, 20])]}, "box", "outside of the picture"),
        ({"regions": [region(rle=compressed([0, 799]))]}, "rle", "not of a mask of 40 × 20 px"),
        ({"regions": [region(rle="\x7f\x00")]}, "rle", "not of a mask"),
        ({"regions": [region(rle=compressed([800]))]}, "rle", "The mask is empty."),
        ({"regions": [region(tags=[{"tag": " "}])]}, "tag", "1 to 60 printable"),
        ({"regions": [region(tags=[{"tag": "Old"}])]}, "tag", "“Old” is deprecated"),
        ({"notes": [{"text": "x"}]}, "notes.p_before", "This is no number: None."),
    ],
)
def test_a_line_says_what_is_wrong_with_it(
    frozen: Frozen, tmp_path: Path, ben: Account, row: Any, column: str, words: str
) -> None:
    with transaction() as write:
        write.add(Tag(name="Old", created_by_id=ben.id, state="deprecated"))
    named = isinstance(row, dict) and row.keys() & {"file_name", "content_hash"}
    if isinstance(row, dict) and not named and row != {"label": "fake"}:
        row = {"file_name": "a/0 .png", **row}

    ((line, at, said),) = wrong(frozen, tmp_path / "bad.jsonl", {"file_name": "b/1 .png"}, row)

    assert (line, at) == (2, column)
    assert words in said


def test_an_image_is_named_once_and_without_doubt(frozen: Frozen, tmp_path: Path) -> None:
    found = wrong(
        frozen, tmp_path / "bad.jsonl", {"file_name": "a/0 .png"}, {"file_name": "set/a/0 .png"}
    )

    assert found == [(2, "", "This image was in line 1 already.")]


def test_nothing_is_written_while_a_line_is_wrong(
    frozen: Frozen, tmp_path: Path, ben: Account
) -> None:
    path = tmp_path / "bad.jsonl"
    path.write_text('{"file_name": "a/0 .png", "label": "fake"}\n{"file_name": "c.png"}\n')
    before = session().scalar(select(func.count()).select_from(Verdict))

    report = import_labels(ben.id, frozen.collection_id, path, "jsonl")

    assert (report.wrong, report.import_id) == (1, None)
    assert session().scalar(select(func.count()).select_from(Verdict)) == before
    rest = import_labels(ben.id, frozen.collection_id, path, "jsonl", leave_out_wrong=True)
    assert rest.tally.verdicts == 1
    assert final_decisions(frozen.collection_id)[frozen.ids[0]] == "fake"


def test_a_table_is_read_by_its_columns(frozen: Frozen, tmp_path: Path, ben: Account) -> None:
    path = tmp_path / "labels.csv"
    path.write_bytes("Datei;Urteil;Grund\r\na/0 .png;FAKE;'=zu glatt\r\n".encode("utf-16"))

    columns = {"file_name": "Datei", "decision": "Urteil", "reason": "Grund"}
    report = import_labels(ben.id, frozen.collection_id, path, "csv", columns)

    assert report.wrong == 0
    given = session().scalars(select(Verdict).where(Verdict.image_id == frozen.ids[0])).one()
    assert (given.decision, given.reason) == ("fake", "=zu glatt")


@pytest.mark.parametrize(
    ("text", "columns", "words"),
    [
        ("a,b\n1,2\n", {}, "No column says which image is meant"),
        ("file_name,b\n1,2\n", {}, "No column says what an image is"),
        ("file_name,label\n1,2\n", {"label": "x"}, "There is no column “x”. The columns are: file"),
        ("file_name,label\n1,2\n", {"x": "label"}, "Unknown field “x”"),
        ("", {}, "No column says which image is meant"),
    ],
)
def test_wrong_columns_are_said(
    frozen: Frozen, tmp_path: Path, text: str, columns: dict[str, str], words: str
) -> None:
    path = tmp_path / "labels.csv"
    path.write_text(text)

    with pytest.raises(InvalidError, match=words):
        check(frozen.collection_id, path, "csv", columns)


def test_mixed_encodings_are_found_at_their_rows(frozen: Frozen, tmp_path: Path) -> None:
    path = tmp_path / "labels.csv"
    rows = ["file_name,label,reason", "a/0 .png,fake,größer", "b/1 .png,fake"]
    path.write_bytes("\n".join(rows).encode() + "\na/2 .png,fake,größer".encode("latin-1"))

    errors = check(frozen.collection_id, path, "csv").errors

    assert [(each.line, each.column) for each in errors] == [(3, ""), (4, "reason")]
    assert "This row has 2 cells, and the header 3." in errors[0].words
    assert "no UTF-8" in errors[1].words


def test_our_own_csv_comes_back(frozen: Frozen, tmp_path: Path) -> None:
    path = tmp_path / "labels.csv"
    with path.open("wb") as out:
        write_label_set(frozen.id, "csv", out)

    report = check(frozen.collection_id, path, "csv")

    assert (report.wrong, report.tally.same) == (0, 7)


def coco(**more: Any) -> dict[str, Any]:
    """A file with one annotation."""
    annotation = {
        "id": 1,
        "image_id": 5,
        "category_id": 0,
        "segmentation": [[2, 2, 30, 2, 30, 18]],
        **more,
    }
    return {
        "images": [{"id": 5, "file_name": "a/2 .png", "width": 40, "height": 20}],
        "annotations": [annotation],
        "categories": [{"id": 0, "name": "Blur"}],
    }


def read(frozen: Frozen, path: Path, form: str, document: object) -> Any:
    path.write_text(document if isinstance(document, str) else json.dumps(document))
    return check(frozen.collection_id, path, form)


def test_coco_with_categories_from_0_is_read(frozen: Frozen, tmp_path: Path, ben: Account) -> None:
    path = tmp_path / "coco.json"
    assert read(frozen, path, "coco", coco()).wrong == 0

    report = import_labels(ben.id, frozen.collection_id, path, "coco")

    assert (report.tally.regions, report.tally.tags, report.tally.verdicts) == (1, 1, 0)


@pytest.mark.parametrize(
    ("more", "column", "words"),
    [
        ({"category_id": 3}, "annotations.category_id", "There is no category 3. The file has: 0."),
        ({"image_id": 6}, "annotations.image_id", "no image with the id 6"),
        ({"segmentation": [[1, 2]]}, "annotations.segmentation", "at least 3 points"),
        ({"segmentation": {"size": [20]}}, "annotations.size", "not 2 whole numbers"),
        ({"segmentation": {"size": [20, 40], "counts": 7}}, "annotations.segmentation", "no run"),
        ({"segmentation": []}, "annotations.bbox", "neither a segmentation nor a box"),
        ({"segmentation": {"size": [5, 5], "counts": [0, 25]}}, "size", "5 × 5 px, and the image"),
        ({"segmentation": {"size": [20, 40], "counts": [9]}}, "rle", "not of a mask of 40 × 20"),
    ],
)
def test_wrong_annotations_are_said(
    frozen: Frozen, tmp_path: Path, more: dict[str, Any], column: str, words: str
) -> None:
    (error,) = read(frozen, tmp_path / "coco.json", "coco", coco(**more)).errors

    assert error.column == column
    assert words in error.words


@pytest.mark.parametrize("form", ["coco", "label_studio"])
@pytest.mark.parametrize("text", ['{"images": [', "1", "{}", '"x"'])
def test_half_a_document_is_refused(frozen: Frozen, tmp_path: Path, form: str, text: str) -> None:
    with pytest.raises(InvalidError):
        read(frozen, tmp_path / "labels.json", form, text)


def task(*results: dict[str, Any]) -> dict[str, Any]:
    return {
        "data": {"image": "/data/local-files/?d=set/a/2%20.png"},
        "annotations": [{"result": list(results)}],
    }


def mark(kind: str, **value: Any) -> dict[str, Any]:
    return {
        "id": "x",
        "type": kind,
        "original_width": 40,
        "original_height": 20,
        "value": {kind: ["Blur"], **value},
    }


def test_tasks_of_label_studio_are_read(frozen: Frozen, tmp_path: Path, ben: Account) -> None:
    mask = np.zeros((20, 40), np.uint8)
    mask[3:9, 5:30] = 1
    document = [
        task(
            {"type": "choices", "value": {"choices": ["Fake"]}},
            mark("brushlabels", format="rle", rle=brush.encode(mask)),
            mark("polygonlabels", points=[[10, 10], [60, 10], [60, 90]]),
            mark("rectanglelabels", x=0, y=0, width=50, height=50),
        )
    ]
    path = tmp_path / "tasks.json"
    path.write_text(json.dumps(document).replace("set/a/2%20.png", "a/2%20.png"))

    report = import_labels(ben.id, frozen.collection_id, path, "label_studio")

    assert (report.wrong, report.tally.verdicts, report.tally.regions) == (0, 1, 3), report.errors


@pytest.mark.parametrize(
    ("result", "column", "words"),
    [
        ({"type": "choices", "value": {"choices": ["a", "b"]}}, "choices", "Exactly one choice"),
        ({"type": "choices", "value": {"choices": ["a"]}}, "choices", "Unknown value “a”"),
        (mark("brushlabels", format="rle", rle=[1, 2]), "rle", "end too early"),
        (
            mark("brushlabels", format="rle", rle=brush.encode(np.ones((2, 2), np.uint8))),
            "rle",
            "of 4 pixels, and the image has 800",
        ),
        (mark("polygonlabels", points=[1]), "points", "no points"),
        (mark("polygonlabels", points=[[1, 1]]), "segmentation", "3 points or more"),
        (mark("rectanglelabels", x=1), "value", "no corners"),
    ],
)
def test_wrong_results_are_said(
    frozen: Frozen, tmp_path: Path, result: dict[str, Any], column: str, words: str
) -> None:
    (error,) = read(frozen, tmp_path / "tasks.json", "label_studio", [task(result)]).errors

    assert (error.line, error.column) == (1, column)
    assert words in error.words


@pytest.mark.parametrize("rle", ["\x00", "o", "p" * 9, "\ud800", "é", "/", "0" * 3 + "O"])
def test_broken_run_lengths_are_never_decoded(rle: str) -> None:
    try:
        counts = counts_of(rle)
    except BrokenRunLengthsError:
        return
    assert all(each >= 0 for each in counts)


def test_run_lengths_are_those_of_coco() -> None:
    mask = np.random.default_rng(1).random((37, 53)) > 0.7
    rle = run_lengths(mask)

    assert compressed(counts_of(rle)) == rle
    assert sum(counts_of(rle)) == mask.size
