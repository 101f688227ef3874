"""A Parquet file with images inside as a source: a row an image, with its label."""

from __future__ import annotations

import math
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from workbench.services.errors import InvalidError
from workbench.services.sources.columns import Columns
from workbench.services.sources.entries import Candidate, Entry, Inside, Refusal, display
from workbench.services.sources.manifest import check_labels
from workbench.services.sources.options import SourceOptions
from workbench.services.sources.parquet import ParquetTable
from workbench.services.sources.splits import SPLITS

_SPLIT_OF_NAME: Final = re.compile(r"([a-z_]+)(-\d+-of-\d+.*)?")


class ShardSource:
    """The images of a Parquet file, with what its other columns say of them."""

    def __init__(self, path: Path, shown: str, options: SourceOptions) -> None:
        self._path = path
        self._shown = shown
        self._options = options
        named = _SPLIT_OF_NAME.fullmatch(path.stem.casefold())
        self._held_out = SPLITS.get(named[1]) if named else None

    def count(self, ends: float = math.inf) -> int:
        with self._opened() as (table, columns):
            unknown: dict[str, None] = {}
            known = False
            for row in table.rows():
                known |= columns.label(row) is not None
                if known:
                    break
                unknown[columns.value(row, "label").strip()] = None
                if time.monotonic() > ends:
                    break
            check_labels(self._path, list(unknown), known=known)
            return len(table)

    def __iter__(self) -> Iterator[Entry]:
        with self._opened() as (table, columns):
            for number, (row, content, name) in enumerate(table.images()):
                yield self._entry(columns, row, content, Path(name).name, number)

    def _entry(
        self, columns: Columns, row: list[str], content: bytes | None, name: str, number: int
    ) -> Entry:
        shown = f"{self._shown}: {display(name) or f'row {number}'}"
        facts = columns.facts(row)
        reason = facts.objection or ("" if content else "the row has no image")
        if reason or content is None:
            return Refusal(self._path, shown, reason)
        return Candidate(
            self._path,
            shown,
            facts.label,
            facts.generator,
            facts.group,
            facts.held_out,
            facts.class_name,
            Inside(number, name, content),
            facts.date,
        )

    @contextmanager
    def _opened(self) -> Iterator[tuple[ParquetTable, Columns]]:
        try:
            with ParquetTable(self._path) as table:
                columns = Columns(table.header, self._options, self._held_out)
                columns.require(self._path, table.rows(), "label")
                yield table, columns
        except (OSError, ValueError) as error:
            raise InvalidError(
                f"{display(self._path)} cannot be read as Parquet: {error}"
            ) from error


def holds_images(path: Path) -> bool:
    """Whether a Parquet file has images inside; False for one that only names files."""
    try:
        with ParquetTable(path) as table:
            return table.image_column is not None
    except (OSError, ValueError) as error:
        raise InvalidError(f"{display(path)} cannot be read as Parquet: {error}") from error
