"""A removal that is killed is gone on with by the next one, and ends the same."""

from __future__ import annotations

import signal
import subprocess
import sys

import pytest
from sqlalchemy import select

from tests.integration.removal.conftest import Left
from tests.support.patience import PATIENCE_S
from tests.support.server import ROOT, environment, manage
from tests.support.traces import in_files, in_rows
from tests.support.working import retrain
from workbench.config import Settings
from workbench.services.accounts import Account
from workbench.services.removal.check_files import check_files
from workbench.services.workspaces import Workspace, collections, workspace
from workbench.store.database import session
from workbench.store.removals import Removal, RemovalFile

pytestmark = pytest.mark.analysed

KILLED = """
import os, signal
from workbench.app import create_app
from workbench.config import Settings
from workbench.services.removal import {module} as module
from workbench.services.removal import collections, images, versions

def die(*_arguments, **_options):
    os.kill(os.getpid(), signal.SIGKILL)

holder, _, name = "{place}".rpartition(".")
setattr(getattr(module, holder) if holder else module, name, die)
settings = Settings()
with create_app(settings).app_context():
    {call}
"""


@pytest.fixture(params=["sqlite"])
def database_kind(request: pytest.FixtureRequest) -> str:
    """A killed process leaves both databases in the same state: one is enough."""
    return str(request.param)


def killed_at(place: str, module: str, call: str, settings: Settings) -> None:
    """Remove in a process that is killed where it would call this function."""
    session().close()
    done = subprocess.run(
        [sys.executable, "-c", KILLED.format(module=module, place=place, call=call)],
        cwd=ROOT,
        env=environment(settings.data_dir),
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE_S,
    )
    assert done.returncode == -signal.SIGKILL, done.stderr


@pytest.mark.parametrize("place", ["shards.put_in_place", "forget_columns", "files.take_away"])
def test_a_takedown_that_is_killed_is_gone_on_with(
    left: Left, settings: Settings, place: str
) -> None:
    before = place == "shards.put_in_place"
    killed_at(place, "images", f"images.remove_image({left.id}, None, settings)", settings)
    tables = {table for table, _word in in_rows(left.words)} - {"removal_file"}
    assert bool(tables) == before, "the rows are all there, or none but the list of files"
    assert in_files(settings.data_dir / "images", left.words)
    session().close()

    again = manage("remove", "--image", str(left.id), data_dir=settings.data_dir)

    assert again.returncode == 0, again.stderr
    assert ("is removed:" if before else "was removed already") in again.stdout
    assert in_rows(left.words) == set()
    assert in_files(settings.data_dir, left.words, apart=("drawn",)) == set()
    assert session().scalars(select(RemovalFile)).all() == []


def test_a_version_that_is_half_removed_is_removed_by_the_next_command(
    left: Left, analysed: Workspace, settings: Settings, ada: Account
) -> None:
    assert retrain(ada.id, analysed.collection.id, settings).version_number == 2
    call = 'versions.remove_version("pictures", 1, None, settings)'
    killed_at("remove_left", "finish", call, settings)
    assert [each.number for each in workspace("pictures").versions] == [2], "it is not shown"
    session().close()

    again = manage(
        "remove", "--collection", "pictures", "--version", "1", data_dir=settings.data_dir
    )

    assert (again.returncode, again.stdout[:26]) == (0, "v1 of pictures was removed")
    assert check_files(settings).is_well


@pytest.mark.parametrize("place", ["remove_left", "files.take_away", "_remove_collection"])
def test_a_collection_that_is_half_removed_is_removed_by_the_next_command(
    left: Left, settings: Settings, place: str
) -> None:
    call = 'collections.remove_collection("pictures", None, settings)'
    killed_at(place, "finish", call, settings)
    assert not check_files(settings).is_well, "it says that a removal was interrupted"
    session().close()

    again = manage("remove", "--collection", "pictures", data_dir=settings.data_dir)

    assert again.returncode == 0, again.stderr
    assert "Went on with interrupted removals: 1." in again.stderr
    assert again.stdout.startswith("pictures is removed:\n  images: 40\n")
    assert [each.name for each in collections()] == ["others"]
    assert session().scalars(select(Removal).where(Removal.finished_at.is_(None))).all() == []
    assert check_files(settings).is_well
