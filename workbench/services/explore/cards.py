"""Images of a selection, and one image with everything that is known of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from flask_babel import gettext
from numpy.typing import NDArray
from sqlalchemy import select
from sqlalchemy.orm import joinedload

from workbench.analysis.images.normalise import NORMAL_SIZE
from workbench.services import app_settings
from workbench.services.errors import InvalidError, NotFoundError
from workbench.services.explore.columns import Columns, Rows
from workbench.services.explore.filters import Chosen
from workbench.services.image.outlines import label_point, outline
from workbench.services.models.arrays import logit_weights_of, readings_of, rows_of
from workbench.services.pagination import key_text, parse_key
from workbench.services.review.notes import NoteView, notes_on
from workbench.services.review.pattern_names import default_label, pattern_labels
from workbench.services.review.tags import (
    TaggingView,
    taggings_of_groups,
    taggings_of_patterns,
)
from workbench.services.review.verdicts import WRONG, VerdictView, history, standing_decisions
from workbench.store.database import session
from workbench.store.results import PixelGroup, Prediction
from workbench.store.versions import ModelVersion, TrainingRun

ORDERS = ("uncertain", "wrong", "fake", "real", "diverse", "random")
MOST_A_PAGE = 100
MOST_SHUFFLES = 1_000_000
FIRST_STEP = 1000
"""How far along an order a page is looked for at first."""


@dataclass(frozen=True)
class ImageCard:
    """An image in a grid. p(fake) is in [0, 1]; `decision` is the newest standing verdict."""

    id: int
    name: str
    label: str
    generator: str
    p: float
    outcome: str
    wrong: bool
    held_out: bool
    decision: str | None


@dataclass(frozen=True)
class ImagePage:
    """Some cards of a selection; `after` is the key of the next page, None at the end."""

    cards: tuple[ImageCard, ...]
    total: int
    after: str | None


@dataclass(frozen=True)
class DimensionShare:
    """What one dimension adds to the logit: activation x weight; + toward fake."""

    index: int
    reads: str
    """Of the embedding, in words; empty where that is not known."""
    activation: float
    weight: float
    contribution: float


@dataclass(frozen=True)
class GroupView:
    """A pixel group over its image. The outline is SVG path data in normalised pixels."""

    id: int
    number: int
    outline: str
    label_point: tuple[int, int]
    """(x, y) deep inside the group."""
    left: int
    top: int
    width: int
    height: int
    area_share: float
    contribution: float
    pattern_id: int | None
    pattern_label: str | None
    tags: tuple[TaggingView, ...]


@dataclass(frozen=True)
class VersionScore:
    """What another version says of the same image."""

    number: int
    p: float


@dataclass(frozen=True)
class ImageDetail:
    """One image under one version."""

    card: ImageCard
    size: int
    logit: float
    base_logit: float
    sensitivity: float | None
    """In logits: how far `removed_change` lies from `control_change`; None where not measured."""
    removed_change: float | None
    control_change: float | None
    dimensions: tuple[DimensionShare, ...]
    groups: tuple[GroupView, ...]
    verdicts: tuple[VerdictView, ...]
    notes: tuple[NoteView, ...]
    scores: tuple[VersionScore, ...]
    original_width: int
    original_height: int
    format: str
    file_size: int
    group_key: str = field(repr=False)


@dataclass(frozen=True)
class PlaceInOrder:
    """Where an image stands in a selection's order.

    An image outside of the selection has its neighbours where it would stand, and no number.
    """

    previous_id: int | None
    next_id: int | None
    number: int | None
    """Counted from 1."""
    total: int


def images(
    chosen: Chosen, order: str, after: str | None = None, limit: int = 24, shuffle: int = 0
) -> ImagePage:
    """A page of a selection. Raises InvalidError for an unknown order or a broken key.

    `shuffle` chooses among the random orders.
    """
    columns = chosen.columns
    sequence = _sequence(columns, order, shuffle)
    start = 0 if after is None else int(min(parse_key(after)[0], columns.count)) + 1
    limit = min(max(limit, 1), MOST_A_PAGE)
    places = _walk(sequence, chosen.selected, max(start, 0), limit + 1)
    more = len(places) > limit
    ids = [int(each) for each in columns.image_ids[sequence[places[:limit]]]]
    following = key_text(places[limit - 1], ids[-1]) if more else None
    return ImagePage(cards_of(columns.version_id, ids), chosen.total, following)


def _sequence(columns: Columns, order: str, shuffle: int) -> NDArray[np.int32]:
    """All rows in an order; another random slice begins elsewhere in the one random order."""
    if order not in ORDERS:
        raise InvalidError(f"{order} is no order; one of {', '.join(ORDERS)} is.")
    sequence: NDArray[np.int32] = getattr(columns, f"order_{order}")
    if order != "random" or not shuffle:
        return sequence
    # By the golden section, so that the first few slices overlap as little as can be.
    begin = int(columns.count * (shuffle * 0.6180339887498949 % 1.0))
    return np.roll(sequence, -begin)


def _walk(
    sequence: NDArray[np.int32], selected: Rows, start: int, count: int, *, backward: bool = False
) -> list[int]:
    """The first places from `start` on, or before it, whose images are selected."""
    found: list[int] = []
    step = FIRST_STEP
    while len(found) < count and (start > 0 if backward else start < len(sequence)):
        low, high = (max(start - step, 0), start) if backward else (start, start + step)
        hits = low + np.flatnonzero(selected[sequence[low:high]])
        found += [int(each) for each in (hits[::-1] if backward else hits)[: count - len(found)]]
        start = low if backward else high
        step *= 4
    return found


def cards_of(version_id: int, image_ids: Sequence[int]) -> tuple[ImageCard, ...]:
    """Cards of those images that a version has scored, in this order; two queries."""
    found = {
        each.image_id: each
        for each in session().scalars(
            select(Prediction)
            .options(joinedload(Prediction.image))
            .where(Prediction.version_id == version_id, Prediction.image_id.in_(image_ids))
        )
    }
    return cards([found[each] for each in image_ids if each in found])


def cards(predictions: Sequence[Prediction]) -> tuple[ImageCard, ...]:
    """Cards of these predictions, whose images are loaded; one query for their verdicts."""
    decisions = standing_decisions([each.image_id for each in predictions])
    return tuple(_card(each, decisions.get(each.image_id)) for each in predictions)


def _card(prediction: Prediction, decision: str | None) -> ImageCard:
    image = prediction.image
    return ImageCard(
        id=image.id,
        name=image.name,
        label=prediction.label,
        generator=image.generator,
        p=prediction.p,
        outcome=prediction.outcome,
        wrong=prediction.outcome in WRONG,
        held_out=image.held_out,
        decision=decision,
    )


def place_in_order(chosen: Chosen, order: str, image_id: int, shuffle: int = 0) -> PlaceInOrder:
    """An image among a selection's. Raises NotFoundError for one that was not scored."""
    columns = chosen.columns
    row = columns.row_of(image_id)
    sequence = _sequence(columns, order, shuffle)
    place = int(np.flatnonzero(sequence == row)[0])
    selected = chosen.selected
    before = _walk(sequence, selected, place, 1, backward=True)
    behind = _walk(sequence, selected, place + 1, 1)
    ahead = int(np.count_nonzero(selected[sequence[:place]]))
    return PlaceInOrder(
        previous_id=int(columns.image_ids[sequence[before[0]]]) if before else None,
        next_id=int(columns.image_ids[sequence[behind[0]]]) if behind else None,
        number=ahead + 1 if selected[row] else None,
        total=chosen.total,
    )


