"""The patterns of a version, ranked, and one pattern with its members."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from flask_babel import gettext
from numpy.typing import NDArray
from sqlalchemy import and_, or_, select

from workbench.services.columns.store import ColumnStore, column_store
from workbench.services.errors import InvalidError, NotFoundError
from workbench.services.explore.cards import ImageCard, cards_of
from workbench.services.explore.filters import Chosen, Selection, choose
from workbench.services.explore.pattern_figures import PatternFigures, figures_in, figures_of_all
from workbench.services.models.patterns import find_pattern
from workbench.services.pagination import key_text, parse_key
from workbench.services.review.tags import TaggingView
from workbench.services.tagged.pattern_tags import (
    UNNAMED,
    PatternTags,
    default_label,
    tags_of_patterns,
)
from workbench.store.database import session
from workbench.store.images import label_of
from workbench.store.outcomes import WRONG, code_of
from workbench.store.results import Pattern, PixelGroup, Prediction
from workbench.store.versions import ModelVersion

ORDERS = ("contribution", "lift", "prevalence", "stability")
EXEMPLARS = 6
LOOKED_AT = 500
MEMBERS_A_PAGE = 48
ERRORS_SHOWN = 24


@dataclass(frozen=True)
class GroupExemplar:
    """One member of a pattern. `contribution` is in logits, + toward fake."""

    group_id: int
    image_id: int
    label: str | None
    p: float
    contribution: float


@dataclass(frozen=True)
class PatternRow(PatternFigures):
    """A pattern in the ranked list: its figures, and what is the whole version's in any selection.

    The figures are those of the selection's area, or of all images.
    """

    id: int
    number: int
    label: str
    side: str
    tags: tuple[TaggingView, ...]
    """Put on it, or on the regions that most of its pixel groups lie on."""
    suggested: tuple[TaggingView, ...]
    """On the regions that some of its pixel groups lie on."""
    exemplars: tuple[GroupExemplar, ...]
    profile: tuple[float, ...]
    """Mean contribution by dimension, in logits."""
    effect: float | None
    """Measured, in logits: beyond what its controls do. The interval is of 95%."""
    effect_low: float | None
    effect_high: float | None
    effect_control: float | None
    effect_images: int | None
    stability: float | None
    """In [0, 1]; see `analysis.regions.patterns.Stability`."""


@dataclass(frozen=True)
class PatternsSummary:
    """What is known of a version's patterns as a whole; None where it is not.

    `stability` is the adjusted Rand index over resamples. `effect_rank_correlation` is +1 where
    what patterns are said to contribute, and what removing them does, rank alike.
    """

    stability: float | None
    effect_rank_correlation: float | None


@dataclass(frozen=True)
class PatternErrors:
    """A pattern's images that have one wrong outcome, the highest loss first.

    `pushed` says whether the pattern pushes to the side that the model wrongly took; if it does
    not, other evidence outweighed it. `images` counts all, `shown` holds the first of them.
    """

    outcome: str
    pushed: bool
    images: int
    shown: tuple[ImageCard, ...]


@dataclass(frozen=True)
class PatternDetail:
    """One pattern: a page of its members, and its misclassified images by outcome."""

    row: PatternRow
    members: tuple[GroupExemplar, ...]
    members_after: str | None
    errors: tuple[PatternErrors, ...]
    """One for each wrong outcome that occurs; the one that the pattern pushes to comes first."""

    @property
    def misclassified(self) -> int:
        """How many of the pattern's images are misclassified."""
        return sum(each.images for each in self.errors)


def patterns(chosen: Chosen, order: str = "contribution") -> tuple[PatternRow, ...]:
    """The patterns met in a selection's area, ranked. A constant number of queries."""
    if order not in ORDERS:
        raise InvalidError(f"Unknown order “{order}”. Use one of: {', '.join(ORDERS)}.")
    found = session().scalars(
        select(Pattern)
        .where(Pattern.version_id == chosen.store.version_id)
        .order_by(Pattern.number)
    )
    rows = _rows(found.all(), chosen)
    key = {
        "contribution": lambda row: abs(row.mean_contribution),
        "lift": lambda row: row.lift.value if row.lift else -1.0,
        "prevalence": lambda row: sum(
            share.value for share in (row.prevalence_real, row.prevalence_fake) if share
        ),
        "stability": lambda row: -1.0 if row.stability is None else row.stability,
    }[order]
    return tuple(sorted(rows, key=key, reverse=True))


