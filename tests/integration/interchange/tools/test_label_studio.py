"""Label Studio's own converter finds our labels and masks in what we write, and we its."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from pycocotools import mask as coco_masks

from tests.integration.interchange.conftest import Frozen
from tests.integration.interchange.tools.running import block, export, masks_of, run
from workbench.services.accounts import Account
from workbench.services.interchange.frozen import FrozenSet
from workbench.services.interchange.importing import import_labels
from workbench.services.label_sets.freezing import make_label_set
from workbench.services.label_sets.reading import label_set


@pytest.fixture
def project(frozen: Frozen, folder: Path) -> Path:
    """A folder with the labelling interface of the documentation, and with pictures."""
    (folder / "interface.xml").write_text(block("<View>"), encoding="utf-8")
    return folder


def test_choices_and_brushes_are_ours(
    frozen: Frozen, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("workbench.services.interchange.shapes.OUTLINED", ())
    export(frozen, "label_studio", project / "tasks.json")

    found = run("read_label_studio.py", project)

    rows = {row.image_id: row for row in FrozenSet(frozen.id)}
    assert found["choices"] == {str(each): row.said for each, row in rows.items() if row.said}
    ours = masks_of(frozen.id)
    assert found["brushes"] == {
        str(each): ours[row.file_name] for each, row in rows.items() if ours[row.file_name]
    }


def test_polygons_are_ours(frozen: Frozen, project: Path) -> None:
    export(frozen, "label_studio", project / "tasks.json")

    found = run("read_label_studio.py", project)

    rows = {row.image_id: row for row in FrozenSet(frozen.id)}
    ours = masks_of(frozen.id)
    assert len(found["polygons"]) == 2
    for image_id, tag, outline in found["polygons"]:
        mask = np.array(ours[rows[image_id].file_name][tag], np.uint8)
        (drawn,) = coco_masks.frPyObjects([outline], 20, 40)
        theirs = coco_masks.decode(drawn)
        assert (mask & theirs).sum() / (mask | theirs).sum() > 0.9


def test_what_its_library_writes_comes_in(
    frozen: Frozen, elsewhere: int, tmp_path: Path, ben: Account
) -> None:
    written = run("write_label_studio.py", tmp_path)

    report = import_labels(ben.id, elsewhere, tmp_path / "theirs.json", "label_studio")

    assert (report.errors, report.tally.verdicts, report.tally.regions) == ([], 1, 1)
    make_label_set(ben.id, elsewhere, "theirs")
    found = label_set(elsewhere, 1).id
    assert masks_of(found)["a/0 .png"] == {"Glare": written}
    assert next(iter(FrozenSet(found))).said == "unsure"
