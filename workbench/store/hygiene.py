"""Tables of data checks: what was found in a collection, and what people did about it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from workbench.store.database import Base, now
from workbench.store.people import User


class DataCheck(Base):
    """The newest check of a collection; a later one takes its place."""

    __tablename__ = "data_check"

    collection_id: Mapped[int] = mapped_column(ForeignKey("collection.id"), primary_key=True)
    version: Mapped[int | None]
    """Number of the version whose scores it used; null before the first analysis."""
    images: Mapped[int]
    """How many images it looked at: all but those that people left out."""
    findings: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    coverage: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    """The images by generator, class and year, and by label; null in checks from before that."""
    checked_at: Mapped[datetime] = mapped_column(default=now)


class DataAction(Base):
    """What somebody did about a finding; withdrawn, it is undone."""

    __tablename__ = "data_action"

    id: Mapped[int] = mapped_column(primary_key=True)
    collection_id: Mapped[int] = mapped_column(ForeignKey("collection.id"), index=True)
    user_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    """Null for what was done on the command line."""
    kind: Mapped[str] = mapped_column(String(16))
    """`leave_out`, `one_group` or `make_alike`."""
    finding: Mapped[str] = mapped_column(String(200))
    """Key of the finding that it is about."""
    detail: Mapped[dict[str, Any]] = mapped_column(JSON)
    """What it takes to undo it: ids of verdicts, or groups and sides as they were."""
    created_at: Mapped[datetime] = mapped_column(default=now)
    withdrawn_at: Mapped[datetime | None]

    user: Mapped[User | None] = relationship()
