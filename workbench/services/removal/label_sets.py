"""What of label sets leaves with images and collections, and what was exported of them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from sqlalchemy import ColumnElement, delete, select, update
from sqlalchemy.orm import Session

from workbench.config import Settings
from workbench.services.interchange.exports import path_of
from workbench.services.label_sets.freezing import Counts
from workbench.store.export_jobs import ExportJob
from workbench.store.label_imports import LabelImport, LabelImportRow
from workbench.store.label_sets import LabelSet, LabelSetImage

_UNSYNCHRONISED = {"synchronize_session": False}


def delete_images(write: Session, image_ids: Sequence[int], settings: Settings) -> list[Path]:
    """Take images out of all label sets, and out of their counts; the sets say how many went.

    Returns the exported files that hold something of them, which cannot be downloaded any more.
    """
    going = LabelSetImage.image_id.in_(image_ids)
    rows = write.scalars(select(LabelSetImage).where(going)).all()
    label_sets = {row.label_set_id for row in rows}
    for label_set_id in label_sets:
        own = [row for row in rows if row.label_set_id == label_set_id]
        out = Counts()
        for row in own:
            out.add(row.label, row.decision, row.rule, json.loads(row.detail))
        kept = write.get_one(LabelSet, label_set_id, with_for_update=True, populate_existing=True)
        kept.counts = out.taken_from(kept.counts)
        kept.removed += len(own)
    write.flush()
    write.execute(
        delete(LabelImportRow).where(LabelImportRow.image_id.in_(image_ids)),
        execution_options=_UNSYNCHRONISED,
    )
    write.execute(delete(LabelSetImage).where(going), execution_options=_UNSYNCHRONISED)
    of_them = ExportJob.label_set_id.in_(label_sets)
    files = _files(write, of_them, settings)
    write.execute(
        update(ExportJob).where(of_them, ExportJob.state == "succeeded").values(state="expired"),
        execution_options=_UNSYNCHRONISED,
    )
    return files


def delete_sets(write: Session, collection_id: int, settings: Settings) -> list[Path]:
    """Delete the label sets of a collection whose images are gone; returns their exported files."""
    its = select(LabelSet.id).where(LabelSet.collection_id == collection_id)
    files = _files(write, ExportJob.label_set_id.in_(its), settings)
    for statement in (
        delete(ExportJob).where(ExportJob.label_set_id.in_(its)),
        delete(LabelSet).where(LabelSet.collection_id == collection_id),
        delete(LabelImport).where(LabelImport.collection_id == collection_id),
    ):
        write.execute(statement, execution_options=_UNSYNCHRONISED)
    return files


def _files(write: Session, which: ColumnElement[bool], settings: Settings) -> list[Path]:
    found = write.scalars(select(ExportJob.id).where(which, ExportJob.state == "succeeded"))
    return [path for each in found if (path := path_of(each, settings)).is_file()]
