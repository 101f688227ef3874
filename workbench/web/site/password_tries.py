"""How often a password may be tried: counted by name and address, before it is evaluated."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable
from typing import TypeVar

from flask_limiter.util import get_remote_address
from limits import RateLimitItem, RateLimitItemPerHour, RateLimitItemPerMinute
from werkzeug.exceptions import TooManyRequests

from workbench.web.site.limits import limiter

Found = TypeVar("Found")

TRIES = RateLimitItemPerMinute(5, namespace="PASSWORD_TRIES")
"""Of one name from one address. Nobody else's tries count, so that nobody can lock others out."""
SLOWED_TRIES = RateLimitItemPerMinute(1, namespace="PASSWORD_TRIES_SLOWED")
"""The same from an address that was wrong too often: a first try is still evaluated."""
WRONG_TRIES = RateLimitItemPerHour(100, namespace="WRONG_PASSWORDS")
"""Of one address, under all names together."""

_counting = threading.Lock()


def tried(name: str, evaluate: Callable[[], Found | None]) -> Found | None:
    """Evaluate a password for this name; None where it is wrong.

    The try is counted first: of thirty at one moment, five are evaluated. A right one clears the
    count. Raises TooManyRequests, with the seconds to wait.
    """
    address, name = get_remote_address(), name.strip()
    with _counting:
        _count(name, address)
    found = evaluate()
    with _counting:
        if found is None:
            limiter.limiter.hit(WRONG_TRIES, address)
        else:
            limiter.limiter.clear(TRIES, name, address)
            limiter.limiter.clear(SLOWED_TRIES, name, address)
    return found


def _count(name: str, address: str) -> None:
    counts = limiter.limiter
    limits: list[RateLimitItem] = [TRIES]
    if not counts.test(WRONG_TRIES, address):
        limits.append(SLOWED_TRIES)
    for limit in limits:
        if not counts.hit(limit, name, address):
            reset = counts.get_window_stats(limit, name, address).reset_time
            raise TooManyRequests(retry_after=max(math.ceil(reset - time.time()), 1))
