"""Takedown of a picture: wherever it is in the workbench, with all that was made of it (ADR 52).

Rows first, in one transaction that lists the files; then the files. Whoever comes after a process
that died goes on with the list.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from flask_babel import gettext
from sqlalchemy import select
from sqlalchemy.orm import Session

from workbench.config import Settings
from workbench.services import repeats
from workbench.services.columns.store import forget_columns
from workbench.services.errors import ConflictError
from workbench.services.imports.taken_down import fingerprint
from workbench.services.removal import files, journal, shards, summaries
from workbench.services.removal.counts import Counts
from workbench.services.removal.picture import Picture, same_picture
from workbench.services.removal.shards import Shortened
from workbench.services.runs.removal import remove_left
from workbench.store.database import empty_log, overwrite_deleted, session, transaction
from workbench.store.images import Collection, Image
from workbench.store.removals import Takedown
from workbench.store.results import Embedding, EmbeddingShard


@dataclass(frozen=True)
class ImagePlan:
    """What a takedown of an image would remove.

    collections: in which the same picture is; all of these images go.
    """

    image_id: int
    name: str
    collection: str
    collections: tuple[str, ...]
    counts: Counts


def plan_image(image_id: int, settings: Settings) -> ImagePlan:
    """Count what a takedown would remove. Raises NotFoundError."""
    picture = Picture(session().scalars(same_picture(image_id)).all())
    asked = next(each for each in picture.images if each.id == image_id)
    collections = session().scalars(
        select(Collection.name)
        .where(Collection.id.in_(picture.collection_ids))
        .order_by(Collection.name)
    )
    return ImagePlan(
        image_id,
        asked.name,
        asked.collection.name,
        tuple(collections),
        picture.counts(settings),
    )


def remove_image(image_id: int, user_id: int | None, settings: Settings) -> Counts:
    """Take a picture down: all images of it. Nobody is shown anything of them from here on.

    Raises NotFoundError, and ConflictError where a run is under way on one of its collections, or
    a version would be left without images.
    """
    remove_left()
    with journal.alone(settings):
        images = session().scalars(same_picture(image_id)).all()
        journal.refuse_while_running(session(), {each.collection_id for each in images})
        picture = Picture(images)
        picture.refuse_emptying()
        counts = picture.counts(settings)
        versions = list(picture.version_ids)
        cells = [
            change
            for version_id in versions
            for change in summaries.cells_without(version_id, picture.ids)
        ]
        shortened = [
            *shards.shorten_results(picture.ids, settings),
            *shards.shorten_embeddings(picture.pixel_hashes, settings),
        ]
        with transaction() as write:
            overwrite_deleted(write)
            journal.refuse_while_running(write, _concerned(write, picture, shortened))
            _refuse_others(write, picture, image_id)
            removal_id = _enter(write, picture, image_id, counts, user_id)
            repeats.forget_answers(write)
            summaries.write_cells(write, cells, picture.ids)
            paths = picture.delete(write, settings)
            paths += shards.put_in_place(write, shortened, settings)
            files.list_files(write, removal_id, paths, settings)
        # First of all what pages are made from.
        for version_id in versions:
            forget_columns(version_id, settings)
        files.take_away(removal_id, settings)
        journal.finished(removal_id)
        empty_log()
    return counts


def _concerned(write: Session, picture: Picture, shortened: Sequence[Shortened]) -> set[int]:
    """The collections of the images, and those whose runs may read the shards."""
    ids = [each.shard_id for each in shortened if each.table is EmbeddingShard]
    others = write.scalars(
        select(Image.collection_id)
        .join(Embedding, Embedding.pixel_hash == Image.pixel_hash)
        .where(Embedding.shard_id.in_(ids))
        .distinct()
    )
    return picture.collection_ids | set(others)


def _refuse_others(write: Session, picture: Picture, image_id: int) -> None:
    """Raise ConflictError where an import has brought the picture in once more meanwhile."""
    if [each.id for each in write.scalars(same_picture(image_id))] != picture.ids:
        raise ConflictError(
            gettext("The picture was imported again at the same moment. Try again.")
        )


def _enter(
    write: Session, picture: Picture, image_id: int, counts: Counts, user_id: int | None
) -> int:
    """Enter the removal of each image, and what an import is to refuse; the id of the asked one."""
    entered = {
        each.id: journal.record(
            write,
            "image",
            each.id,
            each.collection_id,
            counts if each.id == image_id else Counts(images=1),
            user_id,
        )
        for each in picture.images
    }
    removal_id = entered.pop(image_id)
    for other in entered.values():
        journal.finish(write, other)
    for digest in picture.content_hashes | picture.pixel_hashes:
        write.merge(Takedown(fingerprint=fingerprint(digest), removal_id=removal_id))
    return removal_id
