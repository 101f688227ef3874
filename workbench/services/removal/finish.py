"""Taking away what removals have marked and listed: after them, and after a process that died."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sqlalchemy import delete, select

from workbench.config import Settings
from workbench.services.errors import ConflictError
from workbench.services.image.paths import of_pictures
from workbench.services.removal import files, journal, shards
from workbench.services.removal.counts import on_disk
from workbench.services.removal.label_sets import delete_sets
from workbench.services.removal.notes import delete_notes
from workbench.services.removal.queues import delete_items, delete_queues
from workbench.services.removal.regions import delete_regions
from workbench.services.runs.removal import remove_dataset, remove_left
from workbench.store.artifacts import Artifact
from workbench.store.database import empty_log, session, transaction
from workbench.store.hygiene import DataAction, DataCheck
from workbench.store.images import Collection, Image, ImportRejection, ImportRun
from workbench.store.import_jobs import ImportJob
from workbench.store.judgements import (
    Adjudication,
    DecisionChange,
    DecisionCounter,
    Verdict,
)
from workbench.store.label_imports import LabelImportRow
from workbench.store.label_sets import LabelSetImage
from workbench.store.removals import Removal, RemovalFile
from workbench.store.results import Embedding
from workbench.store.versions import CuratedDataset, StoredProjection, TrainingRun

_IMAGES = 500
"""Of a transaction: rows, then their files, then the next."""


def finish_left(settings: Settings) -> int:
    """Go on with removals that a process has left; how many there were.

    None are left while somebody removes.
    """
    if not journal.pending():
        return 0
    try:
        with journal.alone(settings, patience_seconds=0):
            return finish(settings)
    except ConflictError:
        return 0


def finish(settings: Settings) -> int:
    """The same, of the only one who removes."""
    left = journal.pending()
    if left:
        remove_left()
    for removal in left:
        # While the files are still listed.
        _forget_artifacts(removal.id, settings)
        if removal.kind == "collection":
            _remove_datasets(removal)
            _remove_images(removal, settings)
            _remove_collection(removal, settings)
            _forget_artifacts(removal.id, settings)
        files.take_away(removal.id, settings)
        journal.finished(removal.id)
    if left:
        empty_log()
    return len(left)


def going_with(collection_id: int, settings: Settings) -> tuple[int, int, int]:
    """How many embeddings, files and bytes go with a collection's images."""
    embeddings = number = size = 0
    for images in _chunks(collection_id):
        pixels, contents = _of_no_other(images, collection_id)
        found, bytes_ = on_disk(of_pictures(settings, pixels, contents))
        embeddings += len(
            session().execute(select(Embedding.row).where(Embedding.pixel_hash.in_(pixels))).all()
        )
        number, size = number + found, size + bytes_
    return embeddings, number, size


def _chunks(collection_id: int) -> Iterator[Sequence[Image]]:
    after = 0
    while images := _first(collection_id, after):
        yield images
        after = images[-1].id


def _first(collection_id: int, after: int = 0) -> Sequence[Image]:
    return (
        session()
        .scalars(
            select(Image)
            .where(Image.collection_id == collection_id, Image.id > after)
            .order_by(Image.id)
            .limit(_IMAGES)
        )
        .all()
    )


def _of_no_other(images: Sequence[Image], collection_id: int) -> tuple[set[str], set[str]]:
    """The hashes of copies and of originals that no other collection has an image of."""
    pixels = {copy for each in images for copy in each.copies}
    contents = {each.content_hash for each in images}
    elsewhere = Image.collection_id != collection_id
    for copy in (Image.pixel_hash, Image.plain_pixel_hash):
        shared = session().scalars(select(copy).where(copy.in_(pixels), elsewhere))
        pixels -= set(shared)
    shared = session().scalars(
        select(Image.content_hash).where(Image.content_hash.in_(contents), elsewhere)
    )
    return pixels, contents - set(shared)


def _remove_images(removal: Removal, settings: Settings) -> None:
    """Remove a collection's images, some at a time: each with its rows, then with its files."""
    while images := _first(removal.subject_id):
        ids = [each.id for each in images]
        pixels, contents = _of_no_other(images, removal.subject_id)
        paths = of_pictures(settings, pixels, contents)
        shortened = shards.shorten_embeddings(pixels, settings)
        with transaction() as write:
            delete_notes(write, ids)
            delete_items(write, ids)
            for table in (Verdict, Adjudication, DecisionChange, LabelSetImage, LabelImportRow):
                write.execute(delete(table).where(table.image_id.in_(ids)))
            write.execute(delete(Embedding).where(Embedding.pixel_hash.in_(pixels)))
            delete_regions(write, ids)
            paths += shards.put_in_place(write, shortened, settings)
            write.execute(
                delete(Image).where(Image.id.in_(ids)),
                execution_options={"synchronize_session": False},
            )
            files.list_files(write, removal.id, paths, settings)
        session().expunge_all()
        files.take_away(removal.id, settings)


def _remove_datasets(removal: Removal) -> None:
    """Remove what is left of a collection's datasets; its images cannot go before."""
    of_it = CuratedDataset.collection_id == removal.subject_id
    for dataset_id in session().scalars(select(CuratedDataset.id).where(of_it)).all():
        remove_dataset(dataset_id)


def _remove_collection(removal: Removal, settings: Settings) -> None:
    """Remove the rest of a collection, once its versions and images are gone."""
    collection_id = removal.subject_id
    with transaction() as write:
        delete_queues(write, collection_id)
        exported = delete_sets(write, collection_id, settings)
        projections = select(StoredProjection.artifact_id).where(
            StoredProjection.collection_id == collection_id
        )
        paths = write.scalars(select(Artifact.path).where(Artifact.id.in_(projections))).all()
        artifacts = [settings.artifact_dir / each for each in paths]
        files.list_files(write, removal.id, [*artifacts, *exported], settings)
        runs = select(ImportRun.id).where(ImportRun.collection_id == collection_id)
        write.execute(delete(ImportRejection).where(ImportRejection.run_id.in_(runs)))
        for table in (
            StoredProjection,
            ImportRun,
            TrainingRun,
            DataCheck,
            DataAction,
            DecisionCounter,
        ):
            write.execute(delete(table).where(table.collection_id == collection_id))
        name = write.get_one(Collection, collection_id).name
        write.execute(delete(ImportJob).where(ImportJob.collection_name == name))
        write.execute(delete(Collection).where(Collection.id == collection_id))


def _forget_artifacts(removal_id: int, settings: Settings) -> None:
    """Delete the rows of files that a removal lists; what refers to them is gone."""
    listed = session().scalars(select(RemovalFile.path).where(RemovalFile.removal_id == removal_id))
    folder = settings.artifact_dir.relative_to(settings.data_dir).as_posix()
    paths = [each.removeprefix(f"{folder}/") for each in listed if each.startswith(f"{folder}/")]
    for start in range(0, len(paths), _IMAGES):
        with transaction() as write:
            chosen = Artifact.path.in_(paths[start : start + _IMAGES])
            ids = write.scalars(select(Artifact.id).where(chosen)).all()
            files.forget_artifacts(write, ids)
