"""A normalised image that was lost comes back when its original is imported again."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select

from tests.support.pictures import draw_collection
from workbench.analysis.images import normalise
from workbench.config import Settings
from workbench.services.imports.report import ImportReport
from workbench.services.imports.run import import_images
from workbench.services.progress import Silent
from workbench.store.database import session
from workbench.store.image_files import is_whole, normalised_path
from workbench.store.images import Image


def removed(path: Path) -> None:
    path.unlink()


def emptied(path: Path) -> None:
    path.write_bytes(b"")


def flipped(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def imported(source: Path, settings: Settings) -> ImportReport:
    return import_images(source, collection="few", settings=settings, progress=Silent())


def hashes() -> dict[str, str]:
    session().rollback()
    return dict(session().execute(select(Image.name, Image.pixel_hash)).tuples().all())


@pytest.mark.parametrize("damage", [removed, emptied, flipped])
def test_a_lost_normalised_image_is_restored_by_importing_its_original_again(
    tables: Flask, settings: Settings, tmp_path: Path, damage: Callable[[Path], None]
) -> None:
    source = draw_collection(tmp_path / "few", 3)
    imported(source, settings)
    before = hashes()
    lost = sorted(before.values())[:2]
    for each in lost:
        damage(normalised_path(settings.image_dir, each))

    report = imported(source, settings)

    assert (report.seen, report.restored, report.already, report.imported) == (6, 2, 4, 0)
    assert all(is_whole(settings.image_dir, each) for each in before.values())
    assert hashes() == before
    again = imported(source, settings)
    assert (again.restored, again.already) == (0, 6)


def test_a_copy_of_the_original_restores_it_as_well(
    tables: Flask, settings: Settings, tmp_path: Path
) -> None:
    source = draw_collection(tmp_path / "few", 2)
    imported(source, settings)
    lost = min(hashes().values())
    normalised_path(settings.image_dir, lost).unlink()

    report = imported(shutil.copytree(source, tmp_path / "moved"), settings)

    assert (report.restored, report.duplicates, report.imported) == (1, 3, 0)
    assert is_whole(settings.image_dir, lost)


def test_an_image_whose_pixels_come_out_otherwise_today_is_restored_under_its_new_hash(
    tables: Flask, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = draw_collection(tmp_path / "few", 2)
    imported(source, settings)
    before = hashes()
    for each in before.values():
        normalised_path(settings.image_dir, each).unlink()
    monkeypatch.setattr(normalise, "NORMAL_QUALITY", 94)  # as another release of the codec would

    report = imported(source, settings)

    assert report.restored == 4
    after = hashes()
    assert set(after.values()).isdisjoint(before.values())
    assert all(is_whole(settings.image_dir, each) for each in after.values())
