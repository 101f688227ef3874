"""Numbers, times and words as the screens print them: template filters."""

from __future__ import annotations

import math
import zlib
from datetime import UTC, datetime

from flask import Flask

MINUS = "\N{MINUS SIGN}"

OUTCOME_WORDS = {
    "real_right": "real, right",
    "real_called_fake": "real, called fake",
    "fake_right": "fake, right",
    "fake_called_real": "fake, called real",
}

DECISION_WORDS = {
    "confirm": "confirmed",
    "overturn": "overturned",
    "unsure": "unsure",
    "exclude": "excluded",
}


def count(value: int) -> str:
    """A count with thousands apart: 12,345."""
    return f"{value:,}"


def probability(value: float | None) -> str:
    """A probability in two digits that never claims certainty: 0.61, above 0.99, below 0.01."""
    if value is None or math.isnan(value):
        return "–"
    if 0.995 <= value < 1.0:
        return ">0.99"
    if 0.0 < value < 0.005:
        return "<0.01"
    return f"{value:.2f}"


def percent(value: float | None, digits: int = 0) -> str:
    """A share as a percentage: 47%."""
    if value is None or math.isnan(value):
        return "–"
    return f"{100 * value:.{digits}f}%"


def signed(value: float | None, digits: int = 2) -> str:
    """A number whose sign is always printed, with a real minus: +0.42, −1.30."""
    if value is None or math.isnan(value):
        return "–"
    text = f"{abs(value):.{digits}f}"
    if float(text) == 0:
        return f"±{text}"
    return f"{'+' if value > 0 else MINUS}{text}"


def factor(value: float | None) -> str:
    """A ratio: ×1.9."""
    if value is None or math.isnan(value):
        return "–"
    return f"×{value:.1f}" if value < 100 else f"×{value:.0f}"


def duration(seconds: float | None) -> str:
    """How long, in the largest unit that still tells something: 14 s, 3 min, 2 h."""
    if seconds is None:
        return ""
    whole = max(0, round(seconds))
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{round(whole / 60)} min"
    return f"{whole / 3600:.1f} h"


def moment(value: datetime | None) -> str:
    """A moment, in UTC, to the minute."""
    return value.astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC") if value else "–"


def day(value: datetime | None) -> str:
    """A day: 3 March 2026."""
    return f"{value.astimezone(UTC):%-d %B %Y}" if value else "–"


def file_size(value: int) -> str:
    """Bytes as people read them: 312 kB."""
    if value < 1000:
        return f"{value} B"
    if value < 1_000_000:
        return f"{value / 1000:.0f} kB"
    return f"{value / 1_000_000:.1f} MB"


def outcome_words(value: str) -> str:
    """An outcome as words: "real, called fake"."""
    return OUTCOME_WORDS[value]


def decision_words(value: str) -> str:
    """A verdict's decision as a past participle: "overturned"."""
    return DECISION_WORDS[value]


def tag_hue(name: str) -> int:
    """Which of the six tag colours a name has; the same name has the same one everywhere."""
    return zlib.crc32(name.casefold().encode()) % 6


def register(app: Flask) -> None:
    """Make every function of this module a template filter of its own name."""
    for function in (
        count,
        day,
        decision_words,
        duration,
        factor,
        file_size,
        moment,
        outcome_words,
        percent,
        probability,
        signed,
        tag_hue,
    ):
        app.add_template_filter(function)
