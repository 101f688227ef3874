"""Fields of lines that come from outside, read by small functions that say what is wrong."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from flask_babel import gettext

from workbench.services.interchange.incoming import LineError
from workbench.services.review.verdicts import LONGEST_REASON
from workbench.store.images import LABELS
from workbench.store.judgements import DECISIONS


def text(row: Mapping[str, Any], name: str) -> str:
    """A text; empty where it is missing or null."""
    value = row.get(name)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise LineError(name, gettext("This is no text: %(value)s.", value=short(value)))
    if any("\ud800" <= sign <= "\udfff" for sign in value):
        raise LineError(name, gettext("This is no UTF-8. Save the file as UTF-8."))
    return value.replace("\x00", "")


def one_of(row: Mapping[str, Any], name: str, allowed: Sequence[str]) -> str | None:
    """One of some words, in any case; None where it is missing or empty."""
    value = text(row, name).strip().casefold()
    if not value:
        return None
    if value not in allowed:
        raise LineError(
            name,
            gettext(
                "Unknown value “%(value)s”. It is one of: %(all)s.",
                value=short(value),
                all=", ".join(allowed),
            ),
        )
    return value


def decision(row: Mapping[str, Any], name: str = "decision") -> str | None:
    """What was decided."""
    return one_of(row, name, DECISIONS)


def label(row: Mapping[str, Any], name: str = "label") -> str | None:
    """A label."""
    return one_of(row, name, LABELS)


def reason(row: Mapping[str, Any], name: str = "reason") -> str:
    """A reason of a verdict."""
    value = text(row, name).strip()
    if len(value) > LONGEST_REASON:
        raise LineError(
            name, gettext("A reason has at most %(most)s characters.", most=LONGEST_REASON)
        )
    return value


def items(row: Mapping[str, Any], name: str) -> list[dict[str, Any]]:
    """A list of objects; none where it is missing."""
    value = row.get(name)
    if value is None:
        return []
    if not isinstance(value, list) or not all(isinstance(each, dict) for each in value):
        raise LineError(name, gettext("This is no list of objects: %(value)s.", value=short(value)))
    return value


def whole_numbers(row: Mapping[str, Any], name: str, count: int) -> tuple[int, ...]:
    """Exactly so many whole numbers from 0 on."""
    value = row.get(name)
    if (
        not isinstance(value, list)
        or len(value) != count
        or not all(type(each) is int and 0 <= each <= 1_000_000 for each in value)
    ):
        raise LineError(
            name,
            gettext(
                "These are not %(count)s whole numbers: %(value)s.", count=count, value=short(value)
            ),
        )
    return tuple(value)


def short(value: object) -> str:
    """A value as a message shows it."""
    said = str(value)
    return said if len(said) <= 60 else f"{said[:60]}…"
