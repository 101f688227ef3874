"""Collections with their versions, and what every page of one needs to know of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from flask_babel import gettext
from sqlalchemy import bindparam, select

from workbench.services import visibility
from workbench.services.collections import find_collection
from workbench.services.errors import NotFoundError
from workbench.services.explore.review_queue import ReviewQueue, review_queue
from workbench.services.hygiene.warnings import DataWarning, standing_warnings, warning_words
from workbench.services.models.version_images import VersionImages, images_of
from workbench.services.models.versions import VersionSummary, finished_versions, version_summary
from workbench.services.runs.queue import RunView, open_run
from workbench.store.database import session
from workbench.store.images import Collection
from workbench.store.versions import ActiveVersion, ModelVersion, TrainingRun


@dataclass(frozen=True)
class CollectionSummary:
    """A collection in one line."""

    id: int
    name: str
    title: str
    description: str
    images: int
    real: int
    fake: int
    active: VersionSummary | None
    file_facts: dict[str, Any]
    unlabelled: int = field(default=0, kw_only=True)
    warnings: tuple[DataWarning, ...] = field(default=(), kw_only=True)

    def warning(self, version: int | None = None) -> str:
        """Why figures of a version, by default the active one, are doubtful: one sentence."""
        number = self.active.number if version is None and self.active else version
        return warning_words(self.warnings, number)


@dataclass(frozen=True)
class ListedCollection(CollectionSummary):
    """A collection at home, with the images of its active version."""

    analysed: VersionImages | None

    @property
    def imported_since(self) -> int:
        """How many of its images the active version has not analysed."""
        return self.images - self.analysed.images if self.analysed else 0


@dataclass(frozen=True)
class Workspace:
    """What every page of a collection shows around its own matter."""

    collection: CollectionSummary
    version: VersionSummary | None
    versions: tuple[VersionSummary, ...]
    run: RunView | None
    queue: ReviewQueue | None
    """The version's misclassified images without a verdict: read once for the whole page."""

    @property
    def warning(self) -> str:
        """Why figures of the shown version are doubtful, in a sentence; else empty."""
        return self.collection.warning(self.version.number if self.version else None)

    @property
    def to_judge(self) -> int:
        """How many misclassified images have no verdict yet."""
        return self.queue.count if self.queue else 0


@dataclass(frozen=True)
class ShownVersion:
    """Which version a page shows."""

    id: int
    number: int


def collections() -> tuple[ListedCollection, ...]:
    """All collections that are seen, by name. Three queries, however many there are."""
    active = {
        row.collection_id: row
        for row in session().scalars(select(ModelVersion).join(ActiveVersion))
    }
    found = session().scalars(
        select(Collection).where(visibility.visible(Collection.id)).order_by(Collection.name)
    )
    images = images_of([each.id for each in active.values()])
    return tuple(
        ListedCollection(
            **vars(_summary(each, version)), analysed=images.get(version.id) if version else None
        )
        for each in found
        for version in (active.get(each.id),)
    )


def workspace(name: str, version_number: int | None = None) -> Workspace:
    """A collection with the version to show: the active one, or the one asked for.

    Raises NotFoundError for an unknown collection, or a version it does not have.
    """
    collection = find_collection(name)
    active = session().scalar(
        select(ModelVersion)
        .join(ActiveVersion, ActiveVersion.version_id == ModelVersion.id)
        .where(ActiveVersion.collection_id == collection.id)
    )
    active_id = active.id if active else None
    finished = [version_summary(each, active_id) for each in finished_versions(collection.id)]
    version = next(
        (
            each
            for each in finished
            if (each.active if version_number is None else each.number == version_number)
        ),
        None,
    )
    if version is None and version_number is not None:
        raise _unknown_version(name, version_number)
    return Workspace(
        collection=_summary(collection, active),
        version=version,
        versions=tuple(finished),
        run=open_run(collection.id),
        queue=review_queue(version.id) if version else None,
    )


def collection_id(name: str) -> int:
    """The id of a collection, for who needs no more of it. Raises NotFoundError."""
    return find_collection(name).id


# Made once but for which of them, as every write on a page of a collection asks it.
_FINISHED = (
    select(ModelVersion.id, ModelVersion.number)
    .join(Collection, Collection.id == ModelVersion.collection_id)
    .join(TrainingRun, TrainingRun.version_id == ModelVersion.id)
    .outerjoin(ActiveVersion, ActiveVersion.collection_id == Collection.id)
    .where(Collection.name == bindparam("name"), TrainingRun.state == "succeeded")
)


def shown_version(name: str, version_number: int | None = None) -> ShownVersion | None:
    """The version of `workspace` alone, for who writes about it. None where none is active.

    One query. Raises NotFoundError like `workspace`.
    """
    asked = (
        ActiveVersion.version_id == ModelVersion.id
        if version_number is None
        else ModelVersion.number == version_number
    )
    found = (
        session()
        .execute(_FINISHED.where(visibility.visible(Collection.id), asked), {"name": name})
        .first()
    )
    if found is not None:
        return ShownVersion(found.id, found.number)
    find_collection(name)
    if version_number is not None:
        raise _unknown_version(name, version_number)
    return None


def _unknown_version(name: str, number: int) -> NotFoundError:
    return NotFoundError(gettext("%(name)s has no version %(version)s.", name=name, version=number))


def _summary(collection: Collection, active: ModelVersion | None) -> CollectionSummary:
    return CollectionSummary(
        id=collection.id,
        name=collection.name,
        title=collection.title or collection.name,
        description=collection.description,
        images=collection.real + collection.fake + collection.unlabelled,
        real=collection.real,
        fake=collection.fake,
        unlabelled=collection.unlabelled,
        active=version_summary(active, active.id) if active else None,
        file_facts=collection.file_facts,
        warnings=standing_warnings(collection),
    )
