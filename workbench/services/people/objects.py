"""What addresses name, and the collection that it is of: not found where that is not seen."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from flask_babel import gettext
from sqlalchemy import CompoundSelect, Integer, Select, cast, null, select, union_all

from workbench.services import visibility
from workbench.services.errors import NotFoundError
from workbench.store.database import session
from workbench.store.export_jobs import ExportJob
from workbench.store.hygiene import DataAction
from workbench.store.images import Collection, Image
from workbench.store.import_jobs import ImportJob
from workbench.store.judgements import (
    Adjudication,
    CounterfactualNote,
    DismissedSuggestion,
    TagCheck,
    TaggedRegion,
    Tagging,
    Verdict,
)
from workbench.store.label_imports import LabelImport
from workbench.store.label_sets import LabelSet
from workbench.store.notes import Expectation, NoteReply
from workbench.store.people import AuditEvent
from workbench.store.queues import Queue
from workbench.store.regions import DrawnRegion, Region
from workbench.store.results import Cell, Pattern, PixelGroup
from workbench.store.tag_changes import TagExample
from workbench.store.versions import ModelVersion, TrainingRun

Found = Select[Any] | CompoundSelect[Any]
Finding = Callable[[Any], Found]


def _itself(table: Any, column: Any) -> Finding:
    return lambda given: select(column).where(table.id == given)


def _by_image(table: Any) -> Finding:
    return lambda given: (
        select(Image.collection_id).join(table, table.image_id == Image.id).where(table.id == given)
    )


def _by_region(table: Any) -> Finding:
    return lambda given: (
        select(Image.collection_id)
        .join(Region, Region.image_id == Image.id)
        .join(table, table.region_id == Region.id)
        .where(table.id == given)
    )


def _by_version(table: Any) -> Finding:
    return lambda given: (
        select(ModelVersion.collection_id)
        .join(table, table.version_id == ModelVersion.id)
        .where(table.id == given)
    )


def _by_pattern(table: Any) -> Finding:
    return lambda given: (
        select(ModelVersion.collection_id)
        .join(Pattern, Pattern.version_id == ModelVersion.id)
        .join(table, table.pattern_id == Pattern.id)
        .where(table.id == given)
    )


def _by_selection(given: Any) -> Found:
    return (
        select(Image.collection_id)
        .distinct()
        .join(Region, Region.image_id == Image.id)
        .join(TaggedRegion, TaggedRegion.region_id == Region.id)
        .where(TaggedRegion.tagging_id == given)
    )


def _there(table: Any) -> Finding:
    """Of no collection, but there: what is in none is seen."""
    return lambda given: select(cast(null(), Integer)).where(table.id == given)


def _either(*ways: Finding) -> Finding:
    return lambda given: union_all(*(select(way(given).subquery()) for way in ways))


COLLECTION_OF: Final[Mapping[str, Finding]] = {
    "name": lambda given: select(Collection.id).where(Collection.name == given),
    "adjudication_id": _by_image(Adjudication),
    "action_id": _itself(DataAction, DataAction.collection_id),
    "cell_id": _by_version(Cell),
    "check_id": _by_region(TagCheck),
    "dismissal_id": _either(_by_region(DismissedSuggestion), _by_pattern(DismissedSuggestion)),
    "drawn_id": _by_region(DrawnRegion),
    "event_id": _either(
        _itself(AuditEvent, AuditEvent.collection_id),
        lambda given: (
            select(Image.collection_id)
            .join(AuditEvent, AuditEvent.image_id == Image.id)
            .where(AuditEvent.id == given)
        ),
    ),
    "example_id": _by_region(TagExample),
    "export_id": lambda given: (
        select(LabelSet.collection_id)
        .join(ExportJob, ExportJob.label_set_id == LabelSet.id)
        .where(ExportJob.id == given)
    ),
    "expectation_id": _by_image(Expectation),
    "group_id": _by_image(PixelGroup),
    "image_id": _itself(Image, Image.collection_id),
    "job_id": lambda given: (
        select(Collection.id)
        .select_from(ImportJob)
        .outerjoin(Collection, Collection.name == ImportJob.collection_name)
        .where(ImportJob.id == given)
    ),
    "label_import_id": _itself(LabelImport, LabelImport.collection_id),
    "note_id": _by_image(CounterfactualNote),
    "pattern_id": _by_version(Pattern),
    "queue_id": _itself(Queue, Queue.collection_id),
    "reply_id": lambda given: (
        select(Image.collection_id)
        .join(CounterfactualNote, CounterfactualNote.image_id == Image.id)
        .join(NoteReply, NoteReply.note_id == CounterfactualNote.id)
        .where(NoteReply.id == given)
    ),
    "run_id": _itself(TrainingRun, TrainingRun.collection_id),
    "tagging_id": _either(
        _by_region(Tagging), _by_pattern(Tagging), _by_selection, _there(Tagging)
    ),
    "verdict_id": _by_image(Verdict),
    "version_id": _itself(ModelVersion, ModelVersion.collection_id),
}
"""By the name that an id has in routes: how its collections are found, in one query.

Null where it is there and in none; no row where there is no such thing.
"""

OF_NO_COLLECTION: Final = frozenset(
    {
        *("change_id", "tag_id"),  # the taxonomy is everybody's
        *("invitation_id", "person_id", "session_id", "token_id"),
        *("delivery_id", "webhook_id"),  # of admins, who see all
        *("filename", "form", "kind", "picture", "size", "ticket"),  # no ids
        *("column", "dimension", "level", "number", "row"),  # they count within what is named
    }
)
"""The other names that routes have. What stands in neither is refused by a test."""


def require_visible(arguments: Mapping[str, Any]) -> None:
    """Raise NotFoundError where something that an address names is in no collection that is seen.

    Also where there is no such thing: what a view says of that, it would not say of what is hidden.
    No query where everything is seen.
    """
    if not visibility.hides_any():
        return
    for name, value in arguments.items():
        find = COLLECTION_OF.get(name)
        if find is None:
            continue
        found = session().scalars(find(value)).all()
        if not found or not all(visibility.sees(each) for each in found):
            raise NotFoundError(gettext("Not found"))
