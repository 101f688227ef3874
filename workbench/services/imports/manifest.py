"""A CSV manifest as a source: a row a file, with its label and what else is told of it."""

from __future__ import annotations

import csv
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from workbench.services.errors import InvalidError
from workbench.services.imports.entries import Candidate, Entry, Refusal, display
from workbench.store.images import LABELS

MAX_GENERATOR: Final = 120
"""Characters; the longest name that the table holds."""

_COLUMNS: Final = {
    "path": ("path", "file", "filename", "file_name", "filepath", "file_path", "image"),
    "label": ("label",),
    "generator": ("generator",),
    "group": ("group",),
    "split": ("split",),
}
"""Accepted headers, the first that is there wins."""

_SPLITS: Final = {
    "": None,
    "held_out": True,
    "held-out": True,
    "heldout": True,
    "holdout": True,
    "test": True,
    "train": False,
    "training": False,
    # Choosing a model on a validation part is a use in training.
    "val": False,
    "valid": False,
    "validation": False,
    "dev": False,
}


class ManifestSource:
    """Rows of a CSV file: path, label, and where wanted generator, group and split.

    Paths are looked for below `base`, then beside the manifest. Absolute ones are taken as they
    are: the manifest is the operator's word, and the image root, where set, is the fence.
    """

    def __init__(self, manifest: Path, base: Path, image_root: Path | None) -> None:
        self._manifest = manifest
        self._base = base
        self._image_root = image_root

    def count(self) -> int:
        return sum(1 for _ in self._rows())

    def __iter__(self) -> Iterator[Entry]:
        return (self._entry(row) for row in self._rows())

    def _rows(self) -> Iterator[dict[str, str]]:
        """The known columns of each row, stripped; bytes that are not UTF-8 kept as surrogates."""
        try:
            with self._manifest.open(
                encoding="utf-8-sig", errors="surrogateescape", newline=""
            ) as file:
                lines = csv.reader(file, delimiter=self._delimiter())
                positions = self._positions(next(lines, []))
                for row in lines:
                    if row:
                        yield {
                            name: row[position] if position < len(row) else ""
                            for name, position in positions.items()
                        }
        except (OSError, csv.Error) as error:
            raise InvalidError(
                f"{display(self._manifest)} cannot be read as CSV: {error}"
            ) from error

    def _delimiter(self) -> str:
        with self._manifest.open("rb") as file:
            header = file.readline(65_536)
        return max((",", ";", "\t"), key=lambda mark: header.count(mark.encode()))

    def _positions(self, header: list[str]) -> dict[str, int]:
        given = [title.strip().casefold() for title in header]
        positions = {
            name: given.index(title)
            for name, titles in _COLUMNS.items()
            if (title := next((title for title in titles if title in given), None)) is not None
        }
        missing = [name for name in ("path", "label") if name not in positions]
        if missing:
            raise InvalidError(
                f"{display(self._manifest)} has no column named {' or '.join(missing)}; "
                f"it has: {display(', '.join(header)) or 'nothing'}"
            )
        return positions

    def _entry(self, row: dict[str, str]) -> Entry:
        shown = display(row["path"])
        label = row["label"].strip().casefold()
        split = row.get("split", "").strip().casefold()
        generator = display(row.get("generator", "").strip())
        path, reason = self._locate(row["path"])
        reason = _misfit(label, split, generator) or reason
        if reason:
            return Refusal(path, shown, reason)
        group = display(row.get("group", "").strip())
        return Candidate(path, shown, label, generator, group, _SPLITS[split])

    def _locate(self, written: str) -> tuple[Path, str]:
        """Where the file is, with its folder's links resolved, and what speaks against it."""
        for folder in (self._base, self._manifest.parent):
            if os.path.lexists(folder / written):
                return self._check(folder, folder / written)
        return self._base / written, "file not found"

    def _check(self, folder: Path, written: Path) -> tuple[Path, str]:
        path = Path(os.path.realpath(written.parent), written.name)
        target = Path(os.path.realpath(written))
        fence = self._image_root
        if fence and not (path.is_relative_to(fence) and target.is_relative_to(fence)):
            return path, "outside the image root"
        within = Path(os.path.normpath(written)).is_relative_to(folder)
        if within and not target.is_relative_to(folder):
            return path, "symbolic link out of the source, not followed"
        return path, "" if target.is_file() else "not a regular file"


def _misfit(label: str, split: str, generator: str) -> str:
    if label not in LABELS:
        return f"unknown label {display(label)!r}: labels are real or fake"
    if split not in _SPLITS:
        return f"unknown split {display(split)!r}: splits are train or held_out"
    if len(generator) > MAX_GENERATOR:
        return f"generator name longer than {MAX_GENERATOR} characters"
    return ""
