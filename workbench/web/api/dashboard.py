"""Who did what when in a collection, what is covered, and what is left."""

from __future__ import annotations

from datetime import date
from typing import Literal

from flask import Blueprint

from workbench.services import workspaces
from workbench.services.dashboard import report
from workbench.web.api.history import Day
from workbench.web.api.models import Id, Number, Output
from workbench.web.api.operations import operation
from workbench.web.api.queues import QueueForecast
from workbench.web.api.viewing import VersionQuery
from workbench.web.request.asking import read_days
from workbench.web.site import security, slots

blueprint = Blueprint("dashboard", __name__)
TAG = "Dashboard"


class DayOfWork(Output):
    """Work of a day, or of a week where the days are many."""

    first: date
    judged: int
    tagged: int
    checked: int
    noted: int
    compared: int
    """Images whose newest verdict is of that time and that two people or more judged."""
    agreed: int
    """Those of them on which all said the same."""


class PersonWork(Output):
    """What one person did."""

    id: Id
    name: str
    judged: int
    answers: dict[str, int]
    """Verdicts by decision."""
    tagged: int
    checked: int
    noted: int
    compared: int
    """Comparisons with other people's verdicts, of any time."""
    same: Number | None
    """The share of them that say the same."""
    pace: Number | None
    """Median seconds from one verdict to the next, without pauses."""
    labelled: Number | None
    """The share of judged images whose imported label is the person's most frequent answer."""
    concerns: list[Literal["one_answer", "fast"]]


class TagWork(Output):
    """How often a tag was put on, and by how many people."""

    id: Id
    name: str
    state: str
    times: int
    people: int


class WorkCoverage(Output):
    """What is done, of all that there is; patterns and pixel groups are the version's."""

    images: int
    judged: int
    compared: int
    agreed: int
    patterns: int
    patterns_tagged: int
    groups: int
    groups_tagged: int


class QueueAhead(Output):
    """A review queue that is open, and how long it takes."""

    id: Id
    name: str
    ahead: QueueForecast


class Dashboard(Output):
    """What was done in a span of days; coverage and what is left are of now."""

    since: date
    until: date
    days: list[DayOfWork]
    people: list[PersonWork]
    tags: list[TagWork]
    coverage: WorkCoverage
    forecast: QueueForecast
    """Of the misclassified images that nobody has judged."""
    queues: list[QueueAhead]


class DashboardQuery(VersionQuery):
    """Which days, in UTC; the last 28 by default."""

    since: Day | None = None
    until: Day | None = None


@blueprint.get("/collections/<collection:name>/dashboard")
@operation(TAG, answer=Dashboard)
@slots.costly()
def get_dashboard(name: str, query: DashboardQuery) -> Dashboard:
    """Get what people did in a collection, and what is left."""
    workspace = workspaces.workspace(name, query.version)
    version = workspace.version
    days = query.model_dump(mode="json", include={"since", "until"}, exclude_none=True)
    found = report.dashboard(
        workspace.collection.id,
        workspace.collection.images,
        version.id if version else None,
        workspace.to_judge,
        report.span_of(*read_days(days)),
        leads=security.may("queues"),
    )
    return Dashboard.model_validate(vars(found) | vars(found.span))
