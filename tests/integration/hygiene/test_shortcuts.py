"""A shortcut is a warning in the report of the import, in the check and on pages, until it goes."""

from __future__ import annotations

import json
from pathlib import Path

from flask import Flask

from tests.support.photographs import encoded, photograph, put, resaved
from workbench.config import Settings
from workbench.services.accounts import Account
from workbench.services.hygiene.actions import leave_out, undo
from workbench.services.hygiene.check import check
from workbench.services.hygiene.warnings import collection_warning
from workbench.services.imports.run import import_images
from workbench.services.progress import Silent
from workbench.services.workspaces import workspace
from workbench.store.database import session
from workbench.store.hygiene import DataCheck

COUNT = 16


def test_an_earlier_jpeg_is_warned_about_everywhere_with_the_same_figures(
    tables: Flask, settings: Settings, tmp_path: Path
) -> None:
    for seed in range(COUNT):
        put(tmp_path / "set/real" / f"{seed}.png", encoded(photograph(seed)))
        fake = resaved(photograph(100 + seed), 75)
        put(tmp_path / "set/fake" / f"{seed}.png", encoded(fake))

    report = import_images(tmp_path / "set", collection="set", settings=settings, progress=Silent())

    assert report.file_facts["shortcut"] == ["compression_history"]
    assert "earlier JPEG compression (AUC 1.00)" in collection_warning("set")

    found = check("set", settings).finding("shortcut:compression_history")
    stored = session().get_one(DataCheck, workspace("set").collection.id)

    assert found is not None
    assert found.figures["auc"] == report.file_facts["families"]["compression_history"]["auc"]
    assert [each for each in stored.findings if each["subject"] == "compression_history"] == [
        json.loads(json.dumps(found.as_json()))
    ]


def test_images_without_a_counterpart_are_left_out_and_the_shortcut_is_gone(
    tables: Flask, settings: Settings, tmp_path: Path, ada: Account
) -> None:
    for seed in range(COUNT):
        put(tmp_path / "set/real" / f"{seed}.png", encoded(photograph(seed)))
        small = photograph(100 + seed, side=160 if seed < 6 else 96)
        put(tmp_path / "set/fake" / f"{seed}.png", encoded(small))
    for seed in range(COUNT):
        put(tmp_path / "set/fake" / f"more {seed}.png", encoded(photograph(200 + seed, side=96)))
    import_images(tmp_path / "set", collection="set", settings=settings, progress=Silent())
    before = check("set", settings).finding("shortcut:size")
    assert before is not None
    assert before.figures["unmatched"] == 10 + 26

    done = leave_out(ada.id, "set", "shortcut:size")

    assert check("set", settings).finding("shortcut:size") is None
    assert not workspace("set").collection.file_facts["warned"]

    undo(ada.id, done.id)

    again = check("set", settings).finding("shortcut:size")
    assert again is not None
    assert again.figures == before.figures
