"""Labels go to FiftyOne, are changed there, and come back."""

from __future__ import annotations

from pathlib import Path
from zipfile import ZipFile

import cv2
import numpy as np

from tests.integration.interchange.conftest import Frozen, Pictured
from tests.integration.interchange.tools.running import export, masks_of, run
from workbench.analysis.images.normalise import NORMAL_SIZE
from workbench.services.accounts import Account
from workbench.services.interchange.frozen import FrozenSet
from workbench.services.interchange.importing import import_labels
from workbench.services.label_sets.freezing import make_label_set
from workbench.services.label_sets.reading import label_set


def test_labels_and_masks_are_there_and_come_back_changed(
    frozen: Frozen, elsewhere: int, folder: Path, ben: Account
) -> None:
    export(frozen, "coco", folder / "labels.coco.json")

    there = run("read_fiftyone.py", folder, "to_fiftyone.py", "from_fiftyone.py")

    ours = masks_of(frozen.id)
    rows = list(FrozenSet(frozen.id))
    assert {name: each["label"] for name, each in there.items()} == {
        row.file_name: row.said for row in rows
    }
    assert {name: each["regions"] for name, each in there.items()} == ours

    report = import_labels(ben.id, elsewhere, folder / "back.jsonl", "jsonl")

    assert report.errors == []
    make_label_set(ben.id, elsewhere, "back")
    added = np.zeros((20, 40), np.uint8)
    added[3:7, 10:30] = 1
    ours[rows[0].file_name]["Seen there"] = added.tolist()
    back = label_set(elsewhere, 1).id
    assert masks_of(back) == ours
    assert [row.said for row in FrozenSet(back)] == ["fake", *(row.said for row in rows[1:])]


def test_its_own_reader_of_coco_takes_ours_and_we_take_what_it_writes(
    frozen: Frozen, elsewhere: int, folder: Path, ben: Account
) -> None:
    export(frozen, "coco", folder / "labels.coco.json")

    there = run("through_coco.py", folder)

    assert there == masks_of(frozen.id)
    report = import_labels(ben.id, elsewhere, folder / "back.coco.json", "coco")
    assert (report.errors, report.tally.regions) == ([], 2)
    make_label_set(ben.id, elsewhere, "back")
    back = masks_of(label_set(elsewhere, 1).id)
    for name, regions in masks_of(frozen.id).items():
        assert back[name].keys() == regions.keys()
        for tag, mask in regions.items():
            # It draws outlines through the middle of the pixels at the rim.
            ours, theirs = np.array(mask, np.uint8), np.array(back[name][tag], np.uint8)
            assert not (theirs & ~ours & 1).any()
            assert (theirs >= cv2.erode(ours, np.ones((3, 3), np.uint8), borderValue=0)).all()


def test_pictures_of_a_zip_are_where_it_looks_for_them(
    frozen: Frozen, pictured: Pictured, tmp_path: Path
) -> None:
    export(frozen, "coco_zip", tmp_path / "faces.zip")
    with ZipFile(tmp_path / "faces.zip") as archive:
        archive.extractall(tmp_path / "faces")

    there = run("read_zip.py", tmp_path, "zip_to_fiftyone.py")

    left = [row for row in FrozenSet(frozen.id) if row.said != "exclude"]
    assert len(there) == len(left) - 1, "one has no picture"
    assert there["a/0 .png"] == {"size": [40, 20], "regions": ["Glare"]}
    assert there["a/4 .jpg"]["regions"] == ["-Blur; or"]
    assert there["a/4 .jpg"]["size"] == [NORMAL_SIZE, NORMAL_SIZE]
