"""What all benchmarks share: their options, and how they print."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import structlog

from workbench.config import Settings

Figures = dict[str, Any]


def parser(description: str) -> argparse.ArgumentParser:
    """A parser with `--quick` and `--json`."""
    made = argparse.ArgumentParser(description=description)
    made.add_argument("--quick", action="store_true", help="fewer images, wider intervals")
    made.add_argument("--json", action="store_true", help="print one JSON object")
    return made


def cache_dir() -> Path:
    """Where weights and data sets for benchmarks are kept."""
    return Settings().cache_dir


def _only_figures_on_standard_output() -> None:
    """Runs write a log, by default where the figures go."""
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))


def show(figures: Figures, *, as_json: bool) -> None:
    """Print the figures, for programs or for people."""
    if as_json:
        print(json.dumps(figures))
        return
    for key, value in figures.items():
        print(f"{key:32} {number(value) if isinstance(value, float) else value}")


def number(value: float) -> str:
    """Three decimals, or three digits of what would vanish in them."""
    return f"{value:.3g}" if 0 < abs(value) < 5e-4 else f"{value:.3f}"


def run(description: str, measure: Callable[[bool], Figures]) -> None:
    """Run a benchmark without options of its own."""
    options = parser(description).parse_args()
    _only_figures_on_standard_output()
    show(measure(options.quick), as_json=options.json)


def run_on_folders(description: str, measure: Callable[[list[Path], bool], Figures]) -> None:
    """Run a benchmark on image folders: one for each `--data`, none by default."""
    options = parser(description)
    options.add_argument("--data", type=Path, action="append", default=[], metavar="DIR")
    chosen = options.parse_args()
    _only_figures_on_standard_output()
    show(measure(chosen.data, chosen.quick), as_json=chosen.json)


class OnStandardError:
    """A Progress in one line a stage."""

    def __init__(self) -> None:
        self._stage = ""

    def advance(self, _done: int, _total: int, stage: str) -> None:
        """Name each new stage."""
        if stage != self._stage:
            self._stage = stage
            print(stage, file=sys.stderr)
