"""Tables of label sets: what was decided about each image of a collection, frozen and numbered."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from workbench.store.database import Base, now
from workbench.store.people import User

RULES = ("imported", "verdicts", "adjudicated", "majority", "disputed", "none")
"""By what an image has its label: as it was imported, by verdicts that agree, by an adjudication,
by a queue's majority, as imported while people disagree; `none` has no label and no verdict."""


class LabelSet(Base):
    """The labels of a collection as they stood at one moment. Its images are never changed.

    Only a takedown takes images out.
    """

    __tablename__ = "label_set"
    __table_args__ = (UniqueConstraint("collection_id", "number"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    collection_id: Mapped[int] = mapped_column(ForeignKey("collection.id"))
    number: Mapped[int]
    """Within the collection, from 1; none is given out again while the collection is there."""
    name: Mapped[str] = mapped_column(String(80))
    description: Mapped[str] = mapped_column(Text, default="")
    event_id: Mapped[int]
    """The newest event of the audit log at that moment; 0 for none."""
    taxonomy: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    """All tags as they were named and ordered then: id, name, parent, description, state."""
    counts: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    """Images by label, by rule and by tag; regions and notes."""
    removed: Mapped[int] = mapped_column(default=0, server_default="0")
    """Images that a takedown has taken out."""
    created_by_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"), index=True)
    created_at: Mapped[datetime] = mapped_column(default=now)
    ready_at: Mapped[datetime | None]
    """Since when all its images are there."""

    created_by: Mapped[User] = relationship()


class LabelSetImage(Base):
    """An image of a label set. Written once."""

    __tablename__ = "label_set_image"
    __table_args__ = (
        CheckConstraint("label in ('real', 'fake')", name="label"),
        CheckConstraint("decision in ('real', 'fake', 'unsure', 'exclude')", name="decision"),
        CheckConstraint(
            "rule in ('imported', 'verdicts', 'adjudicated', 'majority', 'disputed', 'none')",
            name="rule",
        ),
        Index("ix_label_set_image_image_id", "image_id"),
    )

    label_set_id: Mapped[int] = mapped_column(ForeignKey("label_set.id"), primary_key=True)
    image_id: Mapped[int] = mapped_column(ForeignKey("image.id"), primary_key=True)
    label: Mapped[str | None] = mapped_column(String(4))
    """The final one; null for an excluded image, and for one that has none."""
    imported: Mapped[str | None] = mapped_column(String(4))
    decision: Mapped[str | None] = mapped_column(String(12))
    """What all verdicts and adjudications came to; null where there were none."""
    rule: Mapped[str] = mapped_column(String(12))
    decided_at: Mapped[datetime | None]
    """Of the adjudication, or of the newest verdict that counts."""
    detail: Mapped[str] = mapped_column(Text)
    """JSON: verdicts, adjudication, regions with their tags, notes. As text, for it is written once
    and read as a whole."""
