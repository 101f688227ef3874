"""A dashboard of four days in March."""

from __future__ import annotations

from datetime import date, timedelta

from workbench.services.dashboard.acts import Span
from workbench.services.dashboard.coverage import Coverage
from workbench.services.dashboard.days import Day
from workbench.services.dashboard.people import PersonWork
from workbench.services.dashboard.report import Dashboard, QueueAhead, TagWork
from workbench.services.queues.forecast import Forecast

FIRST = date(2026, 3, 1)


class Dashboards:
    """What ada and ben did; of the collection that is not analysed, nothing."""

    def span_of(self, since: date | None, until: date | None) -> Span:
        return Span(since or FIRST, until or FIRST + timedelta(days=3))

    def dashboard(
        self,
        collection_id: int,
        images: int,
        version_id: int | None,
        left: int,
        span: Span,
        *,
        leads: bool = True,
    ) -> Dashboard:
        days = (span.until - span.since).days + 1
        if collection_id != 1:
            idle = tuple(
                Day(span.since + timedelta(days=at), 0, 0, 0, 0, 0, 0) for at in range(days)
            )
            nothing = Coverage(images, 0, 0, 0, 0, 0, 0, 0)
            return Dashboard(span, idle, (), (), nothing, Forecast(0, 0.0, None, None, None), ())
        return Dashboard(
            span,
            tuple(
                Day(span.since + timedelta(days=at), 10 * at, at, 0, 0, at, at // 2)
                for at in range(days)
            ),
            (
                PersonWork(
                    *(2, "=ben <i>", {"fake": 40, "real": 0}, 2, 0, 0, 20, 0.5, 0.4, 0.55),
                    ("one_answer", "fast"),
                ),
                PersonWork(1, "ada", {"fake": 12, "real": 8}, 4, 1, 2, 20, 0.5, 9.0, 0.6, ()),
            ),
            (TagWork(90, "fake smile <b>", 2, "active", 6, 2),),
            Coverage(images, 4, 2, 1, 18, 1, 3153, 236),
            Forecast(30, 2.5, 12.0, 8.0, 20.4),
            (QueueAhead(7, "glare <b>", Forecast(6, 0.0, None, None, None)),),
        )
