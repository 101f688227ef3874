"""Making a label set: everything is read as it stands at one moment, then written in chunks."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from flask_babel import gettext
from sqlalchemy import delete, func, insert, select
from sqlalchemy.orm import Session

from workbench.services import audit
from workbench.services.audit import Concerned
from workbench.services.collections import refuse_leaving
from workbench.services.errors import ConflictError, InvalidError
from workbench.services.label_sets.documents import (
    Document,
    answers_document,
    notes_of,
    regions_of,
)
from workbench.services.label_sets.reading import tags_of
from workbench.services.review.decisions import Answers, answers_in
from workbench.services.training.dataset import final_labels
from workbench.store.chunks import change_in_chunks, write_in_chunks
from workbench.store.database import now, session, snapshot, transaction
from workbench.store.folding import is_printable_line
from workbench.store.id_lists import listed
from workbench.store.images import Collection, Image
from workbench.store.judgements import Tag
from workbench.store.label_sets import LabelSet, LabelSetImage
from workbench.store.people import AuditEvent

LONGEST_NAME: Final = 80
LONGEST_DESCRIPTION: Final = 2000
UNFINISHED_AFTER: Final = timedelta(hours=1)
"""So long nobody writes a label set; what is not ready by then was left by a process that died."""
Row = dict[str, Any]


@dataclass(frozen=True)
class _Read:
    """A collection at one moment."""

    event_id: int
    taxonomy: list[Document]
    rows: Sequence[Row]
    counts: Document


def make_label_set(user_id: int, collection_id: int, name: str, description: str = "") -> int:
    """Freeze what is decided about a collection's images now; the number of the new set.

    It is seen once it is whole. Raises InvalidError, and NotFoundError for a collection that is
    being removed.
    """
    name, description = " ".join(name.split()), description.strip()
    if not name or len(name) > LONGEST_NAME or not is_printable_line(name):
        raise InvalidError(
            gettext(
                "A label set needs a name of at most %(most)s printable characters.",
                most=LONGEST_NAME,
            )
        )
    if len(description) > LONGEST_DESCRIPTION:
        raise InvalidError(
            gettext("A description has at most %(most)s characters.", most=LONGEST_DESCRIPTION)
        )
    read = _read(collection_id)
    label_set_id = _begun(user_id, collection_id, name, description, read)
    rows = [row | {"label_set_id": label_set_id} for row in read.rows]
    write_in_chunks(rows, _write_images)
    with transaction() as write:
        made = write.get_one(LabelSet, label_set_id)
        made.ready_at = now()
        audit.record(
            write,
            user_id,
            "label_set.make",
            f"label_set:{label_set_id}",
            concerned=Concerned(collection_id=collection_id),
            after={"name": name, "number": made.number, "images": len(rows)},
        )
        return made.number


def _begun(user_id: int, collection_id: int, name: str, description: str, read: _Read) -> int:
    _remove_unfinished(collection_id)
    with transaction() as write:
        refuse_leaving(write, collection_id)
        # Of two who make one at the same moment the second counts on.
        write.get(Collection, collection_id, with_for_update=True, populate_existing=True)
        newest = select(func.max(LabelSet.number)).where(LabelSet.collection_id == collection_id)
        made = LabelSet(
            collection_id=collection_id,
            number=(write.scalar(newest) or 0) + 1,
            name=name,
            description=description,
            event_id=read.event_id,
            taxonomy=read.taxonomy,
            counts=read.counts,
            created_by_id=user_id,
        )
        write.add(made)
        write.flush()
        return made.id


def _write_images(write: Session, rows: Sequence[Row]) -> None:
    ids = [row["image_id"] for row in rows]
    there = select(func.count()).select_from(Image).where(Image.id.in_(select(listed(write, ids))))
    if write.scalar(there) != len(ids):
        raise ConflictError(
            gettext("An image was taken down at the same moment. Make the label set again.")
        )
    # With its nulls: else rows with other ones would need statements of their own.
    write.execute(insert(LabelSetImage).execution_options(render_nulls=True), rows)


def _remove_unfinished(collection_id: int) -> None:
    """Remove what a dead process left, but for what another one may be writing now."""
    left = (
        session()
        .scalars(
            select(LabelSet.id).where(
                LabelSet.collection_id == collection_id,
                LabelSet.ready_at.is_(None),
                LabelSet.created_at < now() - UNFINISHED_AFTER,
            )
        )
        .all()
    )
    for each in left:
        change_in_chunks(
            delete(LabelSetImage), LabelSetImage.image_id, LabelSetImage.label_set_id == each
        )
        with transaction() as write:
            write.execute(delete(LabelSet).where(LabelSet.id == each))


def _read(collection_id: int) -> _Read:
    with snapshot() as read:
        event_id = read.scalar(select(func.max(AuditEvent.id))) or 0
        labels = {each.image_id: each.label for each in final_labels(collection_id)}
        answers = answers_in(collection_id)
        regions, notes = regions_of(collection_id), notes_of(collection_id)
        images = read.execute(
            select(Image.id, Image.label)
            .where(Image.collection_id == collection_id)
            .order_by(Image.id)
        )
        counted = Counts()
        rows = [
            counted.with_image(
                _row(
                    image_id,
                    imported,
                    labels.get(image_id),
                    answers.get(image_id),
                ),
                # Let go of: what is read becomes text, and both together are twice as much.
                regions.pop(image_id, []),
                notes.pop(image_id, []),
            )
            for image_id, imported in images
        ]
        return _Read(event_id, _taxonomy(), rows, counted.document())


def _row(image_id: int, imported: str | None, label: str | None, answers: Answers | None) -> Row:
    rule, at = rule_of(imported, answers)
    return {
        "image_id": image_id,
        "label": label,
        "imported": imported,
        "decision": answers.decision if answers else None,
        "rule": rule,
        "decided_at": at,
        "detail": answers_document(answers),
    }


def rule_of(imported: str | None, answers: Answers | None) -> tuple[str, datetime | None]:
    """By what an image has its label, and since when."""
    if answers is None:
        return ("imported" if imported else "none"), None
    if (found := answers.adjudication) is not None:
        return ("majority" if found.by_majority else "adjudicated"), found.at
    agree = len({each.decision for each in answers.verdicts}) == 1
    return ("verdicts" if agree else "disputed"), max(each.at for each in answers.verdicts)


class Counts:
    """Images by label, rule and tag; regions and notes."""

    def __init__(self) -> None:
        self._labels: Counter[str] = Counter()
        self._rules: Counter[str] = Counter()
        self._tags: Counter[str] = Counter()
        self._regions = self._notes = 0

    def with_image(self, row: Row, regions: list[Document], notes: list[Document]) -> Row:
        """Count an image in; its row with all of its detail, as text."""
        detail = row["detail"] | {"regions": regions, "notes": notes}
        self.add(row["label"], row["decision"], row["rule"], detail)
        return row | {"detail": json.dumps(detail, ensure_ascii=False, separators=(",", ":"))}

    def add(
        self, label: str | None, decision: str | None, rule: str, detail: Mapping[str, Any]
    ) -> None:
        """Count an image in."""
        self._labels[label or ("exclude" if decision == "exclude" else "none")] += 1
        self._rules[rule] += 1
        self._tags.update(tags_of(detail))
        self._regions += len(detail["regions"])
        self._notes += len(detail["notes"])

    def taken_from(self, counts: Document) -> Document:
        """The counts of a label set without these images."""
        own = self.document()
        return {
            key: dict(Counter(value) - Counter(own[key]))
            if isinstance(value, dict)
            else value - own[key]
            for key, value in counts.items()
        }

    def document(self) -> Document:
        """As a label set keeps it."""
        return {
            "images": self._labels.total(),
            "labels": dict(self._labels),
            "rules": dict(self._rules),
            "tags": dict(self._tags.most_common()),
            "regions": self._regions,
            "notes": self._notes,
        }


def _taxonomy() -> list[Document]:
    rows = session().execute(
        select(Tag.id, Tag.name, Tag.parent_id, Tag.description, Tag.source, Tag.state)
        .where(Tag.withdrawn_at.is_(None))
        .order_by(Tag.id)
    )
    return [dict(row) for row in rows.mappings()]
