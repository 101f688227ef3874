"""When a delivery that failed is tried again."""

from __future__ import annotations

import random
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Final

ATTEMPTS: Final = 8
FIRST: Final = 10.0
"""Seconds after the first attempt."""
FACTOR: Final = 4.3
"""Each wait is so much longer than the one before: eight attempts take 23 hours."""
JITTER: Final = 0.2
"""Waits are longer or shorter by up to this share, so that what failed together is not repeated
together."""
LONGEST: Final = timedelta(days=1)


def wait_after(attempts: int, asked: timedelta | None = None) -> timedelta | None:
    """How long to wait after so many attempts; None where there is no further one.

    asked: what the receiver asks for (`Retry-After`). It is never asked sooner, and within a day.
    """
    if attempts >= ATTEMPTS:
        return None
    chance = 1 + random.uniform(-JITTER, JITTER)  # noqa: S311 - spreads load, guards nothing
    own = timedelta(seconds=FIRST * FACTOR ** (attempts - 1) * chance)
    return min(LONGEST, max(own, asked or own))


def retry_after(header: str | None, now: datetime) -> timedelta | None:
    """What `Retry-After` asks for: seconds, or a date; None where it is not understood."""
    if not header:
        return None
    text = header.strip()
    if text.isascii() and text.isdigit():
        return min(LONGEST, timedelta(seconds=min(int(text[:9]), LONGEST.total_seconds())))
    try:
        seconds = (parsedate_to_datetime(text) - now).total_seconds()
    except (TypeError, ValueError, OverflowError):
        return None
    return min(LONGEST, timedelta(seconds=seconds)) if seconds > 0 else None
