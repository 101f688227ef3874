"""CVAT's XML: what leaves says what the set says, what comes in becomes the same decisions."""

from __future__ import annotations

import io
import tracemalloc
from pathlib import Path
from xml.etree import ElementTree as ET

import numpy as np
import pytest

from tests.integration.interchange.conftest import FORMULA, Frozen
from workbench.analysis.regions.masks import decoded
from workbench.services.accounts import Account
from workbench.services.errors import InvalidError
from workbench.services.interchange import xml_in
from workbench.services.interchange.from_cvat import read_cvat
from workbench.services.interchange.frozen import FrozenRow, FrozenSet
from workbench.services.interchange.importing import check, import_labels
from workbench.services.interchange.incoming import Incoming, RowError
from workbench.services.interchange.shapes import mask_on
from workbench.services.interchange.undoing import undo_import
from workbench.services.interchange.writing import write_label_set
from workbench.services.interchange.xml_text import attributes, text
from workbench.services.label_sets.freezing import make_label_set
from workbench.services.label_sets.reading import label_set
from workbench.services.review.decisions import final_decisions

IMAGE = '<image id="0" name="a/0 .png" width="40" height="20">'


def written(label_set_id: int) -> bytes:
    out = io.BytesIO()
    write_label_set(label_set_id, "cvat", out)
    return out.getvalue()


def test_the_file_says_what_the_set_says(frozen: Frozen) -> None:
    root = ET.fromstring(written(frozen.id))

    images = root.findall("image")
    assert [int(each.attrib["id"]) for each in images] == frozen.ids
    assert [each.attrib["name"] for each in images][:2] == ["a/0 .png", "b/1 .png"]
    said = [[tag.attrib["label"] for tag in each.findall("tag")] for each in images]
    assert said == [["real"], ["fake"], ["unsure"], ["fake"], ["real"], ["exclude"], []]
    assert images[1].findtext("tag/attribute[@name='reason']") == FORMULA
    polygon = images[0].find("polygon")
    assert polygon is not None
    assert polygon.attrib["label"] == "Glare"
    assert polygon.findtext("attribute[@name='severity']") == "minor"
    assert polygon.findtext("attribute[@name='reason']") == "on the lens"
    labels = [each.findtext("name") for each in root.findall("meta/task/labels/label")]
    assert labels == ["real", "fake", "unsure", "exclude", "-Blur; or", "Glare", "region"]


@pytest.mark.parametrize("as_masks", [False, True])
def test_it_comes_back_to_the_same_state(
    frozen: Frozen,
    elsewhere: int,
    tmp_path: Path,
    ben: Account,
    monkeypatch: pytest.MonkeyPatch,
    as_masks: bool,
) -> None:
    if as_masks:
        monkeypatch.setattr("workbench.services.interchange.shapes.OUTLINED", ())
    path = tmp_path / "annotations.xml"
    path.write_bytes(written(frozen.id))
    assert (b"<mask" in path.read_bytes()) is as_masks

    report = import_labels(ben.id, elsewhere, path, "cvat")

    assert (report.errors, report.tally.regions, report.tally.tags) == ([], 2, 2)
    make_label_set(ben.id, elsewhere, "again")
    assert states(elsewhere) == states(frozen.collection_id)


def test_an_import_is_undone(frozen: Frozen, elsewhere: int, tmp_path: Path, ben: Account) -> None:
    path = tmp_path / "annotations.xml"
    path.write_bytes(written(frozen.id))
    report = import_labels(ben.id, elsewhere, path, "cvat")
    assert report.import_id is not None
    assert final_decisions(elsewhere)

    undo_import(ben.id, elsewhere, report.import_id)

    assert final_decisions(elsewhere) == {}


def test_names_and_reasons_that_xml_cannot_hold_are_made_so(frozen: Frozen, ben: Account) -> None:
    tag, reason = 'a<b & "c"\r\n\x0b', "]]> \x00 \ud800 \r\n<!DOCTYPE x>"
    said = text(reason)

    root = ET.fromstring(f"<a{attributes({'b': tag})}>{said}</a>")

    assert root.attrib["b"] == 'a<b & "c"\r\n\ufffd'
    assert root.text == "]]> \ufffd \ufffd \r\n<!DOCTYPE x>"


def found_in(path: Path, *elements: str, image: str = IMAGE) -> list[Incoming | RowError]:
    path.write_text("\n".join(["<annotations>", image, *elements, "</image>", "</annotations>"]))
    return list(read_cvat(path))


def test_shapes_are_read_as_cvat_means_them(tmp_path: Path) -> None:
    (found,) = found_in(
        tmp_path / "a.xml",
        '<tag label="Unsure" source="manual"><attribute name="reason">dim</attribute></tag>',
        '<mask label="Glare" rle="1, 3, 2" left="4" top="5" width="3" height="2"/>',
        '<box label="Glare" xtl="2" ytl="1" xbr="6" ybr="3" rotation="90"/>',
        '<polygon label="Blur" points="0,0;8,0;0,8" group_id="3"/>',
        '<polygon label="Blur" points="20,0;28,0;20,8" group_id="3"/>',
        '<polygon label="Hand" points="0,0;8,0;0,8"/>',
        '<polygon label="Glare" points="0,0;8,0;0,8"/>',
        '<box label="region" xtl="0" ytl="0" xbr="1" ybr="1"/>',
    )

    assert isinstance(found, Incoming)
    assert (found.decision, found.reason, found.file_name) == ("unsure", "dim", "a/0 .png")
    mask, box, parts, alike, plain = found.regions
    assert decoded(mask.rle, 2, 3).tolist() == [[0, 1, 1], [1, 0, 0]]
    assert (mask.size, mask.box) == ((40, 20), (4, 5, 3, 2))
    assert np.allclose(box.outlines[0], [(5, 0), (5, 4), (3, 4), (3, 0)])
    assert [len(each) for each in parts.outlines] == [3, 3]
    assert [each.name for each in alike.tags] == ["Hand", "Glare"]
    assert plain.tags == ()


