"""Commands of the command line, in the process of the tests."""

from __future__ import annotations

from pathlib import Path

import structlog
from click.testing import CliRunner, Result

from workbench.cli import main


def run(*command: str, data_dir: Path, typed: str = "", **settings: str) -> Result:
    """Run a command in this process: a new one takes seconds to import what it needs."""
    env = {f"WORKBENCH_{name.upper()}": value for name, value in settings.items()}
    env["WORKBENCH_DATA_DIR"] = str(data_dir)
    try:
        return CliRunner(env=env).invoke(main, list(command), input=typed)
    finally:
        # The command line sets up logging for its process.
        structlog.reset_defaults()
