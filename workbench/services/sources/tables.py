"""Tables as people have them: CSV of any encoding and delimiter, JSON lines, Parquet."""

from __future__ import annotations

import codecs
import csv
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, TextIO

from workbench.services.errors import InvalidError
from workbench.services.sources.entries import display
from workbench.services.sources.parquet import SUFFIX as PARQUET
from workbench.services.sources.parquet import ParquetTable, written

JSON_LINES: Final = (".jsonl", ".ndjson")
_HEAD: Final = 65_536
_DELIMITER_LINE: Final = re.compile(r'"?sep=(.)"?', re.IGNORECASE)
_MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)

Rows = Iterator[list[str]]


@contextmanager
def open_table(path: Path) -> Iterator[tuple[list[str], Rows]]:
    """Headers and rows of a table, as text; a stream. Raises InvalidError for what is none."""
    kind = path.suffix.casefold()
    try:
        if kind == PARQUET:
            with ParquetTable(path) as table:
                yield table.header, table.rows()
            return
        with open_text(path) as file:
            yield _json_rows(file) if kind in JSON_LINES else _csv_rows(file)
    except (OSError, ValueError, csv.Error) as error:
        form = "Parquet" if kind == PARQUET else "JSON" if kind in JSON_LINES else "CSV"
        raise InvalidError(f"{display(path)} cannot be read as {form}: {error}") from error


@contextmanager
def open_text(path: Path) -> Iterator[TextIO]:
    """A text file in UTF-8 or UTF-16; bytes that are not UTF-8 are kept as surrogates."""
    with path.open("rb") as file:
        encoding = _encoding(file.read(_HEAD))
    with path.open(encoding=encoding, errors="surrogateescape", newline="") as text:
        yield text


def _encoding(head: bytes) -> str:
    for mark, encoding in _MARKS:
        if head.startswith(mark):
            return encoding
    # Without a mark: every second byte of Latin letters is zero in UTF-16.
    even, odd = head[::2].count(0), head[1::2].count(0)
    if max(even, odd) > len(head) // 4:
        return "utf-16-be" if even > odd else "utf-16-le"
    return "utf-8"


def _csv_rows(file: TextIO) -> tuple[list[str], Rows]:
    header = file.readline(_HEAD)
    if told := _DELIMITER_LINE.fullmatch(header.rstrip("\r\n")):
        return _split(file, told[1])
    file.seek(0)
    return _split(file, max((",", ";", "\t"), key=header.count))


def _split(file: TextIO, delimiter: str) -> tuple[list[str], Rows]:
    lines = csv.reader(file, delimiter=delimiter)
    return next(lines, []), (row for row in lines if row)


def _json_rows(file: TextIO) -> tuple[list[str], Rows]:
    objects = _objects(file)
    first = next(objects, {})
    header = list(first)
    return header, _of_objects(header, first, objects)


def _of_objects(header: list[str], first: dict[str, Any], others: Iterator[dict[str, Any]]) -> Rows:
    if first:
        yield [written(first.get(name)) for name in header]
    for each in others:
        yield [written(each.get(name)) for name in header]


def _objects(file: TextIO) -> Iterator[dict[str, Any]]:
    for number, line in enumerate(file, start=1):
        if line.strip():
            found = json.loads(line)
            if not isinstance(found, dict):
                raise ValueError(f"line {number} is no object")
            yield found
