"""The dashboard of a collection: all of it, gathered once for the page and its export."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, timedelta
from typing import Final

from flask_babel import gettext
from sqlalchemy import select

from workbench.services.agreement.compared import Said, compared
from workbench.services.agreement.verdicts import SCALES, newest_of_each, standing_verdicts
from workbench.services.columns.store import column_store
from workbench.services.dashboard.acts import Act, Span, acts
from workbench.services.dashboard.coverage import Coverage, coverage
from workbench.services.dashboard.days import Day, by_day
from workbench.services.dashboard.people import PersonWork, by_person
from workbench.services.errors import InvalidError
from workbench.services.queues import progress
from workbench.services.queues.forecast import Forecast, forecast, judged_by_day
from workbench.store.database import now, session
from workbench.store.judgements import Tag

DAYS_SHOWN: Final = 28
MOST_DAYS: Final = 1100


@dataclass(frozen=True)
class TagWork:
    """How often a tag was put on in these days, and by how many people."""

    id: int
    name: str
    hue: int | None
    state: str
    times: int
    people: int


@dataclass(frozen=True)
class QueueAhead:
    """A review queue that is open, and how long the verdicts take that it still needs."""

    id: int
    name: str
    ahead: Forecast


@dataclass(frozen=True)
class Dashboard:
    """What was done in a span of days; coverage and what is left are of now."""

    span: Span
    days: tuple[Day, ...]
    people: tuple[PersonWork, ...]
    tags: tuple[TagWork, ...]
    coverage: Coverage
    forecast: Forecast
    """Of the misclassified images that nobody has judged."""
    queues: tuple[QueueAhead, ...]


def span_of(since: date | None, until: date | None) -> Span:
    """The days that are asked for; the last 28 where neither end is said. Raises InvalidError."""
    last = until or max(now().astimezone(UTC).date(), since or date.min)
    first = since or last - timedelta(days=DAYS_SHOWN - 1)
    if not 0 <= (last - first).days < MOST_DAYS:
        raise InvalidError(
            gettext("Choose up to %(most)s days, the first before the last.", most=MOST_DAYS)
        )
    return Span(first, last)


def dashboard(
    collection_id: int,
    images: int,
    version_id: int | None,
    left: int,
    span: Span,
    *,
    leads: bool = True,
) -> Dashboard:
    """Gather what people did. images: of the collection. left: misclassified, without a verdict.

    leads: whether the reader may know of hidden controls in queues.

    Eighteen queries at most, whatever was done.
    """
    today = now().astimezone(UTC).date()
    said = standing_verdicts(collection_id)
    found = compared(newest_of_each(said), SCALES["all"])
    done = acts(collection_id, span)
    within = [each for each in said if each.at in span]
    return Dashboard(
        span,
        by_day(span, within, done, found),
        by_person(collection_id, span, within, done, found),
        _by_tag(done),
        coverage(images, found, column_store(version_id) if version_id else None),
        forecast(left, _first_verdicts(said), today),
        _queues(collection_id, today, leads=leads),
    )


def _first_verdicts(said: Sequence[Said]) -> Counter[date]:
    """How many images got their first verdict that stands on each day."""
    first: dict[int, date] = {}
    for each in said:
        first.setdefault(each.image_id, each.at.astimezone(UTC).date())
    return Counter(first.values())


def _queues(collection_id: int, today: date, *, leads: bool) -> tuple[QueueAhead, ...]:
    """The open queues. Four queries."""
    queues = progress.queues(collection_id, None, leads=leads)
    lines = [each for each in queues if each.state == "open"]
    done = judged_by_day([each.id for each in lines], leads=leads)
    return tuple(
        QueueAhead(
            each.id,
            each.name,
            forecast(
                each.needed - each.done,
                done.get(each.id, {}),
                today,
                each.created_at.astimezone(UTC).date(),
            ),
        )
        for each in lines
    )


def _by_tag(done: Sequence[Act]) -> tuple[TagWork, ...]:
    """The tags that were put on, the most frequent first. One query."""
    times = Counter(each.tag_id for each in done if each.tag_id is not None)
    people: defaultdict[int | None, set[int]] = defaultdict(set)
    for each in done:
        people[each.tag_id].add(each.person_id)
    tags = session().scalars(select(Tag).where(Tag.id.in_(times)))
    return tuple(
        sorted(
            (
                TagWork(tag.id, tag.name, tag.hue, tag.state, times[tag.id], len(people[tag.id]))
                for tag in tags
            ),
            key=lambda each: (-each.times, each.name),
        )
    )
