"""Query parameters and form fields, read by small typed functions that refuse with words."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from typing import TypeVar

from flask_babel import gettext
from werkzeug.datastructures import MultiDict

from workbench.services.errors import InvalidError
from workbench.store.database import LARGEST_ID
from workbench.store.folding import is_printable_line

Choice = TypeVar("Choice", bound=str)


def whole(values: Mapping[str, str], name: str, low: int = 0, high: int = LARGEST_ID) -> int | None:
    """A whole number in [low, high]; None where the parameter is absent or empty."""
    text = values.get(name, "").strip()
    if not text:
        return None
    digits = text.removeprefix("-") if low < 0 else text
    if not (digits.isascii() and digits.isdigit() and len(digits) <= 10):
        raise InvalidError(gettext("“%(name)s” must be a whole number.", name=name))
    number = int(text)
    if not low <= number <= high:
        raise InvalidError(
            gettext(
                "“%(name)s” must be between %(low)s and %(high)s.", name=name, low=low, high=high
            )
        )
    return number


def ids(values: MultiDict[str, str], name: str) -> tuple[int, ...]:
    """All ids of this name, as a form sends what is chosen."""
    return tuple(
        number for text in values.getlist(name) if (number := whole({name: text}, name)) is not None
    )


def choice(values: Mapping[str, str], name: str, choices: Sequence[Choice]) -> Choice | None:
    """One of the choices; None where the parameter is absent or empty."""
    text = values.get(name, "").strip()
    if not text:
        return None
    found = next((each for each in choices if each == text), None)
    if found is None:
        raise InvalidError(
            gettext(
                "“%(name)s” must be one of: %(choices)s.", name=name, choices=", ".join(choices)
            )
        )
    return found


def numbers(values: Mapping[str, str], name: str, count: int) -> tuple[int, ...] | None:
    """Exactly `count` whole numbers with commas between; None where absent or empty."""
    text = values.get(name, "").strip()
    if not text:
        return None
    parts = text.split(",")
    if len(parts) != count or not all(
        part.isascii() and part.isdigit() and len(part) <= 6 for part in parts
    ):
        raise InvalidError(
            gettext(
                "“%(name)s” must be %(count)s whole numbers separated by commas.",
                name=name,
                count=count,
            )
        )
    return tuple(int(part) for part in parts)


def choices(values: Mapping[str, str], name: str, highest: int) -> tuple[int, ...]:
    """Some of the numbers 1 to `highest`, with commas between; ascending, each once."""
    text = values.get(name, "").strip()
    if not text:
        return ()
    allowed = {str(number): number for number in range(1, highest + 1)}
    parts = [part.strip() for part in text.split(",")]
    if not set(parts) <= allowed.keys():
        raise InvalidError(
            gettext(
                "“%(name)s” must be numbers from 1 to %(highest)s separated by commas.",
                name=name,
                highest=highest,
            )
        )
    return tuple(sorted({allowed[part] for part in parts}))


def decimal(text: str, name: str) -> float:
    """A finite number that somebody typed."""
    text = text.strip()
    if not re.fullmatch(r"-?[0-9]{1,7}(\.[0-9]{1,8})?", text):
        raise InvalidError(gettext("“%(name)s” must be a decimal number, such as 0.5.", name=name))
    return float(text) + 0.0


def between(
    values: Mapping[str, str], name: str, low: float, high: float
) -> tuple[float, float] | None:
    """`LOW,HIGH` within these limits; either may be left out. None where there is nothing."""
    text = values.get(name, "").strip()
    if not text or text == ",":
        return None
    parts = text.split(",")
    if len(parts) != 2:
        raise InvalidError(
            gettext("“%(name)s” must be two numbers separated by a comma.", name=name)
        )
    first, last = (
        decimal(part, name) if part.strip() else limit
        for part, limit in zip(parts, (low, high), strict=True)
    )
    if not low <= first <= last <= high:
        raise InvalidError(
            gettext(
                "“%(name)s” must be a minimum and a maximum from %(low)s to %(high)s.",
                name=name,
                low=number_text(low),
                high=number_text(high),
            )
        )
    return first, last


def number_text(value: float) -> str:
    """A number as it stands in an address: it reads back to the very same."""
    return f"{value:.8f}".rstrip("0").rstrip(".") or "0"


def range_text(limits: Sequence[float] | None) -> str | None:
    """A range as it stands in an address."""
    return ",".join(number_text(each) for each in limits) if limits else None


def line(values: Mapping[str, str], name: str, longest: int) -> str | None:
    """A line that a person typed, its spaces made single; None where it is absent or empty."""
    text = unicodedata.normalize("NFC", " ".join(values.get(name, "").split()))
    if not text:
        return None
    if len(text) > longest or not is_printable_line(text):
        raise InvalidError(
            gettext(
                "“%(name)s” must be one line of at most %(longest)s characters.",
                name=name,
                longest=longest,
            )
        )
    return text


def key(values: Mapping[str, str], name: str) -> str | None:
    """An opaque key that a page handed out, to be given back as it was."""
    text = values.get(name, "")
    if not text:
        return None
    if len(text) > 200 or not text.isprintable():
        raise InvalidError(
            gettext("“%(name)s” is not a valid page key. Start from the first page.", name=name)
        )
    return text


def words(values: Mapping[str, str], name: str, longest: int, called: str) -> str:
    """Text that a person typed: trimmed, composed (NFC), one line end, no control characters."""
    text = values.get(name, "").replace("\r\n", "\n").replace("\r", "\n").strip()
    text = unicodedata.normalize("NFC", text)
    if len(text) > longest:
        raise InvalidError(
            gettext(
                "%(called)s is too long: %(length)s characters, at most %(longest)s are allowed.",
                called=called,
                longest=longest,
                length=len(text),
            )
        )
    if any(unicodedata.category(sign) == "Cc" and sign not in "\n\t" for sign in text):
        raise InvalidError(
            gettext("%(called)s contains control characters. Remove them.", called=called)
        )
    return text
