"""How far people agree in a collection."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Literal

from flask import Blueprint
from pydantic import field_validator

from workbench.services import workspaces
from workbench.services.agreement import report
from workbench.web.api.models import Id, Number, Output
from workbench.web.api.operations import operation
from workbench.web.api.viewing import VersionQuery
from workbench.web.site import slots

blueprint = Blueprint("agreement", __name__)
TAG = "Agreement"


class Figure(Output):
    """A figure of agreement, at most 1, with its 95% interval; null where it is undefined."""

    value: Number | None
    low: Number | None
    high: Number | None


class AgreementFigures(Output):
    """How far people agree."""

    units: int
    """Images that two people or more answered on."""
    splits: int
    """Of these, those on which answers differ."""
    answers: int
    people: int
    raw: Figure
    """The share of pairs of answers that are the same."""
    kappa: Figure
    """Cohen's; of more than two people the mean over all pairs."""
    alpha: Figure
    """Krippendorff's."""
    ac1: Figure
    """Gwet's."""


class AgreementLine(Output):
    """How far people agree on verdicts, or on one tag."""

    tag_id: int | None
    """Null for verdicts."""
    name: str
    state: str
    agreement: AgreementFigures


class ComparedPerson(Output):
    """Somebody whose answers are compared."""

    id: Id
    name: str


class ComparedPair(Output):
    """How far two people agree on the images that both answered on."""

    first: ComparedPerson
    second: ComparedPerson
    agreement: AgreementFigures


class ComparedWeek(Output):
    """How far people agree on images whose newest answer is of one week."""

    monday: date
    agreement: AgreementFigures


class GivenAnswer(Output):
    """An answer, and who gave it."""

    answer: str
    people: list[str]
    """Their names."""


class SplitImage(Output):
    """An image on which people gave different answers."""

    id: Id
    name: str
    said: list[GivenAnswer]
    """The most frequent first."""
    waiting: bool
    """For an adjudication."""

    @field_validator("said", mode="before")
    @classmethod
    def _by_name(cls, said: Iterable[tuple[str, Sequence[str]]]) -> list[GivenAnswer]:
        return [GivenAnswer(answer=answer, people=list(people)) for answer, people in said]


class Splits(Output):
    """The images that split people."""

    total: int
    waiting: int
    held_back: int
    """So many are not shown, as a queue is still gathering verdicts of them."""
    shown: list[SplitImage]


class RegionOverlaps(Output):
    """How far the regions of a tag overlap between people (intersection over union)."""

    images: int
    regions: int
    counts: list[int]
    """Regions by overlap, in tenths from 0 to 1."""
    mean: Number | None
    matched: Number | None
    """The share with an overlap of half or more."""


class Agreement(Output):
    """Agreement in a collection: all lines, and one of them closely."""

    lines: list[AgreementLine]
    """Verdicts first, then the tags that are on most images."""
    line: AgreementLine
    """The one looked at closely, by pairs of people, weeks and images."""
    pairs: list[ComparedPair]
    weeks: list[ComparedWeek]
    splits: Splits
    overlaps: RegionOverlaps | None
    """Of a tag."""


class AgreementQuery(VersionQuery):
    """Which line is looked at closely, and which answers count."""

    tag: Id | None = None
    """The id of a tag; verdicts by default."""
    scale: Literal["all", "labels"] = "all"
    """Whether all four verdicts count, or real and fake alone."""


@blueprint.get("/collections/<collection:name>/agreement")
@operation(TAG, answer=Agreement)
@slots.costly()
def get_agreement(name: str, query: AgreementQuery) -> Agreement:
    """Get how far people agree in a collection."""
    version = workspaces.shown_version(name, query.version)
    found = report.report(
        workspaces.collection_id(name), version.id if version else None, query.scale, query.tag
    )
    return Agreement.model_validate({"lines": found.lines} | vars(found.closer))
