"""When a queue will be done, if people go on as they did in the last two weeks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, timedelta
from typing import Final

import numpy as np

from workbench.services.agreement.compared import Said

DAYS_BACK: Final = 14
FEWEST_DAYS: Final = 3
"""With work on fewer of these days there is no interval."""
RESAMPLES: Final = 2000


@dataclass(frozen=True)
class Forecast:
    """What is left, and how long it takes. Days count weekends and whatever else was idle.

    left: images. pace: images a day that got their first verdict, over the last 14 days.
    low, high: 95% bootstrap interval of the days, over these days; None where too few had work.
    """

    left: int
    pace: float
    days: float | None
    low: float | None
    high: float | None


def forecast(left: int, said: Sequence[Said], today: date) -> Forecast:
    """Divide what is left by the pace. `said` are all standing verdicts, the oldest first."""
    first: dict[int, date] = {}
    for each in said:
        first.setdefault(each.image_id, each.at.astimezone(UTC).date())
    by_day = Counter(first.values())
    counts = np.array([by_day[today - timedelta(days=back)] for back in range(DAYS_BACK)])
    pace = float(counts.mean())
    if not pace:
        return Forecast(left, 0.0, None, None, None)
    if (counts > 0).sum() < FEWEST_DAYS:
        return Forecast(left, pace, left / pace, None, None)
    draws = np.random.default_rng(0).choice(counts, (RESAMPLES, DAYS_BACK)).mean(axis=1)
    slow, fast = np.percentile(draws, [2.5, 97.5])
    return Forecast(left, pace, left / pace, left / fast, left / slow if slow else None)
