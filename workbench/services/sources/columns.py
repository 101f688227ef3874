"""The columns of a table that say something of an image, and what a row says with them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Final

from workbench.services.errors import InvalidError
from workbench.services.sources.dates import says_date
from workbench.services.sources.entries import display
from workbench.services.sources.options import COLUMNS, SourceOptions
from workbench.services.sources.splits import SPLITS
from workbench.services.sources.suggestions import SAMPLE, advice
from workbench.services.sources.tables import Rows

MAX_GENERATOR: Final = 120
"""Characters; the longest name that the table holds, of a generator as of a class."""
_MAX_DATE: Final = 80


@dataclass(frozen=True)
class RowFacts:
    """What a row says of its image; `objection` is why it cannot be imported, if so."""

    label: str
    generator: str
    group: str
    held_out: bool | None
    class_name: str
    date: str
    objection: str


class Columns:
    """Where a table has what; `held_out` is that of all rows that say nothing of a split."""

    def __init__(
        self, header: Sequence[str], options: SourceOptions, held_out: bool | None = None
    ) -> None:
        self._options = options
        self._held_out = held_out
        self.header = header
        self.found = _found(header, options)

    def require(self, path: Path, rows: Rows, *wanted: str) -> None:
        """Raise InvalidError where one of these is missing, with the options to add."""
        optional = ("label",) if self._options.labels.all_are else ()
        missing = [each for each in wanted if each not in self.found and each not in optional]
        if missing:
            sample = list(islice(rows, SAMPLE))
            names = self._options.labels
            raise InvalidError(
                f"{display(path)} has no column named {' or '.join(missing)}; "
                f"it has: {display(', '.join(self.header)) or 'nothing'}"
                f"{advice(self.header, sample, missing, self.found, names)}"
            )

    def value(self, row: Sequence[str], what: str) -> str:
        """What a row has in a column; empty for a column or row that is too short."""
        at = self.found.get(what, len(row))
        return row[at] if at < len(row) else ""

    def label(self, row: Sequence[str]) -> str | None:
        """The row's label; None where it is unknown."""
        return self._options.labels.label_of(self.value(row, "label"))

    def facts(self, row: Sequence[str]) -> RowFacts:
        """Everything that the row says, but for where its image is."""
        label = self.label(row)
        split = self.value(row, "split").strip().casefold()
        generator = display(self.value(row, "generator").strip())
        class_name = display(self.value(row, "class").strip())
        return RowFacts(
            label or "",
            generator,
            display(self.value(row, "group").strip()),
            SPLITS.get(split) if split else self._held_out,
            class_name,
            self._date(row),
            self._objection(row, label, split, (generator, class_name)),
        )

    def _date(self, row: Sequence[str]) -> str:
        written = display(self.value(row, "date").strip())[:_MAX_DATE]
        return written if says_date(written) else ""

    def _objection(
        self, row: Sequence[str], label: str | None, split: str, names: tuple[str, str]
    ) -> str:
        if label is None:
            return self._options.labels.objection(self.value(row, "label"))
        if split and split not in SPLITS:
            return f"unknown split {display(split)!r}: splits are train or held_out"
        for what, name in zip(("generator", "class"), names, strict=True):
            if len(name) > MAX_GENERATOR:
                return f"{what} name longer than {MAX_GENERATOR} characters"
        return ""


def _found(header: Sequence[str], options: SourceOptions) -> dict[str, int]:
    titles = [title.strip().casefold() for title in header]
    found = {
        what: titles.index(title)
        for what, known in COLUMNS.items()
        if (title := next((title for title in known if title in titles), None)) is not None
    }
    for what, title in options.columns.items():
        if title not in titles:
            raise InvalidError(
                f"--column {what}={display(title)}: there is no such column; "
                f"there is: {display(', '.join(header)) or 'nothing'}"
            )
        found[what] = titles.index(title)
    return found
