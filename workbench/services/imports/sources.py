"""What there is to import: the files of a folder tree, or the rows of a CSV manifest.

Both are read as streams, in an order that is the same every time. The order costs the names of
the one folder being read (about 100 bytes a file); nothing else is kept.
"""

from __future__ import annotations

import csv
import os
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

from workbench.services.errors import InvalidError, NotFoundError
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
_UNRELATED: Final = (".ds_store", "thumbs.db", "desktop.ini")


@dataclass(frozen=True)
class Candidate:
    """A file to import, with what its source says of it."""

    path: Path
    shown: str
    """Where it lies within the source, as it can be shown."""
    label: str
    generator: str = ""
    group: str = ""
    """Empty where the source names none."""
    held_out: bool | None = None
    """None where the source leaves it open."""


@dataclass(frozen=True)
class Refusal:
    """An entry of the source that cannot be imported, and why."""

    path: Path | None
    shown: str
    reason: str


Entry = Candidate | Refusal


class ImageSource(Protocol):
    """Candidates and refusals, the same each time it is iterated."""

    def count(self) -> int:
        """Count the entries, reading no image. Raises InvalidError for what is no source at all."""

    def __iter__(self) -> Iterator[Entry]: ...


def open_source(path: Path, manifest: Path | None, image_root: Path | None) -> ImageSource:
    """Find out how to read `path`: a folder tree, a CSV file, or a folder with a manifest.

    Raises NotFoundError where something is missing, InvalidError where it cannot be a source or
    lies outside the image root.
    """
    for wanted in (path, manifest):
        if wanted is not None and not wanted.exists():
            raise NotFoundError(f"{display(wanted)} not found")
    base = Path(os.path.realpath(path))
    if manifest is None and not base.is_dir():
        base, manifest = base.parent, base
    if not base.is_dir():
        raise InvalidError(f"{display(path)} is not a folder")
    if image_root is not None and not base.is_relative_to(image_root):
        raise InvalidError(f"{display(path)} is outside the image root {display(image_root)}")
    if manifest is None:
        return FolderSource(base)
    return ManifestSource(Path(os.path.realpath(manifest)), base, image_root)


def display(name: str | Path) -> str:
    """A name as it can be shown: U+FFFD for what is no UTF-8, and for control characters."""
    # Bytes that are no UTF-8 are surrogates here (category Cs), one for each.
    return "".join(
        "\ufffd" if unicodedata.category(letter) in ("Cc", "Cs") else letter for letter in str(name)
    )


@dataclass(frozen=True)
class _Folder:
    path: str
    label: str | None
    generator: str

    def below(self, name: str, path: str) -> _Folder:
        """The folder of this name below this one: the nearest `real` or `fake` decides."""
        if name.casefold() in LABELS:
            return _Folder(path, name.casefold(), "")
        if self.label == "fake" and not self.generator:
            return _Folder(path, self.label, display(name))
        return _Folder(path, self.label, self.generator)


class FolderSource:
    """Files below folders named `real` and `fake`, in any case and at any depth.

    A folder directly below `fake` names the generator. The root may itself be named so; what lies
    above it does not count. Symbolic links to folders, and out of the root, are not followed.
    """

    def __init__(self, root: Path) -> None:
        self._root = root

    def count(self) -> int:
        entries, labelled = 0, False
        for folder, _ in self._walk():
            entries += 1
            labelled |= folder.label is not None
        if not labelled:
            raise InvalidError(
                f"{display(self._root)} has no files in folders named real or fake: "
                "rename the folders, or give a CSV manifest"
            )
        return entries

    def __iter__(self) -> Iterator[Entry]:
        return (entry for _, entry in self._walk())

    def _walk(self) -> Iterator[tuple[_Folder, Entry]]:
        # A stack instead of recursion: folders may be nested deeper than Python's calls.
        stack: list[tuple[_Folder, Iterator[os.DirEntry[str]]]] = []
        opened: _Folder | None = _Folder("", None, "").below(self._root.name, str(self._root))
        while opened or stack:
            if opened:
                try:
                    stack.append((opened, _by_name(opened.path)))
                except OSError as error:
                    yield opened, self._refuse(opened.path, f"cannot be read: {error.strerror}")
                opened = None
                continue
            folder, entries = stack[-1]
            found = next(entries, None)
            if found is None:
                stack.pop()
            elif not found.is_dir(follow_symlinks=False):
                if not _is_unrelated(found.name):
                    yield folder, self._entry(folder, found)
            elif found.name.startswith("."):
                yield folder, self._refuse(found.path, "hidden folder, not read")
            else:
                opened = folder.below(found.name, found.path)

    def _entry(self, folder: _Folder, found: os.DirEntry[str]) -> Entry:
        reason = self._objection(folder, found)
        if reason or folder.label is None:
            return self._refuse(found.path, reason)
        return Candidate(Path(found.path), self._shown(found.path), folder.label, folder.generator)

    def _objection(self, folder: _Folder, found: os.DirEntry[str]) -> str:
        if folder.label is None:
            return "not in a folder named real or fake"
        if found.is_symlink():
            if found.is_dir():
                return "symbolic link to a folder, not followed"
            if not Path(os.path.realpath(found.path)).is_relative_to(self._root):
                return "symbolic link out of the source, not followed"
        return "" if found.is_file() else "not a regular file"

    def _refuse(self, path: str, reason: str) -> Refusal:
        return Refusal(Path(path), self._shown(path), reason)

    def _shown(self, path: str) -> str:
        return display(os.path.relpath(path, self._root))


def _by_name(path: str) -> Iterator[os.DirEntry[str]]:
    with os.scandir(path) as entries:
        return iter(sorted(entries, key=lambda entry: entry.name))


def _is_unrelated(name: str) -> bool:
    folded = name.casefold()
    return folded in _UNRELATED or folded.startswith("._") or folded.endswith(".csv")


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
                places = self._places(next(lines, []))
                for row in lines:
                    if row:
                        yield {
                            name: row[place] if place < len(row) else ""
                            for name, place in places.items()
                        }
        except (OSError, csv.Error) as error:
            raise InvalidError(
                f"{display(self._manifest)} cannot be read as CSV: {error}"
            ) from error

    def _delimiter(self) -> str:
        with self._manifest.open("rb") as file:
            header = file.readline(65_536)
        return max((",", ";", "\t"), key=lambda mark: header.count(mark.encode()))

    def _places(self, header: list[str]) -> dict[str, int]:
        given = [title.strip().casefold() for title in header]
        places = {
            name: given.index(title)
            for name, titles in _COLUMNS.items()
            if (title := next((title for title in titles if title in given), None)) is not None
        }
        missing = [name for name in ("path", "label") if name not in places]
        if missing:
            raise InvalidError(
                f"{display(self._manifest)} has no column named {' or '.join(missing)}; "
                f"it has: {display(', '.join(header)) or 'nothing'}"
            )
        return places

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

    def _check(self, folder: Path, place: Path) -> tuple[Path, str]:
        path = Path(os.path.realpath(place.parent), place.name)
        target = Path(os.path.realpath(place))
        fence = self._image_root
        if fence and not (path.is_relative_to(fence) and target.is_relative_to(fence)):
            return path, "outside the image root"
        within = Path(os.path.normpath(place)).is_relative_to(folder)
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
