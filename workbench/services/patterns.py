"""The patterns of a version, ranked, and one pattern with its members."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from flask_babel import gettext
from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.orm import joinedload

from workbench.analysis.cells import COLUMNS, ROWS
from workbench.services.browsing import ImageCard, cards
from workbench.services.errors import InvalidError, NotFoundError
from workbench.services.judging import WRONG
from workbench.services.keyset import key_text, parse_key
from workbench.services.overview import find_cell, inside
from workbench.services.pattern_names import default_label
from workbench.services.tagging import TaggingView, taggings_of_patterns
from workbench.store.database import session
from workbench.store.results import Cell, Pattern, PixelGroup, Prediction
from workbench.store.versions import ModelVersion

ORDERS = ("contribution", "lift", "prevalence")
EXEMPLARS = 6
MEMBERS_A_PAGE = 48
MISLED_SHOWN = 24


@dataclass(frozen=True)
class GroupExemplar:
    """One member of a pattern. `contribution` is in logits, + toward fake."""

    group_id: int
    image_id: int
    label: str
    p: float
    contribution: float


@dataclass(frozen=True)
class PatternRow:
    """A pattern in the ranked list; all in logits but prevalences (shares) and lift (a ratio)."""

    id: int
    number: int
    label: str
    side: str
    groups: int
    images: int
    mean_contribution: float
    spread_contribution: float
    prevalence_real: float
    prevalence_fake: float
    lift: float
    lift_low: float
    lift_high: float
    tags: tuple[TaggingView, ...]
    exemplars: tuple[GroupExemplar, ...]
    profile: tuple[float, ...]
    effect: float | None
    """Measured: beyond what its controls do. The interval is of 95 %."""
    effect_low: float | None
    effect_high: float | None
    effect_control: float | None
    effect_images: int | None
    stability: float | None
    """In [0, 1]; see `analysis.patterns.Stability`."""


@dataclass(frozen=True)
class PatternsSummary:
    """What is known of a version's patterns as a whole; None where it is not.

    `stability` is the adjusted Rand index over resamples. `effect_rank_correlation` is +1 where
    what patterns are said to contribute, and what removing them does, rank alike.
    """

    stability: float | None
    effect_rank_correlation: float | None


@dataclass(frozen=True)
class PatternDetail:
    """One pattern: a page of its members, the cells it lies in, the images it misleads."""

    row: PatternRow
    members: tuple[GroupExemplar, ...]
    members_after: str | None
    cells: tuple[int, ...]
    misled: tuple[ImageCard, ...]


def patterns(
    version_id: int, order: str = "contribution", cell_id: int | None = None
) -> tuple[PatternRow, ...]:
    """All patterns, or those met in a cell, ranked. A constant number of queries."""
    if order not in ORDERS:
        raise InvalidError(f"{order} is no order; one of {', '.join(ORDERS)} is.")
    key = {
        "contribution": func.abs(Pattern.mean_contribution).desc(),
        "lift": Pattern.lift.desc(),
        "prevalence": (Pattern.prevalence_real + Pattern.prevalence_fake).desc(),
    }[order]
    query = select(Pattern).where(Pattern.version_id == version_id).order_by(key, Pattern.number)
    if cell_id is not None:
        met = (
            select(PixelGroup.pattern_id)
            .join(Prediction, _same_image())
            .where(inside(find_cell(version_id, cell_id)))
        )
        query = query.where(Pattern.id.in_(met))
    found = session().scalars(query).all()
    return _rows(found)


def summary(version_id: int) -> PatternsSummary:
    """How well the patterns stand as a whole. Raises NotFoundError for an unknown version."""
    version = session().get(ModelVersion, version_id)
    if version is None:
        raise NotFoundError(gettext("There is no such version."))
    return PatternsSummary(
        stability=version.metrics.get("pattern_stability"),
        effect_rank_correlation=version.metrics.get("effect_rank_correlation"),
    )


def _same_image() -> ColumnElement[bool]:
    return and_(
        Prediction.image_id == PixelGroup.image_id,
        Prediction.version_id == PixelGroup.version_id,
    )


def _rows(found: Sequence[Pattern]) -> tuple[PatternRow, ...]:
    ids = [each.id for each in found]
    tags, exemplars = taggings_of_patterns(ids), _exemplars(ids)
    return tuple(_row(each, tags.get(each.id, ()), exemplars.get(each.id, ())) for each in found)


def _row(
    each: Pattern, tags: tuple[TaggingView, ...], exemplars: tuple[GroupExemplar, ...]
) -> PatternRow:
    return PatternRow(
        id=each.id,
        number=each.number,
        label=tags[0].tag if tags else default_label(each.number),
        side=each.side,
        groups=each.groups,
        images=each.images,
        mean_contribution=each.mean_contribution,
        spread_contribution=each.spread_contribution,
        prevalence_real=each.prevalence_real,
        prevalence_fake=each.prevalence_fake,
        lift=each.lift,
        lift_low=each.lift_low,
        lift_high=each.lift_high,
        tags=tags,
        exemplars=exemplars,
        profile=tuple(each.profile),
        effect=each.effect,
        effect_low=each.effect_low,
        effect_high=each.effect_high,
        effect_control=each.effect_control,
        effect_images=each.effect_images,
        stability=each.stability,
    )


def _exemplars(pattern_ids: Sequence[int]) -> dict[int, tuple[GroupExemplar, ...]]:
    """The groups nearest each pattern's medoid, one an image."""
    within_image = func.row_number().over(
        partition_by=(PixelGroup.pattern_id, PixelGroup.image_id),
        order_by=(PixelGroup.typicality, PixelGroup.id),
    )
    nearest = (
        select(
            PixelGroup.id,
            PixelGroup.pattern_id,
            PixelGroup.typicality,
            within_image.label("within_image"),
        )
        .where(PixelGroup.pattern_id.in_(pattern_ids))
        .subquery()
    )
    ranked = (
        select(
            nearest.c.id,
            func.row_number()
            .over(partition_by=nearest.c.pattern_id, order_by=(nearest.c.typicality, nearest.c.id))
            .label("rank"),
        )
        .where(nearest.c.within_image == 1)
        .subquery()
    )
    rows = session().execute(
        select(PixelGroup, Prediction.label, Prediction.p)
        .join(ranked, ranked.c.id == PixelGroup.id)
        .join(Prediction, _same_image())
        .where(ranked.c.rank <= EXEMPLARS)
        .order_by(PixelGroup.pattern_id, ranked.c.rank)
    )
    found: dict[int, list[GroupExemplar]] = {}
    for group, label, p in rows:
        found.setdefault(group.pattern_id, []).append(_exemplar(group, label, p))
    return {pattern_id: tuple(each) for pattern_id, each in found.items()}


