"""A table as a source: a row a file, with its label and what else is told of it."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from workbench.services.errors import InvalidError
from workbench.services.sources.columns import Columns
from workbench.services.sources.entries import Candidate, Entry, Refusal, display
from workbench.services.sources.finder import Finder
from workbench.services.sources.labels import options_for, reading_of
from workbench.services.sources.options import SourceOptions
from workbench.services.sources.tables import Rows, open_table

_MOST_LABELS = 20


class ManifestSource:
    """Rows of a table: path, label, and where wanted generator, class, group, split and date.

    Paths are looked for below `base`, then beside the manifest.
    """

    def __init__(
        self,
        manifest: Path,
        base: Path,
        image_root: Path | None,
        options: SourceOptions,
        held_out: bool | None = None,
    ) -> None:
        self._manifest = manifest
        self._finder = Finder((base, manifest.parent), image_root)
        self._options = options
        self._held_out = held_out

    def count(self, ends: float = math.inf) -> int:
        count, known, unknown = 0, False, dict[str, None]()
        with self._opened() as (columns, rows):
            for row in rows:
                count += 1
                known = known or columns.label(row) is not None
                if not known and len(unknown) < _MOST_LABELS:
                    unknown[columns.value(row, "label").strip()] = None
                if time.monotonic() > ends:
                    break
        check_labels(self._manifest, list(unknown), known=known)
        return count

    def __iter__(self) -> Iterator[Entry]:
        with self._opened() as (columns, rows):
            for row in rows:
                yield self._entry(columns, row)

    def labels_rows(self) -> bool:
        """Whether the table has paths and labels at all, so that it is a manifest."""
        with open_table(self._manifest) as (header, _rows):
            return {"path", "label"} <= Columns(header, self._options).found.keys()

    @contextmanager
    def _opened(self) -> Iterator[tuple[Columns, Rows]]:
        with open_table(self._manifest) as (header, rows):
            columns = Columns(header, self._options, self._held_out)
            columns.require(self._manifest, rows, "path", "label")
            yield columns, rows

    def _entry(self, columns: Columns, row: list[str]) -> Entry:
        written = columns.value(row, "path")
        facts = columns.facts(row)
        path, reason = self._finder.find(written)
        if reason := facts.objection or reason:
            return Refusal(path, display(written), reason)
        return Candidate(
            path,
            display(written),
            facts.label,
            facts.generator,
            facts.group,
            facts.held_out,
            facts.class_name,
            date=facts.date,
        )


def check_labels(table: Path, unknown: list[str], *, known: bool) -> None:
    """Refuse a table of which no row has a known label. Raises InvalidError with the options."""
    names = sorted(filter(None, unknown))
    if known or not names:
        return
    raise InvalidError(
        f"{display(table)}: no row has a known label; there are: {display(', '.join(names))}. "
        f"Add: {options_for(names)}{reading_of(names)}"
    )
