"""One image with everything that is known of it under a version."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from flask_babel import gettext
from sqlalchemy import select
from sqlalchemy.orm import joinedload

from workbench.analysis.images.normalise import NORMAL_SIZE
from workbench.services import app_settings
from workbench.services.errors import NotFoundError
from workbench.services.explore.cards import ImageCard, card_of
from workbench.services.image.media import lost_words
from workbench.services.image.outlines import label_point, outline
from workbench.services.models.arrays import logit_weights_of, rows_of
from workbench.services.models.outside import outside_of
from workbench.services.regions.listed import DrawnView, drawn_on
from workbench.services.review.labels import StandingLabel, standing_label
from workbench.services.review.notes import NoteView, notes_on
from workbench.services.review.tags import TaggingView
from workbench.services.review.verdicts import VerdictView, history
from workbench.services.tagged.image_tags import UNTAGGED, tags_on_image
from workbench.services.tagged.pattern_tags import default_label, pattern_labels
from workbench.store.database import session
from workbench.store.image_files import is_whole
from workbench.store.results import PixelGroup, Prediction
from workbench.store.versions import CuratedItem, ModelVersion, TrainingRun


@dataclass(frozen=True)
class DimensionShare:
    """What one dimension adds to the logit: activation x weight; + toward fake."""

    index: int
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
    suggested: tuple[TaggingView, ...] = ()
    """Tags of regions that the group overlaps in part."""


@dataclass(frozen=True)
class VersionScore:
    """What another version says of the same image."""

    number: int
    p: float


@dataclass(frozen=True)
class ScoredBy:
    """Which of a version's heads everything that is shown of an image comes from."""

    fold: int | None
    """The number, from 0, of the fold whose head it is; None for the final head."""
    folds: int
    trained_on_it: bool
    """Whether that head was trained on the image, and may know its label by heart: in versions from
    before cross-fitting, and where there are too few images for folds."""


@dataclass(frozen=True)
class ImageDetail:
    """One image under one version."""

    card: ImageCard
    standing: StandingLabel
    """The label that stands now; the card has the one that the version knew."""
    in_dataset: bool
    """Whether the version was trained on it, or measured with it where it is held out."""
    size: int
    logit: float
    base_logit: float
    sensitivity: float | None
    """As `Prediction.sensitivity`: `removed_change` minus `control_change`, + toward fake."""
    removed_change: float | None
    control_change: float | None
    dimensions: tuple[DimensionShare, ...]
    groups: tuple[GroupView, ...]
    drawn: tuple[DrawnView, ...]
    """Regions that people drew, which are no pixel group of this version."""
    verdicts: tuple[VerdictView, ...]
    notes: tuple[NoteView, ...]
    scores: tuple[VersionScore, ...]
    original_width: int
    original_height: int
    format: str
    file_size: int
    group_key: str = field(repr=False)
    scored_by: ScoredBy = ScoredBy(None, 0, trained_on_it=False)
    import_notes: tuple[str, ...] = ()
    """Codes of `ImportNote`."""
    class_name: str = ""
    date: str = ""
    """When it was made, as far as it is known; empty where it is not."""
    lost: str = ""
    """Why there is no picture of it, and what to do; empty where there is one."""


def image_detail(version_id: int, image_id: int) -> ImageDetail:
    """Everything about one image under one version. Raises NotFoundError."""
    prediction, weight, scored_by = _scored(version_id, image_id)
    settings = app_settings.settings()
    image = prediction.image
    activations, _maps = rows_of(version_id, image_id, settings)
    weights = logit_weights_of(version_id, settings)
    verdicts = history(image_id)
    standing = standing_label(image_id, image.label, verdicts)
    groups = _groups(version_id, image_id)
    return ImageDetail(
        card=card_of(prediction, standing.decision),
        standing=standing,
        in_dataset=weight is not None,
        size=NORMAL_SIZE,
        logit=prediction.logit,
        base_logit=prediction.logit - float(activations @ weights),
        sensitivity=prediction.sensitivity,
        removed_change=prediction.removed_change,
        control_change=prediction.control_change,
        dimensions=tuple(
            DimensionShare(index, float(z), float(w), float(z * w))
            for index, (z, w) in enumerate(zip(activations, weights, strict=True))
        ),
        groups=_group_views(version_id, image_id, groups),
        drawn=drawn_on(image_id, groups),
        verdicts=verdicts,
        notes=notes_on(image_id),
        scores=_other_scores(version_id, image_id),
        original_width=image.width,
        original_height=image.height,
        format=image.format,
        file_size=image.file_size,
        group_key=image.group_key,
        scored_by=scored_by,
        import_notes=tuple(image.import_notes.split()),
        class_name=image.class_name,
        date=image.date or "",
        lost="" if is_whole(settings.image_dir, image.pixel_hash) else lost_words(image),
    )


def _scored(version_id: int, image_id: int) -> tuple[Prediction, float | None, ScoredBy]:
    """A prediction with its image, whose weight in the version's dataset is None if left out."""
    found = (
        session()
        .execute(
            select(Prediction, CuratedItem.weight, ModelVersion.metrics)
            .options(joinedload(Prediction.image))
            .join(ModelVersion, ModelVersion.id == Prediction.version_id)
            .outerjoin(
                CuratedItem,
                (CuratedItem.dataset_id == ModelVersion.dataset_id)
                & (CuratedItem.image_id == Prediction.image_id),
            )
            .where(Prediction.version_id == version_id, Prediction.image_id == image_id)
        )
        .first()
    )
    if found is None:
        raise NotFoundError(gettext("This version has no prediction for this image."))
    prediction, weight, metrics = found
    # The final head is trained on what its dataset has of the training split.
    by_final, training = prediction.fold is None, not prediction.image.held_out
    scored_by = ScoredBy(
        fold=prediction.fold,
        folds=metrics.get("folds", {}).get("count", 0),
        trained_on_it=by_final and training and weight is not None and not outside_of(metrics),
    )
    return prediction, weight, scored_by


def _groups(version_id: int, image_id: int) -> Sequence[PixelGroup]:
    return (
        session()
        .scalars(
            select(PixelGroup)
            .options(joinedload(PixelGroup.pattern))
            .where(PixelGroup.version_id == version_id, PixelGroup.image_id == image_id)
            .order_by(PixelGroup.number)
        )
        .all()
    )


def _group_views(
    version_id: int, image_id: int, found: Sequence[PixelGroup]
) -> tuple[GroupView, ...]:
    tags = tags_on_image(version_id, image_id, found)
    pattern_ids = [each.pattern_id for each in found if each.pattern_id is not None]
    labels = pattern_labels(version_id, pattern_ids)
    return tuple(
        GroupView(
            id=each.id,
            number=each.number,
            outline=outline(each.region.rle),
            label_point=label_point(each.region.rle),
            left=each.region.left,
            top=each.region.top,
            width=each.region.width,
            height=each.region.height,
            area_share=each.region.area / NORMAL_SIZE**2,
            contribution=each.contribution,
            pattern_id=each.pattern_id,
            pattern_label=labels.get(each.pattern.id, default_label(each.pattern.number))
            if each.pattern
            else None,
            tags=tags.get(each.id, UNTAGGED).tags,
            suggested=tags.get(each.id, UNTAGGED).suggested,
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
