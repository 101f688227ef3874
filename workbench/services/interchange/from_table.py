"""Labels from a table, CSV in any of the usual encodings, with a mapping of its columns."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from flask_babel import gettext

from workbench.services.errors import InvalidError
from workbench.services.interchange import fields
from workbench.services.interchange.incoming import Incoming, LineError, RowError
from workbench.services.review import cells
from workbench.services.sources.tables import open_table

FIELDS: Final = ("content_hash", "file_name", "decision", "label", "reason")


def read_table(path: Path, columns: Mapping[str, str]) -> Iterator[Incoming | RowError]:
    """Each row, or what is wrong with it. `columns` says which column a field stands in.

    Fields that are not mapped stand in the column of their own name. Raises InvalidError where a
    mapped column is not there, or nothing says which image is meant and what it is.
    """
    with open_table(path) as (header, rows):
        at = _positions(header, columns)
        for number, row in enumerate(rows, start=2):
            if not any(row):
                continue
            try:
                yield _read(number, row, at, len(header))
            except LineError as error:
                yield RowError(number, columns.get(error.column, error.column), error.words)


def _positions(header: list[str], columns: Mapping[str, str]) -> dict[str, int]:
    unknown = [each for each in columns if each not in FIELDS]
    if unknown:
        raise InvalidError(
            gettext(
                "Unknown field “%(field)s”. Fields are: %(all)s.",
                field=unknown[0],
                all=", ".join(FIELDS),
            )
        )
    missing = [each for each in columns.values() if each not in header]
    if missing:
        raise InvalidError(
            gettext(
                "There is no column “%(column)s”. The columns are: %(all)s.",
                column=missing[0],
                all=", ".join(header),
            )
        )
    named = {each: columns.get(each, each) for each in FIELDS}
    found = {each: header.index(column) for each, column in named.items() if column in header}
    if not found.keys() & {"content_hash", "file_name"}:
        raise InvalidError(
            gettext(
                "No column says which image is meant. Map file_name or content_hash to one of: "
                "%(all)s.",
                all=", ".join(header),
            )
        )
    if not found.keys() & {"decision", "label"}:
        raise InvalidError(
            gettext(
                "No column says what an image is. Map label or decision to one of: %(all)s.",
                all=", ".join(header),
            )
        )
    return found


def _read(number: int, row: list[str], at: Mapping[str, int], width: int) -> Incoming:
    if len(row) != width:
        raise LineError(
            "",
            gettext(
                "This row has %(cells)s cells, and the header %(width)s.",
                cells=len(row),
                width=width,
            ),
        )
    own = {each: cells.original(row[place]) for each, place in at.items()}
    return Incoming(
        line=number,
        content_hash=fields.text(own, "content_hash"),
        file_name=fields.text(own, "file_name"),
        decision=fields.decision(own),
        label=fields.label(own),
        reason=fields.reason(own),
    )
