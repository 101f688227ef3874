"""Images of a selection, and one image with everything that is known of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from sqlalchemy import (
    ColumnElement,
    Float,
    Integer,
    Select,
    and_,
    cast,
    func,
    or_,
    select,
)
from sqlalchemy.orm import InstrumentedAttribute, joinedload

from workbench.analysis.normalise import NORMAL_SIZE
from workbench.services import current
from workbench.services.counterfactual_notes import NoteView, notes_on
from workbench.services.errors import InvalidError, NotFoundError
from workbench.services.judging import WRONG, VerdictView, history, standing_decisions
from workbench.services.keyset import key_text, parse_key
from workbench.services.outlines import label_point, outline
from workbench.services.overview import find_cell, inside
from workbench.services.pattern_names import default_label, pattern_labels
from workbench.services.tagging import (
    TaggingView,
    taggings_of_groups,
    taggings_of_patterns,
)
from workbench.services.version_files import logit_weights_of, readings_of, rows_of
from workbench.store.database import session
from workbench.store.images import LABELS, Image
from workbench.store.results import OUTCOMES, Pattern, PixelGroup, Prediction
from workbench.store.versions import ModelVersion, TrainingRun

ORDERS = ("uncertain", "wrong", "fake", "real", "random")
MOST_A_PAGE = 100


@dataclass(frozen=True)
class Selection:
    """Which images, in which order. Unset conditions let everything through."""

    cell_id: int | None = None
    pattern_id: int | None = None
    outcome: str | None = None
    label: str | None = None
    order: str = "uncertain"


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


def images(
    version_id: int, selection: Selection, after: str | None = None, limit: int = 24
) -> ImagePage:
    """A page of a selection. Raises InvalidError for an unknown condition, order or key."""
    conditions = _conditions(version_id, selection)
    key, descending = _order(selection.order)
    total = session().scalar(
        select(func.count()).select_from(Prediction).join(Image).where(*conditions)
    )
    limit = min(max(limit, 1), MOST_A_PAGE)
    query = (
        select(Prediction, key.label("key"))
        .join(Image)
        .options(joinedload(Prediction.image))
        .where(*conditions)
    )
    if after is not None:
        query = query.where(_behind(key, descending, *parse_key(after)))
    rows = session().execute(_ordered(query, key, descending).limit(limit + 1)).all()
    shown = rows[:limit]
    following = (
        key_text(shown[-1].key, shown[-1].Prediction.image_id) if len(rows) > limit else None
    )
    return ImagePage(cards([row.Prediction for row in shown]), total or 0, following)


def _conditions(version_id: int, selection: Selection) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = [Prediction.version_id == version_id]
    if selection.cell_id is not None:
        conditions.append(inside(find_cell(version_id, selection.cell_id)))
    if selection.pattern_id is not None:
        pattern = session().get(Pattern, selection.pattern_id)
        if pattern is None or pattern.version_id != version_id:
            raise NotFoundError("This version has no such pattern.")
        having = select(PixelGroup.image_id).where(PixelGroup.pattern_id == pattern.id)
        conditions.append(Prediction.image_id.in_(having))
    if selection.outcome == "misclassified":
        conditions.append(Prediction.outcome.in_(WRONG))
    elif selection.outcome is not None:
        _known("outcome", selection.outcome, OUTCOMES)
        conditions.append(Prediction.outcome == selection.outcome)
    if selection.label is not None:
        _known("label", selection.label, LABELS)
        conditions.append(Prediction.label == selection.label)
    return conditions


def _known(what: str, value: str, allowed: Sequence[str]) -> None:
    if value not in allowed:
        raise InvalidError(f"{value} is no {what}; one of {', '.join(allowed)} is.")


def _order(order: str) -> tuple[ColumnElement[float], bool]:
    """What a selection is sorted by, and whether from the largest down; ties go by image id."""
    _known("order", order, ORDERS)
    logit: InstrumentedAttribute[float] = Prediction.logit
    wrongness = func.abs(logit) * (2 * cast(Prediction.outcome.in_(WRONG), Integer) - 1)
    # Twice the remainder: the product of a large id would overflow an integer column's type.
    scattered = cast((Prediction.image_id % 65521 * 7919 + 104729) % 65521, Float)
    return {
        "uncertain": (func.abs(logit), False),
        "wrong": (wrongness, True),
        "fake": (logit.expression, True),
        "real": (logit.expression, False),
        "random": (scattered, False),
    }[order]


def _behind(
    key: ColumnElement[float],
    descending: bool,
    value: float,
    image_id: int,
) -> ColumnElement[bool]:
    further = key < value if descending else key > value
    return or_(further, and_(key == value, Prediction.image_id > image_id))


def _ordered(
    query: Select[tuple[Prediction, float]],
    key: ColumnElement[float],
    descending: bool,
) -> Select[tuple[Prediction, float]]:
    return query.order_by(key.desc() if descending else key.asc(), Prediction.image_id)


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


def neighbours_in_order(
    version_id: int, selection: Selection, image_id: int
) -> tuple[int | None, int | None]:
    """The images before and after one, in a selection's order; None at its ends.

    An image outside of the selection has its neighbours where it would stand.
    """
    key, descending = _order(selection.order)
    value = session().scalar(
        select(key).where(Prediction.version_id == version_id, Prediction.image_id == image_id)
    )
    if value is None:
        raise NotFoundError("This version has not scored this image.")
    conditions = _conditions(version_id, selection)
    query = select(Prediction.image_id).join(Image).where(*conditions)
    following = session().scalar(
        query.where(_behind(key, descending, value, image_id))
        .order_by(key.desc() if descending else key.asc(), Prediction.image_id)
        .limit(1)
    )
    nearer = key > value if descending else key < value
    previous = session().scalar(
        query.where(or_(nearer, and_(key == value, Prediction.image_id < image_id)))
        .order_by(key.asc() if descending else key.desc(), Prediction.image_id.desc())
        .limit(1)
    )
    return previous, following


def image_detail(version_id: int, image_id: int) -> ImageDetail:
    """Everything about one image under one version. Raises NotFoundError."""
    prediction = session().get(Prediction, (version_id, image_id))
    if prediction is None:
        raise NotFoundError("This version has not scored this image.")
    settings = current.settings()
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
