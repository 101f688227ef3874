"""The audit trail: who did what to what, in the transaction that does it."""

from __future__ import annotations

from sqlalchemy.orm import Session

from workbench.store.people import AuditEvent


def record(
    write: Session, user_id: int | None, action: str, subject: str, **detail: object
) -> None:
    """Add an event to the audit trail; it is committed, or not, with what it tells of.

    `user_id` is None for what nobody signed in did: the command line, the worker. `subject` is
    what it was done to, as `kind:id`; `detail` has to be plain JSON.
    """
    write.add(AuditEvent(user_id=user_id, action=action, subject=subject, detail=detail))
