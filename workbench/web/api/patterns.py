"""Patterns with their pixel groups, and the distilled dimensions."""

from __future__ import annotations

from typing import Literal

from flask import Blueprint
from pydantic import Field

from workbench.services.explore import descriptions, dimensions, filters, patterns
from workbench.services.explore.patterns import MEMBERS_A_PAGE
from workbench.web.api.images import Label, PutTag
from workbench.web.api.models import MOST_A_PAGE, Id, Number, Ordinal, Output, Page, Paged
from workbench.web.api.operations import operation
from workbench.web.api.viewing import FilterQuery, version_of, view_of

blueprint = Blueprint("patterns", __name__)
TAG = "Patterns and dimensions"


class Estimate(Output):
    """A value with its 95% interval."""

    value: Number
    low: Number
    high: Number


class GroupOfPattern(Output):
    """A pixel group of a pattern."""

    group_id: Id
    image_id: Id
    label: Label | None
    p: Number
    contribution: Number
    """To the logit, + toward fake."""


class Pattern(Output):
    """A pattern with its figures: of the selection's area, or of all images."""

    id: Id
    number: int
    label: str
    side: str
    groups: int
    images: int
    mean_contribution: Number
    """Of single pixel groups to the logit, + toward fake."""
    contribution_std: Number
    prevalence_real: Estimate | None
    prevalence_fake: Estimate | None
    lift: Estimate | None
    """In errors; null where the images cannot tell, as `unlifted` says why."""
    unlifted: str
    effect: Number | None
    """Measured, in logits, beyond what its controls do."""
    effect_low: Number | None
    effect_high: Number | None
    effect_images: int | None
    stability: Number | None
    profile: list[Number]
    """Mean contribution by dimension, in logits."""
    tags: list[PutTag]
    suggested: list[PutTag]
    exemplars: list[GroupOfPattern]


class PatternList(Output):
    """The patterns of a version that a selection's area holds, ranked."""

    items: list[Pattern]


class PatternsQuery(FilterQuery):
    """Which images, and how the patterns are ranked."""

    sort: Literal["contribution", "lift", "prevalence", "stability"] = "contribution"


class WrongImages(Output):
    """How many of a pattern's images have one wrong outcome."""

    outcome: str
    pushed: bool
    """Whether the pattern pushes to the side that the model wrongly took."""
    images: int


class PatternMembers(Page):
    """A pattern with a page of its pixel groups, the most typical first."""

    pattern: Pattern
    location: str | None
    words: list[str]
    """That the encoder's text tower finds near; nobody has checked them."""
    errors: list[WrongImages]
    items: list[GroupOfPattern]


class MembersQuery(Paged):
    """Under which version, and which page."""

    version: Ordinal | None = None
    limit: int = Field(default=MEMBERS_A_PAGE, ge=1, le=MOST_A_PAGE)


class DimensionsQuery(FilterQuery):
    """Which images are compared with which."""

    a: Id | None = None
    """The id of a cell: its images on the left, in place of the selected ones."""
    b: Id | None = None
    """The same on the right, in place of all that pass the filters."""


class Spread(Output):
    """The distribution of an activation over some images."""

    density: list[Number]
    """From the dimension's `low` to its `high`, in bins; the peak is 1."""
    mean: Number | None
    quartiles: tuple[Number, Number, Number] | None
    images: int


class Dimension(Output):
    """A distilled dimension in two sets of images, and what it shows."""

    index: int
    weight: Number
    """What the logit gains for each 1 of activation."""
    low: Number
    high: Number
    left: Spread
    right: Spread
    difference: Number
    """How far the means lie apart, in logits."""
    share: Number | None
    """Of the evidence of all dimensions."""
    location: str | None
    words: list[str]
    strongest: list[Id]
    """The images with its strongest patches."""
    new_in: int | None


class DimensionList(Output):
    """All dimensions of a version, by index."""

    items: list[Dimension]


@blueprint.get("/collections/<collection:name>/patterns")
@operation(TAG, answer=PatternList)
def list_patterns(name: str, query: PatternsQuery) -> PatternList:
    """List the patterns of a version."""
    view, version = view_of(name, query)
    found = patterns.patterns(filters.choose(version.id, view.selection), view.sort)
    return PatternList(items=[Pattern.model_validate(each) for each in found])


@blueprint.get("/collections/<collection:name>/patterns/<record:pattern_id>")
@operation(TAG, answer=PatternMembers)
def get_pattern(name: str, pattern_id: int, query: MembersQuery) -> PatternMembers:
    """Get one pattern with its pixel groups."""
    version = version_of(name, query.version)
    found = patterns.pattern(version.id, pattern_id, query.cursor, query.limit)
    shown = descriptions.pattern_views([pattern_id]).get(pattern_id)
    return PatternMembers(
        pattern=Pattern.model_validate(found.row),
        location=shown.location if shown else None,
        words=list(shown.suggested) if shown else [],
        errors=[WrongImages.model_validate(each) for each in found.errors],
        items=[GroupOfPattern.model_validate(each) for each in found.members],
        next=found.members_after,
    )


@blueprint.get("/collections/<collection:name>/dimensions")
@operation(TAG, answer=DimensionList)
def list_dimensions(name: str, query: DimensionsQuery) -> DimensionList:
    """List the dimensions of a version, compared over two sets of images.

    Over the selected images and all that pass the filters, or over two cells.
    """
    view, version = view_of(name, query)
    chosen = filters.choose(version.id, view.selection)
    views = descriptions.dimension_views(version.id)
    return DimensionList(
        items=[
            Dimension.model_validate(
                vars(each)
                | vars(views[each.index])
                | {"difference": each.difference, "words": views[each.index].suggested}
            )
            for each in dimensions.violins(chosen, view.a, view.b)
        ]
    )
