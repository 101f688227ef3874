"""CVAT's XML holds by its schema, and Datumaro, CVAT's own library, reads ours and we its."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.integration.interchange.conftest import FORMULA, Frozen
from tests.integration.interchange.tools.running import SCHEMA, export, masks_of, run
from workbench.services.accounts import Account
from workbench.services.interchange.frozen import FrozenSet
from workbench.services.interchange.importing import import_labels
from workbench.services.label_sets.freezing import make_label_set
from workbench.services.label_sets.reading import label_set


@pytest.mark.parametrize("as_masks", [False, True])
def test_ours_is_valid_and_read_and_theirs_comes_in(
    frozen: Frozen,
    elsewhere: int,
    folder: Path,
    ben: Account,
    monkeypatch: pytest.MonkeyPatch,
    as_masks: bool,
) -> None:
    if as_masks:
        monkeypatch.setattr("workbench.services.interchange.shapes.OUTLINED", ())
    labels = folder / "labels"
    labels.mkdir()
    (folder / "pictures").rename(labels / "images")
    export(frozen, "cvat", labels / "annotations.xml")

    there = run("through_datumaro.py", folder, given=[SCHEMA])

    assert there["mistakes"] == []
    ours = masks_of(frozen.id)
    rows = {str(row.image_id): row for row in FrozenSet(frozen.id)}
    assert there["found"].keys() == rows.keys()
    for image_id, row in rows.items():
        found = there["found"][image_id]
        assert [said for said, _reason in found["tags"]] == [row.said] * bool(row.said)
        assert found["regions"].keys() == ours[row.file_name].keys()
        for tag, mask in ours[row.file_name].items():
            assert alike(mask, found["regions"][tag]) > (0.999 if as_masks else 0.9)
    assert there["found"][str(frozen.ids[1])]["tags"][0][1] == FORMULA

    (written,) = there["written"]
    report = import_labels(ben.id, elsewhere, folder / written, "cvat")

    assert (report.errors, report.tally.regions) == ([], 2)
    make_label_set(ben.id, elsewhere, "back")
    back = label_set(elsewhere, 1).id
    assert [row.said for row in FrozenSet(back)] == [row.said for row in rows.values()]
    for name, regions in masks_of(back).items():
        assert regions.keys() == ours[name].keys()
        for tag, mask in regions.items():
            assert alike(mask, ours[name][tag]) > 0.999


def alike(one: object, other: object) -> float:
    """Intersection over union."""
    first, second = np.array(one, bool), np.array(other, bool)
    return float((first & second).sum() / (first | second).sum())
