"""The patterns of a version, ranked, and one pattern with its members."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from flask_babel import gettext
from numpy.typing import NDArray
from sqlalchemy import and_, or_, select

from workbench.analysis.regions.lift import Lift, lifts
from workbench.services import app_settings
from workbench.services.errors import InvalidError, NotFoundError
from workbench.services.explore.cards import ImageCard, cards_of
from workbench.services.explore.columns import Columns, columns_of
from workbench.services.explore.filters import Chosen
from workbench.services.pagination import key_text, parse_key
from workbench.services.review.pattern_names import (
    default_label,
    find_pattern,
)
from workbench.services.review.tags import TaggingView, taggings_of_patterns
from workbench.store.database import session
from workbench.store.images import LABELS
from workbench.store.results import Pattern, PixelGroup, Prediction
from workbench.store.versions import ModelVersion

ORDERS = ("contribution", "lift", "prevalence", "stability")
EXEMPLARS = 6
LOOKED_AT = 500
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
    """A pattern in the ranked list; all in logits but prevalences (shares) and lift (a ratio).

    In a selection, `images`, contributions, prevalences and lift are those of the selection's
    images; effect, stability and profile are always the whole version's.
    """

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
    """One pattern: a page of its members, and the images it misleads."""

    row: PatternRow
    members: tuple[GroupExemplar, ...]
    members_after: str | None
    misled: tuple[ImageCard, ...]


def patterns(chosen: Chosen, order: str = "contribution") -> tuple[PatternRow, ...]:
    """The patterns met in a selection's area, ranked. A constant number of queries."""
    if order not in ORDERS:
        raise InvalidError(f"{order} is no order; one of {', '.join(ORDERS)} is.")
    found = session().scalars(
        select(Pattern)
        .where(Pattern.version_id == chosen.columns.version_id)
        .order_by(Pattern.number)
    )
    rows = _rows(found.all(), chosen)
    key = {
        "contribution": lambda row: abs(row.mean_contribution),
        "lift": lambda row: row.lift,
        "prevalence": lambda row: row.prevalence_real + row.prevalence_fake,
        "stability": lambda row: -1.0 if row.stability is None else row.stability,
    }[order]
    return tuple(sorted(rows, key=key, reverse=True))


def summary(version_id: int) -> PatternsSummary:
    """How well the patterns stand as a whole. Raises NotFoundError for an unknown version."""
    version = session().get(ModelVersion, version_id)
    if version is None:
        raise NotFoundError(gettext("There is no such version."))
    return PatternsSummary(
        stability=version.metrics.get("pattern_stability"),
        effect_rank_correlation=version.metrics.get("effect_rank_correlation"),
    )


@dataclass(frozen=True)
class _Counted:
    """A pattern's figures among the images of a selection."""

    images: int
    mean_contribution: float
    spread_contribution: float
    prevalence_real: float
    prevalence_fake: float
    lift: float
    lift_low: float
    lift_high: float


def _rows(found: Sequence[Pattern], chosen: Chosen | None) -> tuple[PatternRow, ...]:
    """Rows of patterns; with a selection, of those that its area holds, with its own figures."""
    if not found:
        return ()
    columns = columns_of(found[0].version_id) if chosen is None else chosen.columns
    of_selection = None if chosen is None or chosen.everything else _counted(chosen)
    places = {int(each): place for place, each in enumerate(columns.pattern_ids)}
    shown = [each for each in found if of_selection is None or of_selection[places[each.id]].images]
    tags = taggings_of_patterns([each.id for each in shown])
    area = chosen.area if chosen is not None and of_selection is not None else None
    exemplars = {each.id: _exemplars(columns, places[each.id], area) for each in shown}
    return tuple(
        _row(
            each,
            tags.get(each.id, ()),
            exemplars[each.id],
            None if of_selection is None else of_selection[places[each.id]],
        )
        for each in shown
    )


