"""A picture that is to be taken down: its images, and all rows and files that are of them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from flask_babel import gettext
from sqlalchemy import ColumnElement, Select, delete, func, or_, select, update
from sqlalchemy.orm import Session

from workbench.config import Settings
from workbench.services.errors import ConflictError, NotFoundError
from workbench.services.image.paths import of_pictures
from workbench.services.removal import files, label_sets, notes, queues, regions, summaries, traces
from workbench.services.removal.counts import Counts, count, on_disk
from workbench.store.database import session
from workbench.store.images import Collection, Image
from workbench.store.judgements import (
    Adjudication,
    CounterfactualNote,
    DecisionChange,
    TagCheck,
    Tagging,
    Verdict,
)
from workbench.store.regions import DrawnRegion
from workbench.store.results import Embedding, PixelGroup, Placement, Prediction
from workbench.store.versions import CuratedItem, ModelVersion


def same_picture(image_id: int) -> Select[tuple[Image]]:
    """All images with the content of this one, or its very pixels, in any collection.

    Raises NotFoundError.
    """
    asked = session().get(Image, image_id)
    if asked is None:
        raise NotFoundError(gettext("Image not found."))
    same = or_(
        Image.content_hash == asked.content_hash,
        Image.pixel_hash.in_(asked.copies),
        Image.plain_pixel_hash.in_(asked.copies),
    )
    return select(Image).where(same).order_by(Image.id)


class Picture:
    """Images that go together, as they were read."""

    def __init__(self, images: Sequence[Image]) -> None:
        self.images = images
        self.ids = [each.id for each in images]
        self.content_hashes = {each.content_hash for each in images}
        self.pixel_hashes = {copy for each in images for copy in each.copies}
        self.collection_ids = {each.collection_id for each in images}
        scored = select(Prediction.version_id).where(Prediction.image_id.in_(self.ids))
        self.versions = list(
            session().scalars(select(ModelVersion).where(ModelVersion.id.in_(scored)))
        )
        self.version_ids = [each.id for each in self.versions]
        self.groups = list(
            session().scalars(select(PixelGroup).where(PixelGroup.image_id.in_(self.ids)))
        )
        self.group_ids = [each.id for each in self.groups]
        self.lonely = summaries.lonely_patterns(self.groups)
        """Patterns that have no other member."""

    def counts(self, settings: Settings) -> Counts:
        """How much of each kind goes."""
        number, size = on_disk(self.own_files(settings))
        judged = Verdict.image_id.in_(self.ids), Verdict.withdrawn_at.is_(None)
        return Counts(
            images=len(self.ids),
            versions=len(self.versions),
            scores=count(Prediction, Prediction.image_id.in_(self.ids)),
            pixel_groups=len(self.groups),
            patterns=len(self.lonely),
            embeddings=count(Embedding, Embedding.pixel_hash.in_(self.pixel_hashes)),
            verdicts=count(Verdict, *judged)
            + count(
                Adjudication,
                Adjudication.image_id.in_(self.ids),
                Adjudication.withdrawn_at.is_(None),
            ),
            notes=notes.count_notes(CounterfactualNote.image_id.in_(self.ids)),
            tags=count(Tagging, self._tagged(), Tagging.withdrawn_at.is_(None)),
            drawn=count(DrawnRegion, regions.drawn_in(regions.of_images(self.ids))),
            answers=count(TagCheck, self._answered(), TagCheck.withdrawn_at.is_(None)),
            files=number,
            size=size,
        )

    def own_files(self, settings: Settings) -> list[Path]:
        """What is on disk of these images alone."""
        found = of_pictures(settings, self.pixel_hashes, self.content_hashes)
        for version_id in self.version_ids:
            own = (each.id for each in self.groups if each.version_id == version_id)
            found += files.of_groups(settings, version_id, own)
        return found

    def refuse_emptying(self) -> None:
        """Raise ConflictError where a version would be left without images."""
        for version in self.versions:
            of_version = Prediction.version_id == version.id
            if count(Prediction, of_version) == count(
                Prediction, of_version, Prediction.image_id.in_(self.ids)
            ):
                raise ConflictError(
                    gettext(
                        "v%(number)s of %(name)s has no other image. Remove the collection.",
                        number=version.number,
                        name=version.collection.name,
                    )
                )

    def delete(self, write: Session, settings: Settings) -> list[Path]:
        """Delete the rows; returns the files that are to be taken away, but those of shards."""
        gone = [*self.own_files(settings)]
        for version in self.versions:
            gone += files.derived(settings, version)
        groups = list(self.groups)
        patches = summaries.forget_patches(write, self.version_ids, self.ids)
        gone += [path for each in patches for path in files.of_patch(settings, *each)]
        summaries.subtract_evidence(write, groups)
        traces.erase(write, self.images)
        gone += label_sets.delete_images(write, self.ids, settings)
        self._delete_judgements(write)
        summaries.delete_groups(write, groups, self.lonely)
        regions.delete_regions(write, self.ids)
        for table in (Prediction, Placement, CuratedItem):
            write.execute(delete(table).where(table.image_id.in_(self.ids)))
        write.execute(delete(Embedding).where(Embedding.pixel_hash.in_(self.pixel_hashes)))
        self._count_out(write)
        write.flush()
        write.execute(
            delete(Image).where(Image.id.in_(self.ids)),
            execution_options={"synchronize_session": False},
        )
        return gone

    def _delete_judgements(self, write: Session) -> None:
        regions.delete_on_patterns(write, self.lonely)
        notes.delete_notes(write, self.ids)
        queues.delete_items(write, self.ids)
        for table in (Verdict, Adjudication, DecisionChange):
            write.execute(delete(table).where(table.image_id.in_(self.ids)))

    def _tagged(self) -> ColumnElement[bool]:
        here = regions.of_images(self.ids)
        return or_(Tagging.region_id.in_(here), Tagging.pattern_id.in_(self.lonely))

    def _answered(self) -> ColumnElement[bool]:
        taggings = select(Tagging.id).where(self._tagged())
        here = regions.of_images(self.ids)
        return or_(TagCheck.region_id.in_(here), TagCheck.tagging_id.in_(taggings))

    def _count_out(self, write: Session) -> None:
        labels = write.execute(
            select(Image.collection_id, func.coalesce(Image.label, "unlabelled"), func.count())
            .where(Image.id.in_(self.ids))
            .group_by(Image.collection_id, Image.label)
        )
        for collection_id, label, number in labels.all():
            counted = getattr(Collection, label)
            write.execute(
                update(Collection)
                .where(Collection.id == collection_id)
                .values({label: counted - number})
            )
