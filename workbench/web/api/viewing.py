"""Which images of a collection an operation is about: the filters of Explore, as a query."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from workbench.services import workspaces
from workbench.services.explore.filters import LABEL_FILTERS, SPLITS, VERDICTS
from workbench.services.explore.listing import MOST_SHUFFLES, ORDERS
from workbench.services.workspaces import ShownVersion
from workbench.web.api.models import Id, Input, Ordinal, Paged
from workbench.web.request import entering
from workbench.web.request.view import View
from workbench.web.request.view_reading import OUTCOME_FILTERS, read_view


def _one_of(choices: tuple[str, ...]) -> Any:
    return Field(default=None, json_schema_extra={"enum": [*choices, None]})


class VersionQuery(Input):
    """Under which model version."""

    version: Ordinal | None = None
    """Its number within the collection; the active one by default."""


class FilterQuery(VersionQuery):
    """Conditions on images, as Explore's address has them; they combine."""

    outcome: str | None = _one_of(OUTCOME_FILTERS)
    label: str | None = _one_of(LABEL_FILTERS)
    generator: str | None = None
    split: str | None = _one_of(SPLITS)
    noted: str | None = None
    """A note of the import, or `any`."""
    format: str | None = None
    """Of the original's file."""
    property: str | None = None
    """`NAME,LOW,HIGH`: a property of the file or the picture, and its range."""
    p: str | None = None
    """`LOW,HIGH`: p(fake), each within 0 to 1."""
    severity: str | None = None
    """Fifths of p(fake), `1` (surely real) to `5` (surely fake), with commas between."""
    sensitivity: str | None = None
    """`LOW,HIGH` in logits, + toward fake."""
    activation: str | None = None
    """`DIMENSION,LOW,HIGH`."""
    tag: str | None = None
    """The name of a tag that the image bears."""
    verdict: str | None = _one_of(VERDICTS)
    text: str | None = None
    """In the file name, a tag, a note, or a verdict's reason."""
    cell: Id | None = None
    """The id of a cell of the overview."""
    pattern: Id | None = None
    """The id of a pattern."""
    lasso: str | None = Field(default=None, max_length=4000)
    """`LAYOUT:LEVEL:x,y;x,y;…`: an area of the overview, in cells of the level."""


class ImagesQuery(FilterQuery, Paged):
    """Which images, in which order."""

    order: str = Field(default="uncertain", json_schema_extra={"enum": list(ORDERS)})
    shuffle: int | None = Field(default=None, ge=0, le=MOST_SHUFFLES)
    """Which of the random orders."""


def view_of(name: str, query: FilterQuery) -> tuple[View, ShownVersion]:
    """The view that a query describes, and the version to show.

    Raises InvalidError, NotFoundError; NotAnalysedError before the first analysis.
    """
    told = query.model_dump(exclude_none=True, exclude={"limit", "cursor"})
    view = read_view(name, {key: str(value) for key, value in told.items()})
    return view, version_of(name, query.version)


def version_of(name: str, number: int | None) -> ShownVersion:
    """The version to show. Raises NotAnalysedError before the first analysis."""
    version = workspaces.shown_version(name, number)
    if version is None:
        raise entering.not_analysed(name)
    return version