def _counted(chosen: Chosen) -> list[_Counted]:
    columns = chosen.columns
    whole = np.array(
        [np.count_nonzero(chosen.area & (columns.outcomes == each)) for each in range(4)]
    )
    entries = columns.entries_of(chosen.area)
    outcomes = columns.outcomes.take(columns.member_rows.take(entries))
    contributions = columns.member_contributions.take(entries)
    parts = columns.parts_of(entries)
    having = np.array([np.bincount(outcomes[part], minlength=4) for part in parts]).reshape(-1, 4)
    with_wrong_and_right = having[:, (1, 0)] + having[:, (3, 2)]
    without = whole[[1, 0]] + whole[[3, 2]] - with_wrong_and_right
    lifted = lifts(np.hstack([with_wrong_and_right, without]), seed=app_settings.settings().seed)
    return [
        _counted_one(each, contributions[part], whole, lift)
        for each, part, lift in zip(having, parts, lifted, strict=True)
    ]


def _counted_one(
    having: NDArray[np.int64],
    contributions: NDArray[np.float32],
    whole: NDArray[np.int64],
    lift: Lift,
) -> _Counted:
    """`having` and `whole` are images by outcome: of the area with the pattern, and all of it."""
    images = len(contributions)
    return _Counted(
        images=images,
        mean_contribution=float(contributions.mean(dtype=np.float64)) if images else 0.0,
        spread_contribution=float(contributions.std(dtype=np.float64)) if images else 0.0,
        prevalence_real=float(having[:2].sum() / max(whole[:2].sum(), 1)),
        prevalence_fake=float(having[2:].sum() / max(whole[2:].sum(), 1)),
        lift=lift.value,
        lift_low=lift.low,
        lift_high=lift.high,
    )


def _row(
    each: Pattern,
    tags: tuple[TaggingView, ...],
    exemplars: tuple[GroupExemplar, ...],
    of_selection: _Counted | None,
) -> PatternRow:
    row = PatternRow(
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
    return replace(row, **vars(of_selection)) if of_selection else row


def _exemplars(
    columns: Columns, index: int, area: NDArray[np.bool_] | None
) -> tuple[GroupExemplar, ...]:
    """The groups nearest a pattern's medoid, one an image."""
    part = columns.members(index)
    members = np.arange(part.start, part.stop)[:EXEMPLARS]
    if area is not None:
        # The most typical come first: mostly a short look finds enough of those in the area.
        for end in (min(part.start + LOOKED_AT, part.stop), part.stop):
            members = part.start + np.flatnonzero(area[columns.member_rows[part.start : end]])
            if len(members) >= EXEMPLARS:
                break
        members = members[:EXEMPLARS]
    found = []
    for member in members:
        row = columns.member_rows[member]
        found.append(
            GroupExemplar(
                group_id=int(columns.member_groups[member]),
                image_id=int(columns.image_ids[row]),
                label=LABELS[columns.labels[row]],
                p=float(columns.p[row]),
                contribution=float(columns.member_contributions[member]),
            )
        )
    return tuple(found)


def _exemplar(group: PixelGroup, label: str, p: float) -> GroupExemplar:
    return GroupExemplar(group.id, group.image_id, label, p, group.contribution)


def pattern(version_id: int, pattern_id: int, after: str | None = None) -> PatternDetail:
    """One pattern. Raises NotFoundError for a pattern of another version."""
    found = find_pattern(version_id, pattern_id)
    members, following = _members(pattern_id, after)
    return PatternDetail(
        row=_rows([found], None)[0],
        members=members,
        members_after=following,
        misled=_misled(found),
    )


def _members(pattern_id: int, after: str | None) -> tuple[tuple[GroupExemplar, ...], str | None]:
    query = (
        select(PixelGroup, Prediction.label, Prediction.p)
        .join(
            Prediction,
            and_(
                Prediction.image_id == PixelGroup.image_id,
                Prediction.version_id == PixelGroup.version_id,
            ),
        )
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


def _misled(found: Pattern) -> tuple[ImageCard, ...]:
    """Misclassified images with the pattern where it pushes to the wrong side, the worst first."""
    columns = columns_of(found.version_id)
    rows = columns.member_rows[columns.members(columns.pattern_index(found.id))]
    wrong_way = 1 if found.side == "fake" else 3
    misled = rows[columns.outcomes[rows] == wrong_way]
    worst = misled[np.lexsort((misled, -np.abs(columns.logits[misled])))[:MISLED_SHOWN]]
    return cards_of(found.version_id, [int(each) for each in columns.image_ids[worst]])
