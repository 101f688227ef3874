"""Tables of examples of tags, of changes of the taxonomy, and of the taggings that they moved."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from workbench.store.database import Base, now
from workbench.store.judgements import Tag
from workbench.store.people import User

CHANGES = (
    "edit",
    "accept",
    "move",
    "merge",
    "split",
    "deprecate",
    "restore",
    "reverse",
)
"""What can be done to a tag of the taxonomy."""
_STANDING = text("withdrawn_at is null")


class TagExample(Base):
    """A region that shows what a tag means, or, where it is not `positive`, what it does not."""

    __tablename__ = "tag_example"
    __table_args__ = (
        Index(
            "uq_tag_example_standing",
            "tag_id",
            "region_id",
            unique=True,
            sqlite_where=_STANDING,
            postgresql_where=_STANDING,
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    tag_id: Mapped[int] = mapped_column(ForeignKey("tag.id"))
    region_id: Mapped[int] = mapped_column(ForeignKey("region.id"), index=True)
    positive: Mapped[bool]
    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    created_at: Mapped[datetime] = mapped_column(default=now)
    withdrawn_at: Mapped[datetime | None]

    user: Mapped[User] = relationship()


class TagChange(Base):
    """A change of the taxonomy by one person. Written once; another change may reverse it."""

    __tablename__ = "tag_change"

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(12))
    """One of `CHANGES`."""
    tag_id: Mapped[int] = mapped_column(ForeignKey("tag.id"), index=True)
    other_id: Mapped[int | None] = mapped_column(ForeignKey("tag.id"), index=True)
    """The tag merged into, or split off, or the new parent, or the replacement."""
    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    at: Mapped[datetime] = mapped_column(default=now)
    reverses_id: Mapped[int | None] = mapped_column(ForeignKey("tag_change.id"), unique=True)
    """The change that this one reverses; each is reversed once at most."""
    tags: Mapped[list[dict[str, Any]]] = mapped_column(JSON, default=list)
    """What it changed of tags: `id`, and `before` and `after` by field."""
    examples: Mapped[list[dict[str, Any]]] = mapped_column(JSON, default=list)
    """The examples that went with it: `id`, `from`, `to`, `effect` as in `TagChangeItem`."""
    moved: Mapped[int] = mapped_column(default=0)
    """How many taggings went from one tag to another."""

    tag: Mapped[Tag] = relationship(foreign_keys=[tag_id])
    other: Mapped[Tag | None] = relationship(foreign_keys=[other_id])
    user: Mapped[User] = relationship()


class TagChangeItem(Base):
    """What a change of the taxonomy did to one tagging."""

    __tablename__ = "tag_change_item"
    __table_args__ = (
        CheckConstraint("effect in ('moved', 'withdrawn', 'restored')", name="effect"),
    )

    change_id: Mapped[int] = mapped_column(ForeignKey("tag_change.id"), primary_key=True)
    tagging_id: Mapped[int] = mapped_column(ForeignKey("tagging.id"), primary_key=True, index=True)
    from_id: Mapped[int] = mapped_column(ForeignKey("tag.id"))
    to_id: Mapped[int] = mapped_column(ForeignKey("tag.id"))
    effect: Mapped[str] = mapped_column(String(9))
    """`withdrawn` where the tag that it was to go to stood there already; `restored` where that was
    reversed."""