def image_detail(version_id: int, image_id: int) -> ImageDetail:
    """Everything about one image under one version. Raises NotFoundError."""
    prediction = session().get(Prediction, (version_id, image_id))
    if prediction is None:
        raise NotFoundError(gettext("This version has not scored this image."))
    settings = app_settings.settings()
    image = prediction.image
    activations, _maps = rows_of(version_id, image_id, settings)
    weights = logit_weights_of(version_id, settings)
    decisions = standing_decisions([image_id])
    return ImageDetail(
        card=_card(prediction, decisions.get(image_id)),
        size=NORMAL_SIZE,
        logit=prediction.logit,
        base_logit=prediction.logit - float(activations @ weights),
        sensitivity=prediction.sensitivity,
        removed_change=prediction.removed_change,
        control_change=prediction.control_change,
        dimensions=tuple(
            DimensionShare(index, reads, float(z), float(w), float(z * w))
            for index, (z, w, reads) in enumerate(
                zip(activations, weights, readings_of(version_id), strict=True)
            )
        ),
        groups=_groups(version_id, image_id),
        verdicts=history(image_id),
        notes=notes_on(image_id),
        scores=_other_scores(version_id, image_id),
        original_width=image.width,
        original_height=image.height,
        format=image.format,
        file_size=image.file_size,
        group_key=image.group_key,
    )


def _groups(version_id: int, image_id: int) -> tuple[GroupView, ...]:
    found = (
        session()
        .scalars(
            select(PixelGroup)
            .options(joinedload(PixelGroup.pattern))
            .where(PixelGroup.version_id == version_id, PixelGroup.image_id == image_id)
            .order_by(PixelGroup.number)
        )
        .all()
    )
    by_hand = taggings_of_groups([each.id for each in found])
    pattern_ids = [each.pattern_id for each in found if each.pattern_id is not None]
    by_pattern = taggings_of_patterns(pattern_ids)
    labels = pattern_labels(pattern_ids)
    return tuple(
        GroupView(
            id=each.id,
            number=each.number,
            outline=outline(each.rle),
            label_point=label_point(each.rle),
            left=each.left,
            top=each.top,
            width=each.width,
            height=each.height,
            area_share=each.area / NORMAL_SIZE**2,
            contribution=each.contribution,
            pattern_id=each.pattern_id,
            pattern_label=labels.get(each.pattern.id, default_label(each.pattern.number))
            if each.pattern
            else None,
            tags=by_hand.get(each.id, ()) + by_pattern.get(each.pattern_id or 0, ()),
        )
        for each in found
    )


def _other_scores(version_id: int, image_id: int) -> tuple[VersionScore, ...]:
    rows = session().execute(
        select(ModelVersion.number, Prediction.p)
        .join(ModelVersion, ModelVersion.id == Prediction.version_id)
        .join(TrainingRun, TrainingRun.version_id == ModelVersion.id)
        .where(
            Prediction.image_id == image_id,
            Prediction.version_id != version_id,
            TrainingRun.state == "succeeded",
        )
        .order_by(ModelVersion.number)
    )
    return tuple(VersionScore(number, p) for number, p in rows)
