"""What there is to import: a folder tree, a table, a list of files, or files by name.

All are read as streams, in an order that is the same every time. The order costs the names of
the one folder being read (about 100 bytes a file); nothing else is kept.
"""

from __future__ import annotations

import math
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Final

from workbench.services.errors import InvalidError, NotFoundError
from workbench.services.sources.columns import Columns
from workbench.services.sources.entries import Candidate, Entry, ImageSource, display
from workbench.services.sources.folder import FolderSource
from workbench.services.sources.listed import ListSource, lines_of
from workbench.services.sources.manifest import ManifestSource
from workbench.services.sources.options import SourceOptions
from workbench.services.sources.parquet import SUFFIX as PARQUET
from workbench.services.sources.shards import ShardSource, holds_images
from workbench.services.sources.tables import JSON_LINES, open_table

_TABLES: Final = (".csv", ".tsv", *JSON_LINES, PARQUET)
_LOOKED_AT: Final = 10_000
_MOST_TABLES: Final = 20
_LISTS: Final = (".txt", ".lst", ".list")


def open_source(
    path: Path | Sequence[Path],
    image_root: Path | None,
    options: SourceOptions | None = None,
) -> ImageSource:
    """Find out how to read `path`: a folder, a table, a list of files, or the files themselves.

    Raises NotFoundError where something is missing, InvalidError where it cannot be a source or
    lies outside the image root.
    """
    chosen = options or SourceOptions()
    paths = [path] if isinstance(path, Path) else list(path)
    found = _opened(paths, chosen.fence or image_root, chosen)
    return _Adjusted(found, chosen) if chosen.generator or chosen.draw_split else found


def _opened(paths: list[Path], image_root: Path | None, options: SourceOptions) -> ImageSource:
    manifest = options.manifest
    for wanted in (*paths, manifest):
        if wanted is not None and not wanted.exists():
            raise NotFoundError(f"{display(wanted)} not found")
    first = paths[0]
    if len(paths) > 1 or (manifest is None and not first.is_dir() and not _lists(first)):
        return _named(paths, image_root, options)
    base = Path(os.path.realpath(first))
    if manifest is None and not base.is_dir():
        base, manifest = base.parent, base
    if not base.is_dir():
        raise InvalidError(f"{display(first)} is not a folder")
    if image_root is not None and not base.is_relative_to(image_root):
        raise InvalidError(f"{display(first)} is outside the image root {display(image_root)}")
    if manifest is None:
        return FolderSource(base, image_root, options)
    if options.fence and not Path(os.path.realpath(manifest)).is_relative_to(options.fence):
        raise InvalidError(f"{display(manifest.name)} is outside the folder")
    return _table_or_list(Path(os.path.realpath(manifest)), base, image_root, options)


def tables_in(folder: Path) -> tuple[str, ...]:
    """The tables directly in a folder, or in a folder directly in it, by their paths within."""
    found = [
        path.relative_to(folder)
        for pattern in ("*", "*/*")
        for path in islice(folder.glob(pattern), _LOOKED_AT)
        if path.suffix.casefold() in _TABLES
        and path.is_file()
        and path.resolve().is_relative_to(folder)
    ]
    return tuple(sorted(str(each) for each in found))[:_MOST_TABLES]


def _lists(path: Path) -> bool:
    """Whether a file by its name lists others or holds them, and is no image itself."""
    return path.suffix.casefold() in (*_TABLES, *_LISTS)


def _named(paths: list[Path], image_root: Path | None, options: SourceOptions) -> ImageSource:
    for path in paths:
        if path.is_dir() or _lists(path) or options.manifest:
            raise InvalidError(
                f"{display(path)} must be the only source: several are files, one image each"
            )
    return ListSource(lambda: map(str, paths), Path.cwd(), image_root, options)


def _table_or_list(
    file: Path, base: Path, image_root: Path | None, options: SourceOptions
) -> ImageSource:
    if file.suffix.casefold() == PARQUET and holds_images(file):
        return ShardSource(file, display(file.name), options)
    if file.suffix.casefold() in _LISTS and not _has_columns(file, options):
        return ListSource(lines_of(file), base, image_root, options)
    return ManifestSource(file, base, image_root, options)


def _has_columns(file: Path, options: SourceOptions) -> bool:
    with open_table(file) as (header, _rows):
        return "path" in Columns(header, replace(options, columns={})).found or bool(
            options.columns
        )


@dataclass(frozen=True)
class _Adjusted:
    """A source with a generator for what names none, or with its split left to be drawn."""

    source: ImageSource
    options: SourceOptions

    def count(self, ends: float = math.inf) -> int:
        return self.source.count(ends)

    def __iter__(self) -> Iterator[Entry]:
        return map(self._adjusted, self.source)

    def _adjusted(self, entry: Entry) -> Entry:
        if not isinstance(entry, Candidate):
            return entry
        named = entry.generator or entry.label != "fake"
        return replace(
            entry,
            generator=entry.generator if named else self.options.generator,
            held_out=None if self.options.draw_split else entry.held_out,
        )
