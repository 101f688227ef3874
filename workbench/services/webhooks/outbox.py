"""From the audit log to deliveries: each event once, and none lost.

The log is read after a cursor, which moves on in the transaction that adds the deliveries.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterable, Sequence
from typing import Any, Final

from sqlalchemy import func, select
from sqlalchemy.engine import Row
from sqlalchemy.orm import Session

from workbench.services import visibility
from workbench.services.webhooks.event_types import EVERYBODYS
from workbench.store.database import now, session, transaction
from workbench.store.images import Collection
from workbench.store.people import AuditEvent, User
from workbench.store.webhooks import Webhook, WebhookCursor, WebhookDelivery

READ: Final = 2_000
"""Events of a transaction."""
TOLD: Final = 100
"""Events of a delivery, at most."""
Body = dict[str, Any]


def newest_event(reading: Session) -> int:
    """The id of the newest event that is seen; 0 for none."""
    return reading.scalar(select(func.max(AuditEvent.id))) or 0


def make_deliveries() -> int:
    """Read on in the audit log, as far as it is settled; how many deliveries were made."""
    if not _is_behind():
        return 0
    with transaction() as write:
        webhooks = write.scalars(_active().order_by(Webhook.id)).all()
        if not webhooks:
            return 0
        cursor = _cursor(write)
        begin = max(cursor.event_id, min(each.after_id for each in webhooks))
        end = _settled(write, cursor)
        if end <= begin:
            cursor.event_id = max(cursor.event_id, end)
            return 0
        events = _read(write, begin, end, {name for each in webhooks for name in each.events})
        cursor.event_id = events[-1].AuditEvent.id if len(events) == READ else end
        hidden = visibility.hidden_from_strangers()
        made = [
            delivery
            for webhook in webhooks
            for delivery in _deliveries(
                webhook, [each for each in events if _is_told(webhook, each.AuditEvent, hidden)]
            )
        ]
        write.add_all(made)
        return len(made)


def delivery_of(webhook_id: int, kind: str, told: Sequence[Body]) -> WebhookDelivery:
    """A delivery that waits to be sent."""
    moment = now()
    body = {"type": kind, "timestamp": moment.isoformat(), "data": {"events": list(told)}}
    return WebhookDelivery(
        webhook_id=webhook_id,
        message_id=f"msg_{secrets.token_hex(16)}",
        kind=kind,
        events=len(told),
        body=json.dumps(body, ensure_ascii=False, separators=(",", ":")),
        next_at=moment,
    )


def _active() -> Any:
    return select(Webhook).where(Webhook.paused_at.is_(None), Webhook.withdrawn_at.is_(None))


def _is_behind() -> bool:
    """Whether there is something to read; without the lock that writing takes."""
    reading = session()
    try:
        active = reading.scalar(_active().with_only_columns(func.count())) or 0
        done = reading.scalar(select(WebhookCursor.event_id)) or 0
        return active > 0 and newest_event(reading) > done
    finally:
        reading.rollback()


def _cursor(write: Session) -> WebhookCursor:
    """The one row, locked; two workers do not read the same."""
    found = write.get(WebhookCursor, 1, with_for_update=True, populate_existing=True)
    if found is None:
        found = WebhookCursor(id=1, event_id=0, noted_id=0, noted_xid=0)
        write.add(found)
        write.flush()
    return found


def _settled(write: Session, cursor: WebhookCursor) -> int:
    """Up to which event nothing can appear any more.

    SQLite commits in the order of the ids. PostgreSQL does not: what was the newest event when it
    was last looked is settled once each transaction that had begun by then is over.
    """
    if write.get_bind().dialect.name == "sqlite":
        return newest_event(write)
    snapshot = func.pg_current_snapshot()
    oldest = int(write.scalar(select(func.pg_snapshot_xmin(snapshot))) or 0)
    over = oldest >= cursor.noted_xid
    settled = cursor.noted_id if over else cursor.event_id
    if over:
        newest, next_xid = write.execute(
            select(func.max(AuditEvent.id), func.pg_snapshot_xmax(snapshot))
        ).one()
        cursor.noted_id, cursor.noted_xid = newest or 0, int(next_xid)
    return settled


def _read(write: Session, begin: int, end: int, actions: set[str]) -> Sequence[Row[Any]]:
    return write.execute(
        select(AuditEvent, User.name, Collection.name.label("collection"))
        .outerjoin(User, User.id == AuditEvent.user_id)
        .outerjoin(Collection, Collection.id == AuditEvent.collection_id)
        .where(AuditEvent.id > begin, AuditEvent.id <= end, AuditEvent.action.in_(sorted(actions)))
        .order_by(AuditEvent.id)
        .limit(READ)
    ).all()


def _is_told(webhook: Webhook, event: AuditEvent, hidden: frozenset[int]) -> bool:
    """Whether a webhook is told of an event; what is restricted needs to be asked for."""
    if event.id <= webhook.after_id or event.action not in webhook.events:
        return False
    if webhook.collection_id is not None:
        return event.collection_id == webhook.collection_id
    if webhook.restricted:
        return True
    if event.collection_id is None:
        # Any other event is of a collection, though an old one may not say so.
        return event.action in EVERYBODYS
    return event.collection_id not in hidden


def _deliveries(webhook: Webhook, events: Sequence[Row[Any]]) -> Iterable[WebhookDelivery]:
    for start in range(0, len(events), TOLD):
        told = [_told(*each) for each in events[start : start + TOLD]]
        yield delivery_of(webhook.id, "events", told)


def _told(event: AuditEvent, by: str | None, collection: str | None) -> Body:
    return {
        "id": event.id,
        "type": event.action,
        "at": event.at.isoformat(),
        "by": None if event.user_id is None else {"id": event.user_id, "name": by},
        "collection": (
            None if event.collection_id is None else {"id": event.collection_id, "name": collection}
        ),
        "subject": event.subject,
        "image_id": event.image_id,
        "tag_id": event.tag_id,
        "version_id": event.version_id,
        "before": event.before,
        "after": event.after,
        "undoes": event.undoes_id,
    }
