"""Tables of expectations, and of what becomes of counterfactual notes: replies and replays."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from workbench.store.database import Base, now
from workbench.store.folding import folded_from
from workbench.store.judgements import CounterfactualNote
from workbench.store.people import User


class Expectation(Base):
    """What a person expects an edit to do, written before its result is computed. Never changed."""

    __tablename__ = "expectation"
    __table_args__ = (
        CheckConstraint("direction in ('fall', 'rise', 'stay')", name="direction"),
        CheckConstraint("bound > 0 and bound < 1", name="bound"),
        Index("ix_expectation_user_id_image_id", "user_id", "image_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    image_id: Mapped[int] = mapped_column(ForeignKey("image.id"), index=True)
    version_id: Mapped[int | None] = mapped_column(ForeignKey("model_version.id"), index=True)
    """Null once the version was removed."""
    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    edit: Mapped[dict[str, Any]] = mapped_column(JSON)
    """As in a note."""
    direction: Mapped[str] = mapped_column(String(8))
    """What p(fake) will do: `fall`, `rise` or `stay`."""
    bound: Mapped[float | None]
    """What p(fake) will fall below, or rise above; null where only the direction was said."""
    known: Mapped[bool]
    """Whether the person had asked for the result of the same edit before."""
    created_at: Mapped[datetime] = mapped_column(default=now)


class NoteReply(Base):
    """What a person answers to a note."""

    __tablename__ = "note_reply"

    id: Mapped[int] = mapped_column(primary_key=True)
    note_id: Mapped[int] = mapped_column(ForeignKey("counterfactual_note.id"), index=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    text: Mapped[str] = mapped_column(Text)
    folded_text: Mapped[str] = mapped_column(Text, default=folded_from("text"), server_default="")
    """The text as it is searched."""
    created_at: Mapped[datetime] = mapped_column(default=now)
    withdrawn_at: Mapped[datetime | None]

    note: Mapped[CounterfactualNote] = relationship()
    user: Mapped[User] = relationship()


class NoteReplay(Base):
    """What a note's edit does under a version: the one that it was written on, or another.

    The figures are null where it cannot be replayed.
    """

    __tablename__ = "note_replay"

    note_id: Mapped[int] = mapped_column(ForeignKey("counterfactual_note.id"), primary_key=True)
    version_id: Mapped[int] = mapped_column(
        ForeignKey("model_version.id"), primary_key=True, index=True
    )
    p_before: Mapped[float | None]
    p_after: Mapped[float | None]
    delta_logit: Mapped[float | None]
    control_mean: Mapped[float | None]
    control_low: Mapped[float | None]
    """Of the controls' 95% prediction interval, like `control_high`."""
    control_high: Mapped[float | None]
    met: Mapped[bool | None]
    """Whether it did what was expected (`review.expectations.is_met`); null where it is not
    tested."""
    refused: Mapped[str] = mapped_column(Text, default="", server_default="")
    """Why it cannot be replayed."""
    at: Mapped[datetime] = mapped_column(default=now)


class ReplayRequest(Base):
    """A request to replay all notes of a collection on a version; the worker goes through them.

    How far it is tell the replays: nothing of it is lost with a process.
    """

    __tablename__ = "replay_request"
    __table_args__ = (
        # Of each version at most one is open, whoever asks at the same moment.
        Index(
            "uq_replay_request_open",
            "version_id",
            unique=True,
            sqlite_where=text("ended_at is null"),
            postgresql_where=text("ended_at is null"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    version_id: Mapped[int] = mapped_column(ForeignKey("model_version.id"), index=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    requested_at: Mapped[datetime] = mapped_column(default=now)
    cancelled: Mapped[bool] = mapped_column(default=False)
    ended_at: Mapped[datetime | None]
    error: Mapped[str] = mapped_column(Text, default="")
    """What went wrong, for people; empty otherwise."""
