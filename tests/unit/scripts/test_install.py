"""What the set-up's progress bar reads out of pip's output."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

SCRIPT = Path(__file__).resolve().parents[3] / "scripts" / "install.py"

LOCK = """
alembic==1.20.1 \\
    --hash=sha256:00
numpy==2.4.6 ; python_full_version < '3.12' \\
    --hash=sha256:01
numpy==2.5.5 ; python_full_version >= '3.12' \\
    --hash=sha256:02
torch==2.14.1 \\
    --hash=sha256:03
"""


@pytest.fixture
def install() -> ModuleType:
    spec = importlib.util.spec_from_file_location("install", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_a_large_download_counts_for_more_than_a_small_one(install: ModuleType) -> None:
    installation = install.Installation(LOCK)
    installation.read("Collecting alembic==1.20.1 (from -r run.txt (line 1))\n")
    installation.read("Processing /wheels/numpy-2.4.6-cp311-cp311-linux_x86_64.whl (from -r …)\n")
    before = installation.fraction()
    installation.read("Collecting torch==2.14.1 (from -r run.txt (line 7))\n")
    installation.read("Progress 277 of 554\n")

    assert before < 0.02
    assert installation.fraction() == pytest.approx(0.25, abs=0.02)


def test_packages_for_other_machines_count_for_nothing(install: ModuleType) -> None:
    installation = install.Installation("colorama==0.4.6 ; sys_platform == 'win32' \\\nnumpy==2\n")
    installation.read("Ignoring colorama: markers 'sys_platform == \"win32\"' don't match\n")
    installation.read("Collecting numpy==2 (from -r run.txt (line 2))\n")
    installation.read("Progress 10 of 10\n")

    assert installation.fraction() == pytest.approx(0.5)


def test_what_is_there_already_counts_as_done(install: ModuleType) -> None:
    installation = install.Installation("pytest==9.2.0 \\\n")
    installation.read("Requirement already satisfied: pytest==9.2.0 in /somewhere (9.2.0)\n")
    installation.read("Installing collected packages: pytest\n")

    assert installation.fraction() == 1.0
