"""Run benchmarks and write docs/benchmarks.md: `python -m benchmarks [NAME ...] [--quick]`.

Without names, all of them; with names, these, and what the report says of the others stays.
"""

from __future__ import annotations

import os
import platform
import re
import subprocess
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from importlib.metadata import version
from json import loads

from benchmarks.command import Figures, number, parser
from workbench.config import PROJECT_ROOT
from workbench.services.encoding.precision import processor_name

NAMES = (
    "agreement",
    "api",
    "attack",
    "attribution",
    "concepts",
    "curation",
    "detection",
    "drawing",
    "explain",
    "history",
    "hygiene",
    "imports",
    "interchange",
    "loop_truth",
    "patterns",
    "pipeline",
    "projection",
    "reexplain",
    "speed",
    "tagging",
    "web",
    "writes",
)
REPORT = PROJECT_ROOT / "docs" / "benchmarks.md"
PACKAGES = ("torch", "numpy", "scikit-learn", "umap-learn", "timm")
HEAD = """# Benchmarks

Written by `make bench`. Images are normalised as by import (224 px, JPEG quality 95); the encoder
is `packaged` unless a key says otherwise. Times are ratios within one run; seconds are of the
machine that is named.
"""


def main() -> None:
    """Each benchmark in a process of its own, so that none warms up another."""
    options = parser(__doc__ or "")
    options.add_argument("names", nargs="*", choices=[*NAMES, []], metavar="NAME")
    chosen = options.parse_args()
    sections = read_sections(REPORT.read_text() if REPORT.exists() else "")
    for name in chosen.names or NAMES:
        print(f"benchmarks.{name}", file=sys.stderr)
        command = [sys.executable, "-m", f"benchmarks.{name}", "--json"]
        done = subprocess.run(
            command + ["--quick"] * chosen.quick,
            check=True,
            stdout=subprocess.PIPE,
            cwd=PROJECT_ROOT,
        )
        sections[name] = section(name, loads(done.stdout), quick=chosen.quick)
        # What took an hour must not be lost to what fails after it.
        REPORT.write_text(report(sections))
    print(f"Written to {REPORT.relative_to(PROJECT_ROOT)}", file=sys.stderr)


def report(sections: Mapping[str, str]) -> str:
    """The whole of it, in the order of `NAMES`."""
    return "\n".join([HEAD, *(sections[name] for name in NAMES if name in sections)])


def read_sections(text: str) -> dict[str, str]:
    """The sections of a report, by the benchmark's name."""
    parts = re.split(r"^(?=## )", text, flags=re.MULTILINE)[1:]
    return {part.split()[1]: part.rstrip("\n") + "\n" for part in parts}


def section(name: str, figures: Figures, *, quick: bool) -> str:
    """What a benchmark found, when, and on what."""
    packages = ", ".join(f"{each} {version(each)}" for each in PACKAGES)
    rows = "\n".join(f"| `{key}` | {_text(value)} |" for key, value in figures.items())
    return (
        f"## {name}\n\n{datetime.now(UTC):%Y-%m-%d}{', quick' if quick else ''}; "
        f"{os.cpu_count()} × {processor_name('cpu')}; Python {platform.python_version()}, "
        f"{packages}.\n\n| key | value |\n|---|---|\n{rows}\n"
    )


def _text(value: object) -> str:
    if isinstance(value, float):
        return number(value)
    if isinstance(value, list):
        return "[" + ", ".join(_text(each) for each in value) + "]"
    return str(value)


if __name__ == "__main__":
    main()
