"""Run all benchmarks and write docs/benchmarks.md: `python -m benchmarks [--quick]`."""

from __future__ import annotations

import platform
import subprocess
import sys
from datetime import UTC, datetime
from importlib.metadata import version
from json import loads

from benchmarks.command import number, parser
from workbench.config import PROJECT_ROOT

NAMES = (
    "attribution",
    "detection",
    "explain",
    "patterns",
    "pipeline",
    "projection",
    "reexplain",
)
REPORT = PROJECT_ROOT / "docs" / "benchmarks.md"
PACKAGES = ("torch", "numpy", "scikit-learn", "umap-learn", "timm")


def main() -> None:
    """Each benchmark in a process of its own, so that none warms up another."""
    quick = parser(__doc__ or "").parse_args().quick
    sections = []
    for name in NAMES:
        print(f"benchmarks.{name}", file=sys.stderr)
        command = [sys.executable, "-m", f"benchmarks.{name}", "--json"]
        done = subprocess.run(
            command + ["--quick"] * quick, check=True, stdout=subprocess.PIPE, cwd=PROJECT_ROOT
        )
        rows = "\n".join(
            f"| `{key}` | {_text(value)} |" for key, value in loads(done.stdout).items()
        )
        sections.append(f"## {name}\n\n| key | value |\n|---|---|\n{rows}\n")
    packages = ", ".join(f"{name} {version(name)}" for name in PACKAGES)
    head = (
        f"# Benchmarks\n\n{datetime.now(UTC):%Y-%m-%d}, {'quick, ' if quick else ''}"
        f"{platform.machine()}, Python {platform.python_version()}, {packages}. Images are "
        "normalised as by import (224 px, JPEG quality 95); the encoder is `packaged`.\n"
    )
    REPORT.write_text("\n".join([head, *sections]))
    print(f"Written to {REPORT.relative_to(PROJECT_ROOT)}", file=sys.stderr)


def _text(value: object) -> str:
    if isinstance(value, float):
        return number(value)
    if isinstance(value, list):
        return "[" + ", ".join(_text(each) for each in value) + "]"
    return str(value)


if __name__ == "__main__":
    main()
