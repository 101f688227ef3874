"""Model versions: which are finished, what each learned from, how good it is, which is active.

A version is finished when its run succeeded. It then stays for good; nobody has seen any other.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask_babel import gettext
from sqlalchemy import delete, exists, func, select
from sqlalchemy.orm import Session, joinedload

from workbench.services import audit
from workbench.services.encoding.made_alike import MADE_ALIKE
from workbench.services.errors import NotFoundError
from workbench.services.models.figures import Signal, VersionFigures, figures_of, signal_of
from workbench.services.models.learned import Learned, learned_of
from workbench.services.models.new_concepts import new_concepts_of
from workbench.services.models.outside import Beside, Outside, beside_of, outside_of
from workbench.services.models.version_images import VersionImages, images_of
from workbench.store.chunks import change_in_chunks
from workbench.store.database import now, session, transaction
from workbench.store.descriptions import DimensionDescription, PatternDescription
from workbench.store.images import Image
from workbench.store.judgements import TagCheck, TaggedRegion, Tagging
from workbench.store.regions import DrawnRegion, Region
from workbench.store.removals import Removal
from workbench.store.results import Cell, Pattern, PixelGroup, Placement, Prediction, ResultShard
from workbench.store.tag_changes import TagExample
from workbench.store.versions import ActiveVersion, ModelVersion, TrainingRun

PRECISION = "precision"
"""Key of a version's metrics."""
DISTILLER = "distiller"
"""Key of a version's metrics: the kind of its distiller."""
IMAGE_SIZE = "image_size"
"""Key of a version's metrics: the side in pixels of the images that its encoder sees."""


@dataclass(frozen=True)
class VersionSummary:
    """A model version in one line."""

    id: int
    number: int
    figures: VersionFigures
    learned: Learned | None
    """None in versions from before it was counted."""
    encoder: str
    relevance: str
    created_at: datetime
    active: bool
    precision: str = ""
    """What its encoder computes in; empty in versions from before it was kept."""
    image_size: int | None = None
    """The side in pixels of the images that its encoder sees; None where it was not kept."""
    distiller: str = ""
    """The kind of its distiller; empty in versions from before there was a choice."""
    outside: Outside | None = None
    """Whose scores it has, where it was not trained here: it has nothing else."""
    beside: Beside | None = None
    """What scores from outside are compared with."""
    made_alike: str = ""
    """What its images were made alike by; empty where they were taken as they are."""

    @property
    def signal(self) -> Signal | None:
        """Whether it has found something that tells real from fake."""
        return signal_of(self.figures)


@dataclass(frozen=True)
class VersionRow:
    """A version as the models page lists it."""

    summary: VersionSummary
    parent_number: int | None
    images: VersionImages
    dataset_counts: dict[str, Any]
    metrics: dict[str, Any]
    patterns: int

    @property
    def new_concepts(self) -> tuple[int, ...]:
        """The dimensions whose concept is new in it: their parent's had died."""
        return new_concepts_of(self.metrics)


def is_finished(version_id: int) -> bool:
    """Whether a version's run succeeded, so that it stays for good."""
    run_id = session().scalar(
        select(TrainingRun.id).where(
            TrainingRun.version_id == version_id, TrainingRun.state == "succeeded"
        )
    )
    return run_id is not None


def finished_version(version_id: int) -> ModelVersion:
    """A finished version. Raises NotFoundError for any other, and where there is none.

    An unfinished version may go, and its ids be given out again: pages show and keep nothing of it.
    """
    version = session().get(ModelVersion, version_id)
    if version is None or not is_finished(version_id):
        raise NotFoundError(gettext("Model version not found."))
    return version


def finished_versions(collection_id: int) -> list[ModelVersion]:
    """A collection's finished versions with their datasets, the newest first."""
    return list(
        session().scalars(
            select(ModelVersion)
            .options(joinedload(ModelVersion.dataset))
            .join(TrainingRun, TrainingRun.version_id == ModelVersion.id)
            .where(ModelVersion.collection_id == collection_id, TrainingRun.state == "succeeded")
            .order_by(ModelVersion.number.desc())
        )
    )


def trained_version(collection_id: int) -> ModelVersion | None:
    """The version that the next retrain starts from; None where none was trained.

    The active one. Where that has scores from outside alone, the newest that was trained.
    """
    active = session().get(ActiveVersion, collection_id, populate_existing=True)
    if active is None or outside_of(active.version.metrics) is None:
        return active.version if active else None
    trained = (
        each for each in finished_versions(collection_id) if outside_of(each.metrics) is None
    )
    return next(trained, None)


