"""What else names an image: texts and lists that it stands in beside others."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import delete, func, or_, select, update
from sqlalchemy.orm import Session

from workbench.services.models.learned import KEY
from workbench.services.sources.entries import display
from workbench.store.hygiene import DataAction, DataCheck
from workbench.store.image_files import original_location
from workbench.store.images import Collection as ImageCollection
from workbench.store.images import Image, ImportRejection, ImportRun
from workbench.store.import_jobs import ImportJob
from workbench.store.versions import ModelVersion, TrainingRun

_LEFT_OUT = "left_out"
GONE = "(removed)"
"""Stands where an image's name stood."""


def erase(write: Session, images: Sequence[Image]) -> None:
    """Take these images out of whatever else names them, in their collections."""
    for collection_id in {each.collection_id for each in images}:
        own = [each for each in images if each.collection_id == collection_id]
        ids = {each.id for each in own}
        names = {each.name for each in own}
        _give_groups_another_key(write, collection_id, own)
        _erase_imports(write, collection_id, own)
        _erase_jobs(write, collection_id, names)
        _erase_checks(write, collection_id, ids)
        _erase_versions(write, collection_id, ids, names)


def _give_groups_another_key(write: Session, collection_id: int, images: Sequence[Image]) -> None:
    """A group is named by the hash of its first image: that of another takes its place.

    The group stays on its side of the split.
    """
    going = [each.id for each in images]
    for key in {each.group_key for each in images if each.group_key in each.copies}:
        of_group = (Image.collection_id == collection_id, Image.group_key == key)
        another = write.scalar(
            select(func.min(Image.pixel_hash)).where(*of_group, Image.id.not_in(going))
        )
        if another is not None:
            write.execute(update(Image).where(*of_group).values(group_key=another))
            _rename_in_actions(write, collection_id, key, another)


def _rename_in_actions(write: Session, collection_id: int, key: str, another: str) -> None:
    for action in _actions(write, collection_id):
        rows = [
            row | {"group_key": another if row["group_key"] == key else row["group_key"]}
            for row in action.detail["images"]
        ]
        if rows != action.detail["images"]:
            action.detail = action.detail | {"images": rows}


def _actions(write: Session, collection_id: int) -> list[DataAction]:
    found = write.scalars(select(DataAction).where(DataAction.collection_id == collection_id))
    return [each for each in found if "images" in each.detail]


def _erase_imports(write: Session, collection_id: int, images: Sequence[Image]) -> None:
    runs = select(ImportRun.id).where(ImportRun.collection_id == collection_id)
    for image in images:
        # A duplicate names the image that it repeats.
        named = ImportRejection.reason.contains(f" {image.name}", autoescape=True)
        write.execute(
            delete(ImportRejection).where(
                ImportRejection.run_id.in_(runs),
                or_(ImportRejection.uri == image.original_uri, named),
            )
        )
        path, row = original_location(image.original_uri, None)
        if row is None:
            _erase_source(write, collection_id, f"/{display(path.name)}")


def _erase_source(write: Session, collection_id: int, name: str) -> None:
    """The source of an import of single files is the first one's path."""
    alone = ImportRun.source.endswith(name, autoescape=True)
    first = ImportRun.source.contains(f"{name} and ", autoescape=True)
    write.execute(
        update(ImportRun)
        .where(ImportRun.collection_id == collection_id, or_(alone, first))
        .values(source=GONE)
        .execution_options(synchronize_session=False)
    )


def _erase_jobs(write: Session, collection_id: int, names: Collection[str]) -> None:
    """The reports of imports that were asked for on pages name files."""
    collection = select(ImageCollection.name).where(ImageCollection.id == collection_id)
    jobs = select(ImportJob).where(ImportJob.collection_name == collection.scalar_subquery())
    for job in write.scalars(jobs):
        report = {
            what: [each for each in said if not any(name in str(each) for name in names)]
            if isinstance(said, list)
            else said
            for what, said in job.report.items()
        }
        if report != job.report:
            job.report = report
        for name in names:
            job.error = job.error.replace(name, GONE)
            job.shown = job.shown.replace(name, GONE)


def _erase_checks(write: Session, collection_id: int, ids: Collection[int]) -> None:
    """A check that names the image is forgotten; the next one finds what there is then."""
    check = write.get(DataCheck, collection_id)
    if check is not None and any(
        image_id in ids
        for finding in check.findings
        for group in finding.get("groups", ())
        for image_id in group
    ):
        write.delete(check)
    for action in _actions(write, collection_id):
        rows = [each for each in action.detail["images"] if each["id"] not in ids]
        if len(rows) != len(action.detail["images"]):
            action.detail = action.detail | {"images": rows}


def _erase_versions(
    write: Session, collection_id: int, ids: Collection[int], names: Collection[str]
) -> None:
    for version in write.scalars(
        select(ModelVersion).where(ModelVersion.collection_id == collection_id)
    ):
        metrics = _without(version.metrics, ids, names)
        if metrics != version.metrics:
            version.metrics = metrics
    failed = TrainingRun.collection_id == collection_id, TrainingRun.error != ""
    for run in write.scalars(select(TrainingRun).where(*failed)):
        for name in names:
            run.error = run.error.replace(name, GONE)


def _without(
    metrics: dict[str, Any], ids: Collection[int], names: Collection[str]
) -> dict[str, Any]:
    """A version's metrics without the images that they list. Figures stay as they were taken."""
    found = dict(metrics)
    if changed := found.get(KEY, {}).get("changed"):
        sides = ("training", "test")
        listed = {side: [each for each in changed[side] if each not in ids] for side in sides}
        found[KEY] = found[KEY] | {"changed": changed | listed}
    if lost := found.get(_LEFT_OUT):
        kept = [GONE if each in names else each for each in lost["names"]]
        found[_LEFT_OUT] = lost | {"names": kept}
    return found
