"""Tables of review queues: what is to be judged, by whom, and who is at which image."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import (
    JSON,
    CheckConstraint,
    ForeignKey,
    Index,
    String,
    Text,
    UniqueConstraint,
    text,
    true,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from workbench.store.database import Base, now
from workbench.store.judgements import Verdict
from workbench.store.people import User
from workbench.store.versions import ModelVersion

SOURCES = ("misclassified", "uncertain", "label_errors", "slice", "random")
"""What a queue was made of."""
DISPUTES = ("any", "majority")
"""When its verdicts need an adjudication: if they differ at all, or only without a majority."""


class Queue(Base):
    """A review queue: images of a collection that several people judge, each on their own."""

    __tablename__ = "review_queue"
    __table_args__ = (
        CheckConstraint(
            "source in ('misclassified', 'uncertain', 'label_errors', 'slice', 'random')",
            name="source",
        ),
        CheckConstraint("disputes in ('any', 'majority')", name="disputes"),
        CheckConstraint("verdicts_needed between 1 and 9", name="verdicts_needed"),
        CheckConstraint("control_share between 0 and 0.5", name="control_share"),
        Index("ix_review_queue_collection_id", "collection_id"),
        Index("ix_review_queue_version_id", "version_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    collection_id: Mapped[int] = mapped_column(ForeignKey("collection.id"))
    version_id: Mapped[int | None] = mapped_column(ForeignKey("model_version.id"))
    """The version that it was made under, and whose score is shown; null once it was removed."""
    name: Mapped[str] = mapped_column(String(80))
    instructions: Mapped[str] = mapped_column(Text, default="")
    source: Mapped[str] = mapped_column(String(16))
    filters: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    """Query parameters of a slice, or `low` and `high` of an uncertain p(fake)."""
    verdicts_needed: Mapped[int]
    """Independent verdicts an image."""
    disputes: Mapped[str] = mapped_column(String(8))
    blind: Mapped[bool]
    """Whether label, score, heatmap and other verdicts are hidden until one has decided."""
    independent: Mapped[bool]
    """Whether who gave one of the verdicts on an image may not adjudicate it."""
    everybody: Mapped[bool]
    """Whether all who may judge take part, or its members alone."""
    control_share: Mapped[float]
    """Share of what a person is given that are hidden controls."""
    round_size: Mapped[int]
    """So many verdicts end a person's round, after which the controls are told."""
    reasons: Mapped[list[str]] = mapped_column(JSON, default=list)
    """Those that the keys 1 to 9 write."""
    created_by_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    created_at: Mapped[datetime] = mapped_column(default=now)
    ready_at: Mapped[datetime | None]
    """Since when all its items are there."""
    paused_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]

    created_by: Mapped[User] = relationship()
    version: Mapped[ModelVersion | None] = relationship()


class QueueMember(Base):
    """A person who takes part in a queue that is not for everybody."""

    __tablename__ = "queue_member"

    queue_id: Mapped[int] = mapped_column(ForeignKey("review_queue.id"), primary_key=True)
    user_id: Mapped[int] = mapped_column(
        ForeignKey("user_account.id"), primary_key=True, index=True
    )

    user: Mapped[User] = relationship()


class QueueItem(Base):
    """One image of a queue; the list is made once, with the queue."""

    __tablename__ = "queue_item"
    __table_args__ = (
        UniqueConstraint("queue_id", "image_id"),
        Index("ix_queue_item_image_id", "image_id"),
        Index(
            "ix_queue_item_open",
            "queue_id",
            "position",
            sqlite_where=text("open"),
            postgresql_where=text("open"),
        ),
        CheckConstraint(
            "control_answer in ('real', 'fake', 'unsure', 'exclude')", name="control_answer"
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    queue_id: Mapped[int] = mapped_column(ForeignKey("review_queue.id"))
    image_id: Mapped[int] = mapped_column(ForeignKey("image.id"))
    position: Mapped[int]
    control_answer: Mapped[str | None] = mapped_column(String(12))
    """Of a hidden control, which everybody may be given: what it is known to be."""
    open: Mapped[bool] = mapped_column(default=True, server_default=true())
    """Whether it still needs verdicts; controls stay open."""


class QueueClaim(Base):
    """A person's turn at an item: claimed, skipped, or judged with a verdict."""

    __tablename__ = "queue_claim"
    __table_args__ = (
        UniqueConstraint("item_id", "user_id"),
        Index("ix_queue_claim_user_id", "user_id", "item_id"),
        Index("ix_queue_claim_verdict_id", "verdict_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    item_id: Mapped[int] = mapped_column(ForeignKey("queue_item.id"))
    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    claimed_at: Mapped[datetime]
    """When the person was given the item last."""
    renewed_at: Mapped[datetime | None]
    """When the person last did something with it; the lease runs from here. Null: none runs."""
    skipped_at: Mapped[datetime | None]
    verdict_id: Mapped[int | None] = mapped_column(ForeignKey("verdict.id"))
    judged_at: Mapped[datetime | None]
    first_decision: Mapped[str | None] = mapped_column(String(12))
    """What the person said first, which figures on controls are of: they may be told of them then.
    """

    user: Mapped[User] = relationship()
    verdict: Mapped[Verdict | None] = relationship()
