"""The checks of `make check`, so that no test run passes without them."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("rule", ["lint", "format", "types", "layers", "templates"])
def test_the_tree_follows_the_rule(rule: str) -> None:
    # This may itself run under make, whose variables would change what the inner make does.
    env = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}
    env.pop("MFLAGS", None)
    outcome = subprocess.run(
        ["make", "--no-print-directory", f"check-{rule}"],
        cwd=ROOT,
        env=env,
        capture_output=True,
        text=True,
        check=False,
    )

    assert outcome.returncode == 0, outcome.stdout + outcome.stderr
