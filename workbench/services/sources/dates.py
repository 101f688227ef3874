"""Dates of pictures, as cameras and tables write them: ISO 8601, as far as they are known.

`2012`, `2012-05` and `2012-05-04` are all dates. Nothing is guessed: of `05/04/2012` the year is
known.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from typing import Final

FIRST_YEAR: Final = 1826
"""Of the oldest photograph that is left."""
_LAST_YEAR: Final = 2100
_NOTHING: Final = frozenset(("", "-", "–", "n/a", "na", "nan", "nat", "none", "null", "unknown"))
_TIME: Final = r"(?:[T ]+\d{1,2}:?\d{2}.*)?"
_FORMS: Final = tuple(
    re.compile(pattern, re.IGNORECASE | re.ASCII)
    for pattern in (
        r"(?P<y>\d{4})(?:\.0+)?",
        r"(?P<y>\d{4})(?P<sep>[-/.:])(?P<m>\d{1,2})(?:(?P=sep)(?P<d>\d{1,2}))?" + _TIME,
        r"(?P<y>\d{4})(?P<m>\d{2})(?P<d>\d{2})" + _TIME,
        r"(?P<d>\d{1,2})\.(?P<m>\d{1,2})\.(?P<y>\d{4})" + _TIME,
        r"(?:[a-z]{3,9},? +)?(?:(?P<d>\d{1,2})[ -])?(?P<name>[a-z]{3,9})[ -](?P<y>\d{4})" + _TIME,
        r"(?P<name>[a-z]{3,9}) +(?P<d>\d{1,2}), *(?P<y>\d{4})" + _TIME,
        r"[a-z]{3} +(?P<name>[a-z]{3}) +(?P<d>\d{1,2}) +[\d:]+(?: +[-+\w]+)? +(?P<y>\d{4})",
    )
)
_EITHER_ORDER: Final = re.compile(r"(\d{1,2})[-/](\d{1,2})[-/](\d{4})" + _TIME, re.ASCII)
_SECONDS: Final = re.compile(r"(\d{9,10})(?:\.\d+)?", re.ASCII)
_MILLISECONDS: Final = re.compile(r"(\d{12,13})(?:\.0+)?", re.ASCII)
_MONTHS: Final = (
    *("january", "february", "march", "april", "may", "june"),
    *("july", "august", "september", "october", "november", "december"),
)


def says_date(written: str) -> bool:
    """Whether a table says a date at all, readable or not."""
    return written.strip().casefold() not in _NOTHING


def read_date(written: str) -> str | None:
    """The date as ISO 8601, as far as it is known; None for what is none.

    Read are ISO 8601 and EXIF, years and months alone, seconds and milliseconds since 1970, days
    before months where they stand between points, and English names of months.
    """
    text = written.strip()
    for form in _FORMS:
        if found := form.fullmatch(text):
            parts = found.groupdict()
            month = _month(parts["name"]) if parts.get("name") else parts.get("m")
            if parts.get("name") and month is None:
                continue
            return _iso(parts["y"], month, parts.get("d"))
    if found := _EITHER_ORDER.fullmatch(text):
        return _of_either_order(*found.groups())
    if found := _SECONDS.fullmatch(text):
        return _of_seconds(int(found[1]))
    if found := _MILLISECONDS.fullmatch(text):
        return _of_seconds(int(found[1]) // 1000)
    return None


def year_of(iso: str) -> int:
    """The year of a date."""
    return int(iso[:4])


def _month(name: str) -> str | None:
    found = [at for at, each in enumerate(_MONTHS, start=1) if each.startswith(name.casefold())]
    return str(found[0]) if len(found) == 1 else None


def _of_either_order(first: str, second: str, year: str) -> str | None:
    days_first, months_first = _iso(year, second, first), _iso(year, first, second)
    if days_first and months_first and days_first != months_first:
        return _iso(year, None, None)
    return days_first or months_first


def _of_seconds(seconds: int) -> str | None:
    day = datetime.fromtimestamp(seconds, UTC)
    return _iso(str(day.year), str(day.month), str(day.day))


def _iso(year: str, month: str | None, day: str | None) -> str | None:
    if not FIRST_YEAR <= int(year) <= _LAST_YEAR:
        return None
    try:
        whole = date(int(year), int(month or 1), int(day or 1)).isoformat()
    except ValueError:
        return None
    return whole if day else whole[:7] if month else year
