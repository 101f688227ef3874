"""A folder tree as a source: its folders' names, or the tables in them, say what is real."""

from __future__ import annotations

import math
import os
import time
from collections.abc import Iterator
from pathlib import Path

from workbench.services.errors import InvalidError
from workbench.services.sources.branch import Branch
from workbench.services.sources.entries import Candidate, Entry, ImageSource, Refusal, display
from workbench.services.sources.finder import LINK_OUT, NOT_REGULAR
from workbench.services.sources.image_folder import METADATA, ImageFolder, is_unrelated
from workbench.services.sources.labels import options_for, reading_of
from workbench.services.sources.manifest import ManifestSource
from workbench.services.sources.options import SourceOptions
from workbench.services.sources.parquet import SUFFIX as PARQUET
from workbench.services.sources.shards import ShardSource, holds_images

_Entries = Iterator[os.DirEntry[str]]
_Found = Entry | ImageSource


class FolderSource:
    """Files below folders whose names are labels in one of `LAYOUTS`, in any case, at any depth.

    A folder with a table of its images (a Hugging Face image folder) is read by that table, and
    files that it does not name are refused; a Parquet file with images inside is read by its rows.
    Symbolic links to folders, and out of the root, are not followed.
    """

    def __init__(self, root: Path, image_root: Path | None, options: SourceOptions) -> None:
        self._root = root
        self._image_root = image_root
        self._options = options

    def count(self, ends: float = math.inf) -> int:
        entries, labelled, whole, names = 0, False, True, dict[str, None]()
        for branch, found in self._walk():
            if isinstance(found, Candidate | Refusal):
                entries += 1
                labelled |= branch.label is not None
                if not labelled and found.path and len(branch.above) > 0:
                    names[branch.above[-1]] = None
            else:
                entries += found.count(ends)
                labelled = True
            if time.monotonic() > ends:
                whole = False
                break
        if not labelled:
            raise InvalidError(self._unlabelled(list(names), None if whole else entries))
        return entries

    def __iter__(self) -> Iterator[Entry]:
        for _branch, found in self._walk():
            if isinstance(found, Candidate | Refusal):
                yield found
            else:
                yield from found

    def _unlabelled(self, names: list[str], looked_at: int | None) -> str:
        said = f"{display(self._root)} has no files in folders named real or fake"
        if looked_at is not None:
            said += f" among the first {looked_at}, and there are more than can be looked at here"
        mapped = f"Add: {options_for(names)}{reading_of(names)}; or add" if names else "Add"
        return f"{said}. {mapped} --label fake if all are fake, or give a CSV manifest"

    def _walk(self) -> Iterator[tuple[Branch, _Found]]:
        # A stack instead of recursion: folders may be nested deeper than Python's calls.
        stack: list[tuple[Branch, list[str], _Entries]] = []
        opened: tuple[Branch, str] | None
        opened = Branch.root(self._root.name, self._options.labels), str(self._root)
        while opened or stack:
            if opened:
                branch, path = opened
                opened = None
                try:
                    entries = _by_name(path)
                except OSError as error:
                    yield branch, self._refuse(path, f"cannot be read: {error.strerror}")
                    continue
                if table := self._table(branch, entries):
                    yield branch, table
                    continue
                beside = [each.name for each in entries if each.is_dir(follow_symlinks=False)]
                stack.append((branch, beside, iter(entries)))
                continue
            branch, beside, rest = stack[-1]
            found = next(rest, None)
            if found is None:
                stack.pop()
            elif not found.is_dir(follow_symlinks=False):
                if not is_unrelated(found.name):
                    yield branch, self._entry(branch, found)
            elif found.name.startswith("."):
                yield branch, self._refuse(found.path, "hidden folder, not read")
            else:
                opened = branch.below(found.name, beside), found.path

    def _table(self, branch: Branch, entries: list[os.DirEntry[str]]) -> ImageSource | None:
        """The table that says everything of a folder's images, where there is one."""
        if branch.label is not None and self._options.labels.all_are is None:
            return None
        for found in entries:
            if found.name.casefold() in METADATA and found.is_file(follow_symlinks=False):
                path = Path(found.path)
                source = ManifestSource(
                    path, path.parent, self._image_root, self._options, branch.held_out
                )
                if source.labels_rows():
                    return ImageFolder(source, path, self._root)
        return None

    def _entry(self, branch: Branch, found: os.DirEntry[str]) -> _Found:
        path = Path(found.path)
        if path.suffix.casefold() == PARQUET and found.is_file(follow_symlinks=False):
            if holds_images(path):
                return ShardSource(path, self._shown(found.path), self._options)
            return self._refuse(found.path, "a Parquet file without images")
        reason = branch.objection or self._objection(found)
        if reason or branch.label is None:
            return self._refuse(found.path, reason)
        return Candidate(
            path,
            self._shown(found.path),
            branch.label,
            branch.generator,
            "",
            branch.held_out,
            branch.class_name,
        )

    def _objection(self, found: os.DirEntry[str]) -> str:
        if found.is_symlink():
            if found.is_dir():
                return "symbolic link to a folder, not followed"
            if not Path(os.path.realpath(found.path)).is_relative_to(self._root):
                return LINK_OUT
        return "" if found.is_file() else NOT_REGULAR

    def _refuse(self, path: str, reason: str) -> Refusal:
        return Refusal(Path(path), self._shown(path), reason)

    def _shown(self, path: str) -> str:
        return display(os.path.relpath(path, self._root))


def _by_name(path: str) -> list[os.DirEntry[str]]:
    with os.scandir(path) as entries:
        return sorted(entries, key=lambda entry: entry.name)
