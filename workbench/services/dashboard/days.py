"""Work by day, or by week where the days are many."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Final

import numpy as np

from workbench.services.agreement.compared import Compared, Said
from workbench.services.dashboard.acts import Act, Span

MOST_DAYS: Final = 62


@dataclass(frozen=True)
class Day:
    """Work of a day, or of a week from `first`.

    judged: verdicts. compared: images whose newest verdict is of that time and that two people or
    more judged; agreed: those of them on which all said the same.
    """

    first: date
    judged: int
    tagged: int
    checked: int
    noted: int
    compared: int
    agreed: int


def by_day(
    span: Span, said: Sequence[Said], acts: Sequence[Act], found: Compared
) -> tuple[Day, ...]:
    """All days of a span, also those without work; weeks where they are more than 62."""
    step = 1 if (span.until - span.since).days < MOST_DAYS else 7
    size = (span.until - span.since).days // step + 1

    def bin_of(day: date) -> int:
        return (day - span.since).days // step

    judged = Counter(bin_of(_day(each.at)) for each in said)
    done = Counter((each.kind, bin_of(_day(each.at))) for each in acts)
    comparable = found.answers.per_unit >= 2
    split = np.zeros(len(comparable), np.bool_)
    split[found.answers.splitting()] = True
    first = np.datetime64(span.since)
    bins = (found.days - first).astype(np.int64) // step
    within = comparable & (bins >= 0) & (found.days <= np.datetime64(span.until))
    compared = np.bincount(bins[within], minlength=size)
    agreed = np.bincount(bins[within & ~split], minlength=size)
    return tuple(
        Day(
            span.since + timedelta(days=at * step),
            judged[at],
            done["tag", at],
            done["check", at],
            done["note", at],
            int(compared[at]),
            int(agreed[at]),
        )
        for at in range(size)
    )


def _day(at: datetime) -> date:
    return at.astimezone(UTC).date()