def summary(version_id: int) -> PatternsSummary:
    """How well the patterns stand as a whole. Raises NotFoundError for an unknown version."""
    version = session().get(ModelVersion, version_id)
    if version is None:
        raise NotFoundError(gettext("Model version not found."))
    return PatternsSummary(
        stability=version.metrics.get("pattern_stability"),
        effect_rank_correlation=version.metrics.get("effect_rank_correlation"),
    )


def _rows(found: Sequence[Pattern], chosen: Chosen) -> tuple[PatternRow, ...]:
    """Rows of those of these patterns that a selection's area holds."""
    store = chosen.store
    figures = figures_of_all(store) if chosen.everything else figures_in(store, chosen.area)
    indexed = [(each, store.pattern_index(each.id)) for each in found]
    shown = [(each, index) for each, index in indexed if figures[index].images]
    tags = tags_of_patterns(store)
    area = None if chosen.everything else chosen.area
    return tuple(
        _row(each, figures[index], tags.get(each.id, UNNAMED), _exemplars(store, index, area))
        for each, index in shown
    )


def _row(
    each: Pattern,
    figures: PatternFigures,
    tags: PatternTags,
    exemplars: tuple[GroupExemplar, ...],
) -> PatternRow:
    return PatternRow(
        **vars(figures),
        id=each.id,
        number=each.number,
        label=tags.tags[0].tag if tags.tags else default_label(each.number),
        side=each.side,
        tags=tags.tags,
        suggested=tags.suggested,
        exemplars=exemplars,
        profile=tuple(each.profile),
        effect=each.effect,
        effect_low=each.effect_low,
        effect_high=each.effect_high,
        effect_control=each.effect_control,
        effect_images=each.effect_images,
        stability=each.stability,
    )


def _exemplars(
    store: ColumnStore, index: int, area: NDArray[np.bool_] | None
) -> tuple[GroupExemplar, ...]:
    """The groups nearest a pattern's medoid, one an image."""
    part = store.members(index)
    members = np.arange(part.start, part.stop)[:EXEMPLARS]
    if area is not None:
        # The most typical come first: mostly a short look finds enough of those in the area.
        for end in (min(part.start + LOOKED_AT, part.stop), part.stop):
            members = part.start + np.flatnonzero(area[store.member_rows[part.start : end]])
            if len(members) >= EXEMPLARS:
                break
        members = members[:EXEMPLARS]
    found = []
    for member in members:
        row = store.member_rows[member]
        found.append(
            GroupExemplar(
                group_id=int(store.member_groups[member]),
                image_id=int(store.image_ids[row]),
                label=label_of(int(store.labels[row])),
                p=float(store.p[row]),
                contribution=float(store.typical_contributions[member]),
            )
        )
    return tuple(found)


def _exemplar(group: PixelGroup, label: str, p: float) -> GroupExemplar:
    return GroupExemplar(group.id, group.image_id, label, p, group.contribution)


def pattern(
    version_id: int, pattern_id: int, after: str | None = None, limit: int = MEMBERS_A_PAGE
) -> PatternDetail:
    """One pattern. Raises NotFoundError for a pattern of another version."""
    found = find_pattern(version_id, pattern_id)
    members, following = _members(pattern_id, after, limit)
    return PatternDetail(
        row=_rows([found], choose(version_id, Selection()))[0],
        members=members,
        members_after=following,
        errors=_errors(found),
    )


def _members(
    pattern_id: int, after: str | None, limit: int
) -> tuple[tuple[GroupExemplar, ...], str | None]:
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
        .limit(limit + 1)
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
    shown = rows[:limit]
    last = shown[-1].PixelGroup if len(rows) > limit else None
    following = key_text(last.typicality, last.id) if last else None
    return tuple(_exemplar(*row) for row in shown), following


def _errors(found: Pattern) -> tuple[PatternErrors, ...]:
    store = column_store(found.version_id)
    rows = np.unique(store.member_rows[store.members(store.pattern_index(found.id))])
    outcomes = WRONG if found.side == "fake" else WRONG[::-1]
    by_outcome = {each: rows[store.outcomes[rows] == code_of(each)] for each in outcomes}
    worst = {
        outcome: having[np.lexsort((having, -np.abs(store.logits[having])))[:ERRORS_SHOWN]]
        for outcome, having in by_outcome.items()
    }
    ids = store.image_ids[np.concatenate([*worst.values()])]
    cards = {card.id: card for card in cards_of(found.version_id, ids.tolist())}
    return tuple(
        PatternErrors(
            outcome=outcome,
            pushed=outcome == outcomes[0],
            images=len(by_outcome[outcome]),
            shown=tuple(cards[each] for each in store.image_ids[shown].tolist()),
        )
        for outcome, shown in worst.items()
        if len(shown)
    )
