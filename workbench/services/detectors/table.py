"""A table of scores: which image each row means, and its p(fake)."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from workbench.services.errors import InvalidError
from workbench.services.sources.entries import display
from workbench.services.sources.options import COLUMNS, read_columns
from workbench.services.sources.tables import open_table

SCORE_COLUMNS: Final[Mapping[str, tuple[str, ...]]] = {
    "id": ("id", "image_id"),
    "digest": ("digest", "sha256", "content_hash"),
    "path": COLUMNS["path"],
    "p_fake": ("p_fake", "p(fake)", "prob_fake", "fake_probability"),
}
"""What a row may tell, with the headers that are known for it; the first that is there wins."""
KEYS: Final = ("id", "digest", "path")
"""What names an image; the first of them that the table has is taken."""
_NAMED: Final = 5
"""So many refused rows are named."""


@dataclass(frozen=True)
class ScoreRow:
    """One row: its number, from 1 after the header, what names its image, and p(fake).

    p: None where the row has none.
    """

    number: int
    name: str
    p: float | None


@dataclass(frozen=True)
class ScoreTable:
    """All rows of a table, and which of `KEYS` names their images."""

    key: str
    rows: tuple[ScoreRow, ...]


def read_scores(path: Path, columns: Mapping[str, str]) -> ScoreTable:
    """Read a CSV, JSON lines or Parquet table of scores.

    `columns`: of `SCORE_COLUMNS` to the header that has it in this table. Raises InvalidError for a
    table without the columns, and for any row whose score is no number from 0 to 1: whoever wrote
    logits or per cent means all rows so.
    """
    with open_table(path) as (header, rows):
        found = _found(header, columns)
        key = next((each for each in KEYS if each in found), None)
        if key is None or "p_fake" not in found:
            missing = "p_fake" if key else "path, id or digest"
            raise InvalidError(
                f"{display(path.name)} has no column {missing}; it has: "
                f"{display(', '.join(header)) or 'nothing'}. Say which one it is with "
                f"--column {'p_fake' if key else 'path'}=HEADER."
            )
        read = list(_rows(rows, found[key], found["p_fake"]))
    wrong = [each for each in read if isinstance(each, str)]
    if wrong:
        more = f", and {len(wrong) - _NAMED} more rows" if len(wrong) > _NAMED else ""
        raise InvalidError(
            f"{'; '.join(wrong[:_NAMED])}{more}. A score is p(fake), from 0 for real to 1 for "
            "fake; nothing was imported."
        )
    return ScoreTable(key, tuple(each for each in read if isinstance(each, ScoreRow)))


def read_score_columns(options: Iterable[str]) -> dict[str, str]:
    """Read `p_fake=score` as: p(fake) is in the column named score. Raises InvalidError."""
    return read_columns(options, SCORE_COLUMNS, "p_fake")


def _found(header: list[str], columns: Mapping[str, str]) -> dict[str, int]:
    titles = [title.strip().casefold() for title in header]
    found = {
        what: titles.index(title)
        for what, known in SCORE_COLUMNS.items()
        if (title := next((each for each in known if each in titles), None)) is not None
    }
    for what, title in columns.items():
        if title not in titles:
            raise InvalidError(
                f"--column {what}={display(title)}: there is no such column; "
                f"there is: {display(', '.join(header)) or 'nothing'}"
            )
        found[what] = titles.index(title)
    # What somebody names is meant, whatever else is there.
    named = [each for each in KEYS if each in columns]
    unmeant = set(KEYS).difference(named) if named else set()
    return {what: at for what, at in found.items() if what not in unmeant}


def _rows(rows: Iterable[list[str]], name_at: int, p_at: int) -> Iterator[ScoreRow | str]:
    """The rows; for one that is refused, why."""
    for number, row in enumerate(rows, start=1):
        written = (row[p_at] if p_at < len(row) else "").strip()
        name = row[name_at].strip() if name_at < len(row) else ""
        if not written:
            yield ScoreRow(number, name, None)
            continue
        try:
            p = float(written)
        except ValueError:
            p = math.nan
        if not 0 <= p <= 1:
            yield f"row {number}: {display(written)!r} is no number from 0 to 1"
        else:
            yield ScoreRow(number, name, p)
