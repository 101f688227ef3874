"""What was answered as saved, held against the database and the audit trail."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select

from benchmarks.command import Figures
from benchmarks.web.databases import Filled
from workbench.app import create_app
from workbench.services.review.recording import subject_of
from workbench.store.database import db, session
from workbench.store.judgements import Adjudication, Tagging, Verdict
from workbench.store.people import AuditEvent

TABLES: dict[str, type[Any]] = {
    "verdicts": Verdict,
    "taggings": Tagging,
    "adjudications": Adjudication,
}
"""By the first part of the address that withdraws a row."""
Key = tuple[str, int]


@dataclass
class Saved:
    """A row as its writer was told that it is saved: by whom, on what, and whether it stands.

    `standing` is None where a withdrawal was sent, and never answered.
    """

    user: str
    on: int
    says: str
    standing: bool | None = True


class Books:
    """The rows that there were before. What is compared came after."""

    def __init__(self, filled: Filled) -> None:
        self._filled = filled
        with _reading(filled):
            self._last = {
                name: session().scalar(select(func.max(table.id))) or 0
                for name, table in TABLES.items()
            }
            self._last_event = session().scalar(select(func.max(AuditEvent.id))) or 0
            self._close()

    def compared(self, saved: Mapping[Key, Saved], unanswered: int) -> Figures:
        """How many rows are lost, doubled, or other than the audit trail says.

        Of the writes that were never answered each may have made a row.
        """
        with _reading(self._filled):
            rows = {
                (name, row.id): row
                for name, table in TABLES.items()
                for row in session().scalars(select(table).where(table.id > self._last[name]))
            }
            lost = sum(not _is_as_saved(rows.get(key), told) for key, told in saved.items())
            beyond = len(rows.keys() - saved.keys())
            differs = self._differing(rows.values())
            self._close()
        return {
            "lost": lost,
            "doubled": max(beyond - unanswered, 0),
            "audit_differs": differs,
        }

    def _differing(self, rows: Iterable[Any]) -> int:
        """Rows that stand, or stand no more, against what their newest event says."""
        events = select(AuditEvent).where(AuditEvent.id > self._last_event).order_by(AuditEvent.id)
        replayed: dict[str, tuple[bool, dict[str, Any]]] = {}
        for event in session().scalars(events):
            told = replayed.get(event.subject, (False, {}))[1]
            replayed[event.subject] = event.after is not None, event.after or told
        kinds = tuple(subject.partition(":")[0] for subject in replayed)
        there = {subject_of(row): row for row in rows}
        ghosts = [
            subject
            for kind, subject in zip(kinds, replayed, strict=True)
            if kind in ("verdict", "tagging", "adjudication") and subject not in there
        ]
        different = [
            subject
            for subject, row in there.items()
            if subject not in replayed
            or replayed[subject][0] != (row.withdrawn_at is None)
            or replayed[subject][1].get("decision") != getattr(row, "decision", None)
        ]
        return len(ghosts) + len(different)

    def _close(self) -> None:
        db.session.remove()
        db.engine.dispose()


def _reading(filled: Filled) -> Any:
    return create_app(filled.settings).app_context()


def _is_as_saved(row: Any | None, told: Saved) -> bool:
    if row is None:
        return False
    stands = row.withdrawn_at is None
    if isinstance(row, Tagging):
        says, on = row.tag.name, row.region_id
    else:
        says, on = row.decision, row.image_id
    return (row.user.name, on, says) == (told.user, told.on, told.says) and (
        told.standing is None or told.standing == stands
    )
