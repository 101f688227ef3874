"""`manage.py export` writes label sets to files, `import-labels` reads them."""

from __future__ import annotations

import json
from pathlib import Path

from tests.integration.interchange.conftest import Frozen
from tests.support.commands import Result, run
from workbench.config import Settings


def export(settings: Settings, *arguments: str) -> Result:
    return run(
        *("export", "--collection", "many", *arguments),
        data_dir=settings.data_dir,
        database_url=settings.url,
    )


def test_the_newest_set_is_written(frozen: Frozen, settings: Settings, tmp_path: Path) -> None:
    path = tmp_path / "out" / "labels.coco.json"

    done = export(settings, "--format", "coco", "--output", str(path))

    assert done.exit_code == 0, done.output
    assert "label set 1, “first”, 7 images" in done.output
    assert len(json.loads(path.read_text())["images"]) == 7


def test_a_new_one_is_made_first(frozen: Frozen, settings: Settings, tmp_path: Path) -> None:
    path = tmp_path / "labels.jsonl"

    done = export(settings, "--freeze", "nightly", "--by", "ben", "--output", str(path))

    assert done.exit_code == 0, done.output
    assert "label set 2, “nightly”" in done.output
    assert len(path.read_text().splitlines()) == 7
    alone = export(settings, "--freeze", "nightly", "--output", str(path))
    assert alone.exit_code == 2
    assert "--by" in alone.output


def test_what_is_not_there_is_said(frozen: Frozen, settings: Settings) -> None:
    assert "Label set 9 not found." in export(settings, "--set", "9").output


def test_labels_are_imported_after_a_dry_run(
    frozen: Frozen, settings: Settings, tmp_path: Path
) -> None:
    path = tmp_path / "labels.csv"
    path.write_text("file,said\na/0 .png,fake\n")
    arguments = (
        *("import-labels", str(path), "--collection", "many", "--by", "ben", "--format", "csv"),
        *("--column", "file_name=file", "--column", "label=said"),
    )

    def labels(*more: str) -> Result:
        return run(*arguments, *more, data_dir=settings.data_dir, database_url=settings.url)

    dry = labels("--dry-run")
    assert dry.exit_code == 0, dry.output
    assert "Would import on 1 images: verdicts 1," in dry.output
    done = labels()
    assert done.exit_code == 0, done.output
    assert "Imported on 1 images: verdicts 1," in done.output
    assert "Found on 1 images: verdicts 0," in labels().output


def test_wrong_lines_are_listed_and_nothing_is_written(
    frozen: Frozen, settings: Settings, tmp_path: Path
) -> None:
    path = tmp_path / "labels.jsonl"
    path.write_text('{"file_name": "c.png", "label": "fake"}\n')

    done = run(
        *("import-labels", str(path), "--collection", "many", "--by", "ben"),
        data_dir=settings.data_dir,
        database_url=settings.url,
    )

    assert done.exit_code == 1
    assert "line 1, file_name: There is no image “c.png” in the collection." in done.output
    assert "Lines that are wrong: 1. Nothing was written." in done.output