@pytest.mark.parametrize(
    ("element", "column", "words"),
    [
        ('<tag label="blurry"/>', "tag.label", "Unknown value “blurry”"),
        ('<polyline label="a" points="1,1;2,2"/>', "polyline.type", "A polyline is no region."),
        ('<polygon points="0,0;8,0;0,8"/>', "polygon.label", "has no label"),
        ('<polygon label="a" points="0,0;8,0"/>', "polygon.points", "at least 3 points"),
        ('<polygon label="a" points="0,0;8,0;0,nan"/>', "polygon.points", "no number: nan"),
        ('<box label="a" xtl="1" ytl="1" xbr="1e9"/>', "box.xbr", "no number: 1e9"),
        ('<mask label="a" rle="x" left="0" top="0" width="2" height="2"/>', "mask.rle", "no run"),
        (
            '<mask label="a" rle="1,2" left="0" top="0" width="2" height="2"/>',
            "mask.rle",
            "not of a mask of 2 × 2 px",
        ),
        (
            '<mask label="a" rle="4" left="39" top="0" width="2" height="2"/>',
            "mask.left",
            "outside of the picture",
        ),
        (
            '<mask label="a" rle="4" left="0.5" top="0" width="2" height="2"/>',
            "mask.left",
            "no whole number: 0.5",
        ),
    ],
)
def test_what_is_wrong_is_said_by_line_and_element(
    tmp_path: Path, element: str, column: str, words: str
) -> None:
    error, image = found_in(tmp_path / "a.xml", '<tag label="fake"/>', element)

    assert isinstance(error, RowError)
    assert (error.line, error.column) == (4, column)
    assert words in error.words
    assert isinstance(image, Incoming)
    assert (image.line, image.label, image.regions) == (2, "fake", ())


def test_tags_that_differ_are_wrong(tmp_path: Path) -> None:
    (error,) = found_in(tmp_path / "a.xml", '<tag label="fake"/>', '<tag label="real"/>')

    assert isinstance(error, RowError)
    assert (error.line, error.column) == (2, "tag")


def test_an_image_that_comes_twice_in_one_line_is_wrong(frozen: Frozen, tmp_path: Path) -> None:
    path = tmp_path / "a.xml"
    path.write_text(f"<annotations>{IMAGE}</image>{IMAGE}</image></annotations>")

    (error,) = check(frozen.collection_id, path, "cvat").errors

    assert "This image was in line 1 already." in error.words


BILLION = (
    '<!DOCTYPE a [<!ENTITY b "ha"><!ENTITY c "&b;&b;">]>',
    '<!DOCTYPE a SYSTEM "file:///etc/passwd">',
    "<!DOCTYPE annotations>",
)


@pytest.mark.parametrize("doctype", BILLION)
def test_document_types_and_entities_are_refused(tmp_path: Path, doctype: str) -> None:
    path = tmp_path / "a.xml"
    path.write_text(f"{doctype}<annotations>{IMAGE}</image></annotations>")

    with pytest.raises(InvalidError, match="document type or entities"):
        list(read_cvat(path))


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "no XML, perhaps half of one"),
        (b"<annotations><image>", "no XML, perhaps half of one"),
        (b"{}", "no XML"),
        (b"<annotations>&boom;</annotations>", "no XML"),
        (b"PK\x03\x04...", "zip file"),
        (b"<svg/>", "it begins with <svg>"),
        (b"<annotations><track/></annotations>", "tracks of a video"),
        (b"<annotations>" + b"<a>" * 40, "too deep"),
    ],
)
def test_what_is_no_such_file_is_refused(tmp_path: Path, content: bytes, words: str) -> None:
    path = tmp_path / "a.xml"
    path.write_bytes(content)

    with pytest.raises(InvalidError, match=words):
        list(read_cvat(path))


def test_an_element_without_end_is_refused_before_all_of_it_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(xml_in, "LONGEST_PART", 1_000_000)
    path = tmp_path / "a.xml"
    with path.open("wb") as out:
        out.write(b'<annotations><image name="')
        for _ in range(40):
            out.write(b"x" * 1_000_000)

    tracemalloc.start()
    with pytest.raises(InvalidError, match="too long"):
        list(read_cvat(path))
    assert tracemalloc.get_traced_memory()[1] < 8_000_000
    tracemalloc.stop()


def test_reading_and_writing_take_no_more_memory_for_more_images(
    frozen: Frozen, tmp_path: Path
) -> None:
    shape = '<polygon label="Glare" points="0,0;8,0;0,8"/>'
    peaks = []
    for count in (2_000, 20_000):
        path = tmp_path / f"{count}.xml"
        with path.open("w") as out:
            out.write("<annotations>")
            out.writelines(f"{IMAGE}{shape}</image>\n" for _ in range(count))
            out.write("</annotations>")
        tracemalloc.start()
        assert sum(1 for _ in read_cvat(path)) == count
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()

    assert peaks[1] < peaks[0] * 1.5


def states(collection_id: int) -> list[dict[str, object]]:
    return [_state(row) for row in FrozenSet(label_set(collection_id, 1).id)]


def _state(row: FrozenRow) -> dict[str, object]:
    """What the file tells."""
    found = [
        (
            mask_on(each, row.width, row.height).tobytes(),
            sorted((tag["tag"], tag["reason"], tag["severity"]) for tag in each["tags"]),
        )
        for each in row.details["regions"]
    ]
    return {"said": row.said, "regions": sorted(found)}
