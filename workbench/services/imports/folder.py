"""A folder tree as a source: the folders' names are labels and generators."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from workbench.services.errors import InvalidError
from workbench.services.imports.entries import Candidate, Entry, Refusal, display
from workbench.store.images import LABELS

_UNRELATED: Final = (".ds_store", "thumbs.db", "desktop.ini")


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