def _exemplar(group: PixelGroup, label: str, p: float) -> GroupExemplar:
    return GroupExemplar(group.id, group.image_id, label, p, group.contribution)


def pattern(version_id: int, pattern_id: int, after: str | None = None) -> PatternDetail:
    """One pattern. Raises NotFoundError for a pattern of another version."""
    found = session().get(Pattern, pattern_id)
    if found is None or found.version_id != version_id:
        raise NotFoundError(gettext("This version has no such pattern."))
    members, following = _members(pattern_id, after)
    return PatternDetail(
        row=_rows([found])[0],
        members=members,
        members_after=following,
        cells=_cells(found),
        misled=_misled(found),
    )


def _members(pattern_id: int, after: str | None) -> tuple[tuple[GroupExemplar, ...], str | None]:
    query = (
        select(PixelGroup, Prediction.label, Prediction.p)
        .join(Prediction, _same_image())
        .where(PixelGroup.pattern_id == pattern_id)
        .order_by(PixelGroup.typicality, PixelGroup.id)
        .limit(MEMBERS_A_PAGE + 1)
    )
    if after is not None:
        distance, group_id = parse_key(after)
        query = query.where(
            or_(
                PixelGroup.typicality > distance,
                and_(PixelGroup.typicality == distance, PixelGroup.id > group_id),
            )
        )
    rows = session().execute(query).all()
    shown = rows[:MEMBERS_A_PAGE]
    last = shown[-1].PixelGroup if len(rows) > MEMBERS_A_PAGE else None
    following = key_text(last.typicality, last.id) if last else None
    return tuple(_exemplar(*row) for row in shown), following


def _cells(found: Pattern) -> tuple[int, ...]:
    """The cells of level 0 that hold images with the pattern."""
    places = session().execute(
        select(Prediction.x, Prediction.y)
        .join(PixelGroup, _same_image())
        .where(PixelGroup.pattern_id == found.id, Prediction.x.is_not(None))
    )
    squares = {(int(y * ROWS), int(x * COLUMNS)) for x, y in places}
    cells = session().execute(
        select(Cell.id, Cell.row, Cell.column).where(
            Cell.version_id == found.version_id, Cell.level == 0
        )
    )
    return tuple(cell_id for cell_id, row, column in cells if (row, column) in squares)


def _misled(found: Pattern) -> tuple[ImageCard, ...]:
    """Misclassified images with the pattern where it pushes to the wrong side, the worst first."""
    wrong_way = WRONG[0] if found.side == "fake" else WRONG[1]
    having = select(PixelGroup.image_id).where(PixelGroup.pattern_id == found.id)
    misled = session().scalars(
        select(Prediction)
        .options(joinedload(Prediction.image))
        .where(
            Prediction.version_id == found.version_id,
            Prediction.outcome == wrong_way,
            Prediction.image_id.in_(having),
        )
        .order_by(func.abs(Prediction.logit).desc(), Prediction.image_id)
        .limit(MISLED_SHOWN)
    )
    return cards(misled.all())
