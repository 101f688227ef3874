"""Files are compared with what the database knows of them."""

from __future__ import annotations

import json
import os
import time
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from tests.integration.removal.conftest import Left
from tests.support.server import manage
from workbench.config import Settings
from workbench.services.errors import NotFoundError
from workbench.services.pipeline.cleanup import YOUNG
from workbench.services.removal.check_files import check_files
from workbench.store.artifacts import Artifact
from workbench.store.database import session
from workbench.store.image_files import normalised_path

pytestmark = pytest.mark.analysed

STRAY = (
    "images/ab/" + "ab" * 32 + ".jpg",
    "originals/ab/" + "ab" * 32,
    "artifacts/results/ab/1.safetensors",
    "cache/parts/patch_tokens/ab/3.safetensors",
    "cache/thumbnails/96/" + "ab" * 32 + ".jpg",
    "cache/originals/ab/" + "ab" * 32 + ".jpg",
    "cache/originals/ab/" + "ab" * 32 + "/0-0-0.jpg",
    "cache/crops/999/96/1.jpg",
    "cache/crops/1/96/999999.jpg",
    "cache/crops/1/96/dimension-0-999999.jpg",
    "cache/columns/999-3.columns",
    "cache/neighbours/999-abc/images.usearch",
)


def put(path: Path, age: timedelta = YOUNG * 2) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"left")
    moment = time.time() - age.total_seconds()
    os.utime(path, (moment, moment))


def make_old(data_dir: Path) -> None:
    """Nothing that is in use is taken for an orphan, however old it is."""
    moment = time.time() - (YOUNG * 2).total_seconds()
    for path in data_dir.rglob("*"):
        os.utime(path, (moment, moment))


def test_what_is_in_use_is_well_however_old(left: Left, settings: Settings) -> None:
    make_old(settings.data_dir)

    found = check_files(settings)

    assert (found.missing, found.changed, found.orphaned) == ((), (), ())
    assert found.checked > 40
    assert found.is_well


def test_missing_and_changed_files_are_named(left: Left, settings: Settings) -> None:
    copy = normalised_path(settings.image_dir, left.pixel_hash)
    copy.write_bytes(copy.read_bytes() + b"more")
    weights = session().scalars(select(Artifact.path).where(Artifact.kind == "weights")).first()
    assert weights is not None
    (settings.artifact_dir / weights).unlink()

    found = check_files(settings)

    assert found.changed == (copy.relative_to(settings.data_dir).as_posix(),)
    assert found.missing == (f"artifacts/{weights}",)
    assert not found.is_well
    of_others = check_files(settings, "others")
    assert not of_others.changed, "the picture is not of that collection"
    with pytest.raises(NotFoundError):
        check_files(settings, "nobody's")


def test_stray_files_of_every_kind_are_found_and_deleted_when_told_so(
    left: Left, settings: Settings
) -> None:
    for each in STRAY:
        put(settings.data_dir / each)
    put(settings.artifact_dir / "results/ab/young.safetensors", timedelta(hours=1))

    found = check_files(settings)
    assert set(found.orphaned) == set(STRAY)
    assert all((settings.data_dir / each).exists() for each in STRAY)

    deleted = check_files(settings, delete_orphans=True)
    assert (deleted.deleted, deleted.is_well) == (len(STRAY), True)
    assert not any((settings.data_dir / each).exists() for each in STRAY)
    assert check_files(settings).orphaned == ()


@pytest.mark.parametrize("database_kind", ["sqlite"])
def test_the_command_ends_with_1_where_something_is_wrong(left: Left, settings: Settings) -> None:
    session().close()
    well = manage("check", "--files", data_dir=settings.data_dir)
    assert well.returncode == 0, well.stdout
    assert well.stdout.endswith("0 missing, 0 changed, 0 orphaned.\n")
    put(settings.data_dir / STRAY[0])

    found = manage("check", "--files", "--json", data_dir=settings.data_dir)

    assert found.returncode == 1
    assert json.loads(found.stdout)["orphaned"] == {"count": 1, "files": [STRAY[0]]}
