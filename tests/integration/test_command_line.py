"""Commands answer in one line or one object, and say what to do."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.server import ROOT, environment, manage

COMMANDS = (
    ("import",),
    ("analyze",),
    ("status",),
    ("evaluate",),
    ("retrain",),
    ("serve",),
    ("worker",),
    ("demo",),
    ("db", "upgrade"),
    ("user", "add"),
)


@pytest.fixture(scope="module")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data directory with tables and nothing in them."""
    data = tmp_path_factory.mktemp("commands") / "data"
    assert manage("db", "upgrade", data_dir=data).returncode == 0
    return data


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_every_command_explains_itself(command: tuple[str, ...], tmp_path: Path) -> None:
    done = manage(*command, "--help", data_dir=tmp_path)

    assert done.returncode == 0
    assert done.stdout.startswith("Usage: ")


@pytest.mark.parametrize("command", ["analyze", "evaluate", "retrain"])
def test_an_unknown_collection_is_one_clear_line(migrated: Path, command: str) -> None:
    done = manage(command, "--collection", "nothing", "--json", data_dir=migrated)

    assert done.returncode == 1
    assert done.stdout == ""
    assert "no collection called nothing" in done.stderr
    assert "Traceback" not in done.stderr


def test_status_is_one_object_even_of_an_empty_workbench(migrated: Path) -> None:
    found = json.loads(manage("status", "--json", data_dir=migrated).stdout)

    wanted = {"images", "held_out_auc", "dimensions", "pixel_groups", "patterns", "cells"}
    assert wanted <= found.keys()
    assert (found["images"], found["held_out_auc"]) == (0, None)


def test_without_tables_a_command_says_how_to_get_them(tmp_path: Path) -> None:
    done = manage("status", data_dir=tmp_path)

    assert done.returncode == 1
    assert "manage.py db upgrade" in done.stderr


def test_a_wrong_setting_is_named(tmp_path: Path) -> None:
    done = manage("status", data_dir=tmp_path, batch_size="many")

    assert done.returncode == 1
    assert "batch_size" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_path_that_is_not_there_is_one_clear_line(migrated: Path) -> None:
    done = manage("import", "/nowhere", "--collection", "x", "--json", data_dir=migrated)

    assert done.returncode == 1
    assert done.stdout == ""
    assert "Traceback" not in done.stderr


def test_commands_that_need_no_tensors_do_not_load_torch(tmp_path: Path) -> None:
    script = "import sys, workbench.cli; print('torch' in sys.modules or 'umap' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=ROOT,
        env=environment(tmp_path),
        capture_output=True,
        text=True,
        check=True,
    )

    assert done.stdout.strip() == "False"
