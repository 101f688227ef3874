"""Tables of webhooks, what they are sent, and how far the audit log has been read for them."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import (
    JSON,
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Index,
    String,
    Text,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from workbench.store.database import Base, now
from workbench.store.images import Collection
from workbench.store.people import User

OPEN = ("waiting", "failed")
"""States of deliveries that are tried, for the first time or again."""


class Webhook(Base):
    """An address that events are sent to, signed."""

    __tablename__ = "webhook"
    __table_args__ = (
        CheckConstraint("paused_why in ('', 'by_hand', 'gone', 'failing')", name="paused_why"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(80))
    url: Mapped[str] = mapped_column(String(500))
    """Empty once it is withdrawn, like the salts: a receiver's address can be a secret itself."""
    events: Mapped[list[str]] = mapped_column(JSON)
    """Actions of the audit log."""
    collection_id: Mapped[int | None] = mapped_column(ForeignKey("collection.id"), index=True)
    """The only collection that it is told of; null for several."""
    restricted: Mapped[bool] = mapped_column(default=False)
    """Of several: whether restricted ones are among them."""
    salt: Mapped[str] = mapped_column(String(64))
    """What the secret is derived by from that of the installation (ADR 71)."""
    secret_check: Mapped[str] = mapped_column(String(16))
    """The beginning of the secret's SHA-256: whether it is still the one that was shown."""
    earlier_salt: Mapped[str | None] = mapped_column(String(64))
    renewed_at: Mapped[datetime | None]
    """Since when the secret has replaced the earlier one, by which is signed for a day more."""
    after_id: Mapped[int]
    """The newest event of the audit log when it was made or resumed; it is told of later ones."""
    made_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"), index=True)
    """Null for the command line."""
    created_at: Mapped[datetime] = mapped_column(default=now)
    paused_at: Mapped[datetime | None]
    paused_why: Mapped[str] = mapped_column(String(8), default="")
    failing_since: Mapped[datetime | None]
    """Since when no delivery has succeeded; null after one that has."""
    withdrawn_at: Mapped[datetime | None]
    """Its deliveries are removed next, and then the row."""

    collection: Mapped[Collection | None] = relationship()
    made_by: Mapped[User | None] = relationship()


class WebhookDelivery(Base):
    """A request to a webhook: some events, sent until it succeeds or is given up."""

    __tablename__ = "webhook_delivery"
    __table_args__ = (
        CheckConstraint("kind in ('events', 'test')", name="kind"),
        CheckConstraint("state in ('waiting', 'failed', 'delivered', 'given_up')", name="state"),
        UniqueConstraint("message_id"),
        Index("ix_webhook_delivery_due", "webhook_id", "next_at"),
        Index("ix_webhook_delivery_webhook_id", "webhook_id", "id"),
        Index("ix_webhook_delivery_created_at", "created_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    webhook_id: Mapped[int] = mapped_column(ForeignKey("webhook.id"))
    message_id: Mapped[str] = mapped_column(String(40))
    """The same at each attempt, so that a receiver knows what it has had."""
    kind: Mapped[str] = mapped_column(String(8))
    events: Mapped[int]
    """How many are told."""
    body: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(String(12), default="waiting")
    attempts: Mapped[int] = mapped_column(default=0)
    next_at: Mapped[datetime | None]
    """When it is tried next; null once it is delivered or given up."""
    status: Mapped[int | None]
    """Of the last answer; null for none."""
    error: Mapped[str] = mapped_column(String(300), default="")
    """Why the last attempt failed, in words."""
    milliseconds: Mapped[int | None]
    """Of the last attempt."""
    created_at: Mapped[datetime] = mapped_column(default=now)
    attempted_at: Mapped[datetime | None]

    webhook: Mapped[Webhook] = relationship()


class WebhookCursor(Base):
    """How far the audit log has been read. One row.

    On PostgreSQL an event can be seen after one with a larger id: what is newest is noted together
    with the transactions that are not over, and read once they are (ADR 71).
    """

    __tablename__ = "webhook_cursor"

    id: Mapped[int] = mapped_column(primary_key=True)
    event_id: Mapped[int] = mapped_column(default=0)
    """Up to here deliveries are made."""
    noted_id: Mapped[int] = mapped_column(default=0)
    """The newest event at some moment since."""
    noted_xid: Mapped[int] = mapped_column(BigInteger, default=0)
    """The first transaction that had not begun at that moment."""