def version_summary(version: ModelVersion, active_id: int | None) -> VersionSummary:
    """A version in one line; `active_id` is that of its collection's active version."""
    return VersionSummary(
        id=version.id,
        number=version.number,
        figures=figures_of(version.metrics),
        learned=learned_of(version.metrics),
        encoder=version.encoder,
        relevance=version.relevance,
        created_at=version.created_at,
        active=version.id == active_id,
        precision=version.metrics.get(PRECISION, ""),
        image_size=version.metrics.get(IMAGE_SIZE),
        distiller=version.metrics.get(DISTILLER, ""),
        outside=outside_of(version.metrics),
        beside=beside_of(version.metrics),
        made_alike=version.metrics.get(MADE_ALIKE) or "",
    )


def versions(collection_id: int) -> tuple[VersionRow, ...]:
    """A collection's versions, the newest first."""
    active = session().get(ActiveVersion, collection_id)
    found = finished_versions(collection_id)
    numbers = {each.id: each.number for each in found}
    images = images_of(numbers)
    patterns: dict[int, int] = dict(
        session()
        .execute(
            select(Pattern.version_id, func.count())
            .where(Pattern.version_id.in_(numbers))
            .group_by(Pattern.version_id)
        )
        .tuples()
        .all()
    )
    return tuple(
        VersionRow(
            summary=version_summary(each, active.version_id if active else None),
            parent_number=_parent_number(each, numbers),
            images=images[each.id],
            dataset_counts=each.dataset.counts,
            metrics=each.metrics,
            patterns=patterns.get(each.id, 0),
        )
        for each in found
    )


def _parent_number(version: ModelVersion, numbers: Mapping[int, int]) -> int | None:
    """Of a parent that was removed, as the run noted it."""
    if version.parent_id is not None:
        return numbers.get(version.parent_id)
    learned = learned_of(version.metrics)
    return learned.parent if learned else None


def activate(user_id: int, version_id: int) -> None:
    """Make a finished version its collection's active one; the one that was stays as it is.

    Pages show the active version unless their address says otherwise, and the next retrain starts
    from it. Raises NotFoundError for a version that is not there, or not finished.
    """
    with transaction() as write:
        switch_to(write, finished_version(version_id), user_id)


def next_number(write: Session, collection_id: int) -> int:
    """The number of a collection's next version. That of one that was removed stays its own."""
    numbers = (
        write.scalar(select(func.max(each.number)).where(each.collection_id == collection_id))
        for each in (ModelVersion, Removal)
    )
    return max(each or 0 for each in numbers) + 1


def switch_to(
    write: Session, version: ModelVersion, user_id: int | None, run_id: int | None = None
) -> None:
    """The switch, within a transaction: a reader sees the old or the new."""
    active = write.get(ActiveVersion, version.collection_id)
    before = active.version_id if active else None
    if before == version.id:
        return
    if active is None:
        write.add(ActiveVersion(collection_id=version.collection_id, version_id=version.id))
    else:
        active.version_id, active.since = version.id, now()
    audit.record(
        write,
        user_id,
        "version.activate",
        f"collection:{version.collection_id}",
        before=None if before is None else {"version_id": before},
        after={"version_id": version.id},
        run=run_id,
    )


def forget_patterns(version_id: int) -> None:
    """Delete what was said of a version's patterns, which go next."""
    change_in_chunks(
        delete(PatternDescription),
        PatternDescription.pattern_id,
        PatternDescription.pattern_id.in_(
            select(Pattern.id).where(Pattern.version_id == version_id)
        ),
    )


def remove_results(version_id: int) -> None:
    """Delete the results of a version that nobody sees; cleanup takes its files."""
    forget_patterns(version_id)
    for table, key in (
        (DimensionDescription, DimensionDescription.dimension),
        (Cell, Cell.id),
        (Placement, Placement.image_id),
        (PixelGroup, PixelGroup.image_id),
        (Pattern, Pattern.number),
        (Prediction, Prediction.image_id),
        (ResultShard, ResultShard.id),
    ):
        change_in_chunks(delete(table), key, table.version_id == version_id)
    _forget_regions(version_id)


def _forget_regions(version_id: int) -> None:
    """Delete the regions that were this version's alone, and that nobody said anything of."""
    collection_id = select(ModelVersion.collection_id).where(ModelVersion.id == version_id)
    change_in_chunks(
        delete(Region),
        Region.image_id,
        Region.image_id.in_(
            select(Image.id).where(Image.collection_id == collection_id.scalar_subquery())
        ),
        *(
            ~exists().where(table.region_id == Region.id)
            for table in (PixelGroup, DrawnRegion, Tagging, TaggedRegion, TagCheck, TagExample)
        ),
    )
