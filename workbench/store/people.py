"""Tables of users, how they come in, what they are members of, and audit events."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from workbench.store.database import Base, now
from workbench.store.folding import folded_from

ROLES = ("annotator", "reviewer", "developer", "admin")
"""From the lowest; each may do what those before it may (`services/roles.py`)."""


class User(Base):
    """A user account."""

    __tablename__ = "user_account"  # "user" is a reserved word in PostgreSQL

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(80), unique=True)
    folded_name: Mapped[str | None] = mapped_column(
        String(80), unique=True, default=folded_from("name")
    )
    """The name folded, so that nobody has one that reads like another's. Null for accounts from
    before that was asked, where an earlier one has it."""
    password_hash: Mapped[str] = mapped_column(String(200))
    """Empty for an account that signs in by the identity provider alone."""
    role: Mapped[str] = mapped_column(String(20), default="annotator")
    created_at: Mapped[datetime] = mapped_column(default=now)
    deactivated_at: Mapped[datetime | None]
    """Since when the account cannot sign in. What its person did stays, under the name."""


class SignInSession(Base):
    """A browser that somebody is signed in with. Ending it deletes the row."""

    __tablename__ = "sign_in_session"

    id: Mapped[int] = mapped_column(primary_key=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    """SHA-256, hexadecimal, of the token in the cookie: a stolen database signs nobody in."""
    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"), index=True)
    created_at: Mapped[datetime] = mapped_column(default=now)
    last_seen_at: Mapped[datetime] = mapped_column(default=now)
    expires_at: Mapped[datetime]
    browser: Mapped[str] = mapped_column(String(40), default="", server_default="")
    """Its family and system, as it says itself; empty where it says nothing that is known."""
    address: Mapped[str] = mapped_column(String(45), default="", server_default="")
    """Where somebody signed in from."""


class Identity(Base):
    """Who an account is for an identity provider. Unlinking deletes the row.

    By the provider's own identifier, which it gives to nobody else: names and addresses can change
    hands.
    """

    __tablename__ = "identity"
    __table_args__ = (UniqueConstraint("issuer", "subject"), UniqueConstraint("user_id", "issuer"))

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    issuer: Mapped[str] = mapped_column(String(500))
    subject: Mapped[str] = mapped_column(String(255))
    created_at: Mapped[datetime] = mapped_column(default=now)


class ApiToken(Base):
    """A key that a program acts with for a person, within its scopes."""

    __tablename__ = "api_token"

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"), index=True)
    name: Mapped[str] = mapped_column(String(80))
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    """SHA-256 of the token, which is shown once."""
    scopes: Mapped[list[str]] = mapped_column(JSON)
    """Actions of `services/roles.py`; what the person's role does not allow, no scope does."""
    created_at: Mapped[datetime] = mapped_column(default=now)
    expires_at: Mapped[datetime]
    last_used_at: Mapped[datetime | None]
    """To the hour."""
    revoked_at: Mapped[datetime | None]


class Invitation(Base):
    """A link that lets one person make an account. It stays in the list, used or not."""

    __tablename__ = "invitation"

    id: Mapped[int] = mapped_column(primary_key=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    """SHA-256 of what stands in the link."""
    role: Mapped[str] = mapped_column(String(20))
    note: Mapped[str] = mapped_column(String(120), default="")
    """Whom it is for, as its author wrote it down."""
    created_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    created_at: Mapped[datetime] = mapped_column(default=now)
    expires_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]
    used_at: Mapped[datetime | None]
    user_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    """The account that was made with it."""


class InvitedTo(Base):
    """A restricted collection that an invitation makes its reader a member of."""

    __tablename__ = "invited_to"

    invitation_id: Mapped[int] = mapped_column(ForeignKey("invitation.id"), primary_key=True)
    collection_id: Mapped[int] = mapped_column(
        ForeignKey("collection.id"), primary_key=True, index=True
    )


class PasswordReset(Base):
    """A link that lets somebody choose a new password. Used, replaced or revoked, it is deleted."""

    __tablename__ = "password_reset"

    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"), primary_key=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    made_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"), index=True)
    """The admin who made it; null for the command line."""
    created_at: Mapped[datetime] = mapped_column(default=now)
    expires_at: Mapped[datetime]


class CollectionMember(Base):
    """Somebody who may see a restricted collection."""

    __tablename__ = "collection_member"

    collection_id: Mapped[int] = mapped_column(ForeignKey("collection.id"), primary_key=True)
    user_id: Mapped[int] = mapped_column(
        ForeignKey("user_account.id"), primary_key=True, index=True
    )
    created_at: Mapped[datetime] = mapped_column(default=now)


class AuditEvent(Base):
    """An action of a user. Written once: the database refuses to change or delete it (ADR 59).

    It outlives what it concerns, whose ids stay here without a foreign key, and holds no words that
    people wrote about an image: a takedown has nothing to erase here.
    """

    __tablename__ = "audit_event"
    __table_args__ = (
        Index("ix_audit_event_image_id", "image_id", "id"),
        Index("ix_audit_event_tag_id", "tag_id", "id"),
        Index("ix_audit_event_user_id", "user_id", "id"),
        Index("ix_audit_event_collection_id", "collection_id", "id"),
        Index("ix_audit_event_subject", "subject", "id"),
        Index("uq_audit_event_undoes_id", "undoes_id", unique=True),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    action: Mapped[str] = mapped_column(String(60))
    subject: Mapped[str] = mapped_column(String(80))
    """The row that it concerns, as `table:id`."""
    image_id: Mapped[int | None]
    """The one image that it concerns, like the tag, the collection and the version."""
    tag_id: Mapped[int | None]
    collection_id: Mapped[int | None]
    version_id: Mapped[int | None]
    """The version that was looked at."""
    before: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    """What the row said before, of what was changed; null where it did not stand."""
    after: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    """The same after; null where it stands no more."""
    undoes_id: Mapped[int | None]
    """The event that this one undoes. One is undone once; what undoes it can be undone, too."""
    token_id: Mapped[int | None]
    """The API token that it was done with; null for a browser, the command line and the worker."""
    detail: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    at: Mapped[datetime] = mapped_column(default=now)

    user: Mapped[User | None] = relationship()
