"""Query parameters and form fields, read by small typed functions that refuse with words."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence

from workbench.services.errors import InvalidError
from workbench.web.converters import LARGEST_ID


def whole(values: Mapping[str, str], name: str, low: int = 0, high: int = LARGEST_ID) -> int | None:
    """A whole number in [low, high]; None where the parameter is absent or empty."""
    text = values.get(name, "").strip()
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and len(text) <= 10):
        raise InvalidError(f"“{name}” must be a whole number.")
    number = int(text)
    if not low <= number <= high:
        raise InvalidError(f"“{name}” must lie between {low} and {high}.")
    return number


def choice(values: Mapping[str, str], name: str, choices: Sequence[str]) -> str | None:
    """One of the choices; None where the parameter is absent or empty."""
    text = values.get(name, "").strip()
    if not text:
        return None
    if text not in choices:
        raise InvalidError(f"“{name}” must be one of: {', '.join(choices)}.")
    return text


def numbers(values: Mapping[str, str], name: str, count: int) -> tuple[int, ...] | None:
    """Exactly `count` whole numbers with commas between; None where absent or empty."""
    text = values.get(name, "").strip()
    if not text:
        return None
    parts = text.split(",")
    if len(parts) != count or not all(
        part.isascii() and part.isdigit() and len(part) <= 6 for part in parts
    ):
        raise InvalidError(f"“{name}” must be {count} whole numbers with commas between them.")
    return tuple(int(part) for part in parts)


def key(values: Mapping[str, str], name: str) -> str | None:
    """An opaque key that a page handed out, to be given back as it was."""
    text = values.get(name, "")
    if not text:
        return None
    if len(text) > 200 or not text.isprintable():
        raise InvalidError(f"“{name}” is not a place in this list.")
    return text


def words(values: Mapping[str, str], name: str, longest: int, called: str) -> str:
    """Text that a person typed: trimmed, line ends made one kind, no control characters."""
    text = values.get(name, "").replace("\r\n", "\n").replace("\r", "\n").strip()
    if len(text) > longest:
        raise InvalidError(f"{called} can have at most {longest} characters; this has {len(text)}.")
    if any(unicodedata.category(sign) == "Cc" and sign not in "\n\t" for sign in text):
        raise InvalidError(f"{called} has characters that cannot be shown.")
    return text
