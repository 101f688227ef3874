"""Undoing an import of labels as one, and listing what was imported."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from flask_babel import gettext
from sqlalchemy import func, select
from sqlalchemy.orm import Session, aliased, joinedload

from workbench.services import audit
from workbench.services.audit import Concerned
from workbench.services.errors import ConflictError, NotFoundError
from workbench.services.review.decision_changes import record_changes
from workbench.services.review.queued import follow_verdicts
from workbench.services.review.recording import subject_of
from workbench.store.database import now, session, transaction
from workbench.store.judgements import CounterfactualNote, Tag, Tagging, Verdict
from workbench.store.label_imports import LabelImport, LabelImportRow
from workbench.store.people import AuditEvent
from workbench.store.regions import DrawnRegion
from workbench.store.tag_changes import TagChange

_AT_ONCE: Final = 1_000
_TABLES: Final[dict[str, type[Any]]] = {
    "tagging": Tagging,
    "drawn_region": DrawnRegion,
    "verdict": Verdict,
    "note": CounterfactualNote,
}
"""Tags before the regions that they are on."""


@dataclass(frozen=True)
class ImportView:
    """An import of labels as pages show it."""

    id: int
    format: str
    counts: dict[str, int]
    by: str
    user_id: int
    at: datetime
    finished: bool
    undone: bool


def imports_of(collection_id: int, limit: int = 20) -> tuple[ImportView, ...]:
    """The newest imports of labels into a collection."""
    found = session().scalars(
        select(LabelImport)
        .options(joinedload(LabelImport.user))
        .where(LabelImport.collection_id == collection_id)
        .order_by(LabelImport.id.desc())
        .limit(limit)
    )
    return tuple(
        ImportView(
            id=each.id,
            format=each.format,
            counts=each.counts,
            by=each.user.name,
            user_id=each.user_id,
            at=each.created_at,
            finished=each.finished_at is not None,
            undone=each.undone_at is not None,
        )
        for each in found
    )


def undo_import(user_id: int, collection_id: int, import_id: int) -> int:
    """Withdraw everything that an import brought in and that still stands; how many rows.

    Regions that others have tagged since stay. Raises NotFoundError, and ConflictError for
    somebody else's import and for one that is undone already.
    """
    with transaction() as write:
        _own(write, user_id, collection_id, import_id)
    done = 0
    for kind, table in _TABLES.items():
        after = 0
        while True:
            with transaction() as write:
                ids = write.scalars(
                    select(LabelImportRow.row_id)
                    .where(
                        LabelImportRow.import_id == import_id,
                        LabelImportRow.kind == kind,
                        LabelImportRow.row_id > after,
                    )
                    .order_by(LabelImportRow.row_id)
                    .limit(_AT_ONCE)
                ).all()
                if ids:
                    done += _withdrawn(write, user_id, table, ids)
            if not ids:
                break
            after = ids[-1]
    with transaction() as write:
        found = _own(write, user_id, collection_id, import_id)
        found.undone_at = now()
        audit.acting(write, user_id)
        _take_out_proposed(write, user_id, found)
        audit.record(
            write,
            user_id,
            "labels.undo",
            f"label_import:{import_id}",
            concerned=Concerned(collection_id=collection_id),
            rows=done,
        )
    return done


def _own(write: Session, user_id: int, collection_id: int, import_id: int) -> LabelImport:
    found = write.get(LabelImport, import_id, with_for_update=True, populate_existing=True)
    if found is None or found.collection_id != collection_id:
        raise NotFoundError(gettext("Import not found."))
    if found.user_id != user_id:
        raise ConflictError(gettext("Only who imported these labels can undo it."))
    if found.undone_at is not None:
        raise ConflictError(gettext("This import is undone already."))
    return found


def _withdrawn(write: Session, user_id: int, table: type[Any], ids: Sequence[int]) -> int:
    standing = select(table).where(
        table.id.in_(ids), table.user_id == user_id, table.withdrawn_at.is_(None)
    )
    if table is DrawnRegion:
        tagged = aliased(Tagging)
        standing = standing.where(
            ~select(tagged.id)
            .where(tagged.region_id == DrawnRegion.region_id, tagged.withdrawn_at.is_(None))
            .exists()
        )
    rows = write.scalars(standing.with_for_update()).all()
    subjects = [subject_of(row) for row in rows]
    newest = write.execute(
        select(AuditEvent.subject, func.max(AuditEvent.id))
        .where(AuditEvent.subject.in_(subjects))
        .group_by(AuditEvent.subject)
    )
    audit.acting(write, user_id, undoes=dict(newest.tuples().all()))
    moment = now()
    for row in rows:
        row.withdrawn_at = moment
    write.flush()
    if table is Verdict and rows:
        judged = [row.image_id for row in rows]
        follow_verdicts(write, user_id, judged)
        record_changes(write, judged)
    return len(rows)


def _take_out_proposed(write: Session, user_id: int, found: LabelImport) -> None:
    """Take names out of the taxonomy that came in with this import, and that nothing bears."""
    used = select(Tagging.id).where(Tagging.tag_id == Tag.id, Tagging.withdrawn_at.is_(None))
    changed = select(TagChange.id).where(
        (TagChange.tag_id == Tag.id) | (TagChange.other_id == Tag.id)
    )
    child = aliased(Tag)
    below = select(child.id).where(child.parent_id == Tag.id)
    proposed = write.scalars(
        select(Tag).where(
            Tag.created_by_id == user_id,
            Tag.state == "proposed",
            Tag.withdrawn_at.is_(None),
            Tag.created_at >= found.created_at,
            Tag.created_at <= (found.finished_at or now()),
            *(~each.exists() for each in (used, changed, below)),
        )
    )
    for tag in proposed.all():
        tag.withdrawn_at = now()
