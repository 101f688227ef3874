"""Tables of imports of labels: what each brought in, so that it is undone as one."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from workbench.store.database import Base, now
from workbench.store.people import User


class LabelImport(Base):
    """A file of labels that somebody imported into a collection."""

    __tablename__ = "label_import"
    __table_args__ = (
        CheckConstraint(
            "format in ('jsonl', 'csv', 'coco', 'label_studio', 'cvat')",
            name="format",
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    collection_id: Mapped[int] = mapped_column(ForeignKey("collection.id"), index=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"), index=True)
    format: Mapped[str] = mapped_column(String(12))
    counts: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    """The `Tally` of what was written, and the ids of tags that it proposed."""
    created_at: Mapped[datetime] = mapped_column(default=now)
    finished_at: Mapped[datetime | None]
    """Null while it is under way, or where its process died: what it wrote can be undone."""
    undone_at: Mapped[datetime | None]

    user: Mapped[User] = relationship()


class LabelImportRow(Base):
    """A decision that an import brought in."""

    __tablename__ = "label_import_row"
    __table_args__ = (
        CheckConstraint("kind in ('verdict', 'drawn_region', 'tagging', 'note')", name="kind"),
        Index("ix_label_import_row_image_id", "image_id"),
    )

    import_id: Mapped[int] = mapped_column(ForeignKey("label_import.id"), primary_key=True)
    kind: Mapped[str] = mapped_column(String(12), primary_key=True)
    row_id: Mapped[int] = mapped_column(primary_key=True)
    image_id: Mapped[int] = mapped_column(ForeignKey("image.id"))
    """That it is about: the row goes with its image."""
