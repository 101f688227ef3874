"""Requests of programs that may come twice: the keys that they name themselves by."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from workbench.store.database import Base, now


class RequestKey(Base):
    """A request that wrote something, by the key that its program gave it, and its answer."""

    __tablename__ = "request_key"
    __table_args__ = (
        UniqueConstraint("user_id", "key"),
        Index("ix_request_key_created_at", "created_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id", ondelete="CASCADE"))
    key: Mapped[str] = mapped_column(String(255))
    fingerprint: Mapped[str] = mapped_column(String(64))
    """SHA-256 of method, path, query and body: one key names one request."""
    status: Mapped[int | None]
    """Of the answer; null while there is none, and where it is not kept."""
    answer: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(default=now)
