"""When review will be done, if people go on as they did in the last two weeks."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, timedelta
from typing import Final

import numpy as np
from sqlalchemy import select

from workbench.services.queues.counted import is_counted
from workbench.store.database import now, session
from workbench.store.queues import QueueClaim, QueueItem

DAYS_BACK: Final = 14
FEWEST_DAYS: Final = 3
"""With work on fewer of these days there is no interval."""
RESAMPLES: Final = 2000


@dataclass(frozen=True)
class Forecast:
    """What is left, and how many days it takes; idle days count.

    pace: a day, over the last 14 days, or since the work began; today counts as a whole day.
    low, high: 95% bootstrap interval over these days; None where too few had work. high is None,
    too, where the slowest resamples have no work at all.
    """

    left: int
    pace: float
    days: float | None
    low: float | None
    high: float | None


def forecast(
    left: int, done: Mapping[date, int], today: date, begun: date | None = None
) -> Forecast:
    """Divide what is left by the pace. `done` is how much was done on each day."""
    window = DAYS_BACK if begun is None else min(max((today - begun).days + 1, 1), DAYS_BACK)
    counts = np.array([done.get(today - timedelta(days=back), 0) for back in range(window)])
    pace = float(counts.mean())
    if not pace:
        return Forecast(left, 0.0, None, None, None)
    if (counts > 0).sum() < FEWEST_DAYS:
        return Forecast(left, pace, left / pace, None, None)
    draws = np.random.default_rng(0).choice(counts, (RESAMPLES, window)).mean(axis=1)
    slow, fast = np.percentile(draws, [2.5, 97.5])
    return Forecast(
        left, pace, left / pace, float(left / fast), float(left / slow) if slow else None
    )


def judged_by_day(queue_ids: Sequence[int], *, leads: bool = True) -> dict[int, Counter[date]]:
    """Verdicts of the last 14 days by queue and day, in UTC, without controls. One query."""
    since = now() - timedelta(days=DAYS_BACK + 1)
    rows = session().execute(
        select(QueueItem.queue_id, QueueClaim.judged_at)
        .join(QueueItem, QueueItem.id == QueueClaim.item_id)
        .where(
            QueueItem.queue_id.in_(queue_ids),
            QueueItem.control_answer.is_(None),
            QueueClaim.judged_at > since,
            is_counted(queue_ids, leads=leads),
        )
    )
    found: defaultdict[int, Counter[date]] = defaultdict(Counter)
    for queue_id, at in rows.tuples():
        if at is not None:
            found[queue_id][at.astimezone(UTC).date()] += 1
    return found
