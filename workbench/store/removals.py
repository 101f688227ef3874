"""Tables of removals: what was, or is being, removed, and which pictures must not come back."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, String, Text, false
from sqlalchemy.orm import Mapped, mapped_column

from workbench.store.database import Base, now


class Removal(Base):
    """A removal of an image, a collection or a version. It holds nothing of what was removed."""

    __tablename__ = "removal"
    __table_args__ = (
        CheckConstraint("kind in ('image', 'collection', 'version')", name="kind"),
        Index("ix_removal_kind_subject_id", "kind", "subject_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(12))
    subject_id: Mapped[int]
    """Id of what goes; no foreign key, as it is gone."""
    collection_id: Mapped[int] = mapped_column(index=True)
    """The collection that it was of, or is."""
    restricted: Mapped[bool] = mapped_column(default=False, server_default=false())
    """Whether that collection was shown to its members alone; what is told of it stays hidden."""
    number: Mapped[int | None]
    """Of a version; it is not given out again."""
    user_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    """Null for the command line."""
    counts: Mapped[dict[str, int]] = mapped_column(JSON)
    requested_at: Mapped[datetime] = mapped_column(default=now)
    finished_at: Mapped[datetime | None]
    """Null while rows or files of it are left: a process died, and the next one goes on."""


class RemovalFile(Base):
    """A file or folder that a removal has yet to take away."""

    __tablename__ = "removal_file"

    id: Mapped[int] = mapped_column(primary_key=True)
    removal_id: Mapped[int] = mapped_column(ForeignKey("removal.id"), index=True)
    path: Mapped[str] = mapped_column(Text)
    """Relative to the data directory."""


class Takedown(Base):
    """A picture that was taken down: an import does not take it again.

    Known by a digest of its digest: nothing here can be compared with lists of files' hashes.
    """

    __tablename__ = "takedown"

    fingerprint: Mapped[str] = mapped_column(String(64), primary_key=True)
    removal_id: Mapped[int] = mapped_column(ForeignKey("removal.id"), index=True)
