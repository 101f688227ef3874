"""Invitations: one-time links by which people make their own account."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from flask_babel import gettext
from sqlalchemy import ColumnElement, select, update
from sqlalchemy.orm import Session, aliased

from workbench.services import audit
from workbench.services.accounts import (
    Account,
    account_of,
    check_role,
    checked_name,
    hashed,
    make_account,
)
from workbench.services.errors import ConflictError, NotFoundError
from workbench.services.sign_in import hash_of
from workbench.store.database import now, session, transaction
from workbench.store.images import Collection
from workbench.store.people import CollectionMember, Invitation, InvitedTo, User

LASTS = timedelta(days=7)
LONGEST_NOTE = 120
MOST_LISTED = 100
REVOKED = "invitation.revoke"

State = Literal["open", "used", "expired", "revoked"]


@dataclass(frozen=True)
class InvitationView:
    """An invitation in a list, without its link: that is shown once."""

    id: int
    role: str
    note: str
    by: str | None
    """Who made it; None for the command line."""
    created_at: datetime
    expires_at: datetime
    state: State
    account: str | None
    """The account that was made with it."""
    collections: tuple[str, ...]
    """The restricted collections that it makes its reader a member of."""


def invite(
    acting_id: int | None, role: str, note: str = "", collection_ids: Sequence[int] = ()
) -> str:
    """Make an invitation; returns the token of its link, which is stored nowhere.

    Raises InvalidError for an unknown role, NotFoundError for an unknown collection.
    """
    check_role(role)
    token = secrets.token_urlsafe(32)
    with transaction() as write:
        made = Invitation(
            token_hash=hash_of(token),
            role=role,
            note=note[:LONGEST_NOTE],
            created_by_id=acting_id,
            expires_at=now() + LASTS,
        )
        write.add(made)
        write.flush()
        for collection_id in dict.fromkeys(collection_ids):
            if write.get(Collection, collection_id) is None:
                raise NotFoundError(gettext("There is no such collection."))
            write.add(InvitedTo(invitation_id=made.id, collection_id=collection_id))
        after = {"role": role, "collections": sorted(set(collection_ids))}
        audit.record(write, acting_id, "invitation.make", f"invitation:{made.id}", after=after)
    return token


def revoke(acting_id: int | None, invitation_id: int) -> None:
    """Let a link be worth nothing from now on.

    Raises NotFoundError, and ConflictError where it was used before.
    """
    with transaction() as write:
        revoked = write.scalar(
            update(Invitation)
            .where(Invitation.id == invitation_id, Invitation.used_at.is_(None))
            .values(revoked_at=now())
            .returning(Invitation.id)
        )
        if revoked is None:
            if write.get(Invitation, invitation_id) is None:
                raise NotFoundError(gettext("There is no such invitation."))
            raise ConflictError(gettext("This invitation has been used: deactivate the account."))
        audit.record(write, acting_id, REVOKED, f"invitation:{invitation_id}")


def withdraw_offers(write: Session, acting_id: int | None, author_id: int) -> None:
    """Revoke the open invitations of an admin who is none any more."""
    revoked = write.scalars(
        update(Invitation)
        .where(
            Invitation.created_by_id == author_id,
            Invitation.used_at.is_(None),
            Invitation.revoked_at.is_(None),
        )
        .values(revoked_at=now())
        .returning(Invitation.id)
    )
    for invitation_id in sorted(revoked):
        audit.record(write, acting_id, REVOKED, f"invitation:{invitation_id}")


def invitations() -> tuple[InvitationView, ...]:
    """The newest invitations, of all states."""
    author, made = aliased(User), aliased(User)
    rows = (
        session()
        .execute(
            select(Invitation, author.name, made.name)
            .outerjoin(author, author.id == Invitation.created_by_id)
            .outerjoin(made, made.id == Invitation.user_id)
            .order_by(Invitation.id.desc())
            .limit(MOST_LISTED)
        )
        .all()
    )
    named = session().execute(
        select(InvitedTo.invitation_id, Collection.name)
        .join(Collection, Collection.id == InvitedTo.collection_id)
        .where(InvitedTo.invitation_id.in_([each.id for each, _by, _account in rows]))
        .order_by(Collection.name)
    )
    collections: dict[int, list[str]] = {}
    for invitation_id, name in named:
        collections.setdefault(invitation_id, []).append(name)
    return tuple(
        InvitationView(
            id=each.id,
            role=each.role,
            note=each.note,
            by=by,
            created_at=each.created_at,
            expires_at=each.expires_at,
            state=_state(each),
            account=account,
            collections=tuple(collections.get(each.id, ())),
        )
        for each, by, account in rows
    )


def role_offered(token: str) -> str:
    """The role that a link makes an account of. Raises NotFoundError where it leads nowhere."""
    found = session().scalar(select(Invitation.role).where(*_open(token)))
    if found is None:
        raise _nowhere()
    return found


def accept(token: str, name: str, password: str) -> Account:
    """Make the account that a link offers, and use the link up.

    Raises NotFoundError where it leads nowhere, InvalidError or ConflictError for a name or
    password that cannot be: the link then stays.
    """
    role_offered(token)  # a link that leads nowhere costs no computation of a hash
    password_hash = hashed(password)
    with transaction() as write:
        return account_of(use(write, token, name, password_hash))


def use(write: Session, token: str, name: str, password_hash: str) -> User:
    """Use a link up for a new account, within a transaction. Raises as `accept`."""
    name = checked_name(name)
    # The one statement decides between two who use it at once.
    used = write.execute(
        update(Invitation)
        .where(*_open(token))
        .values(used_at=now())
        .returning(Invitation.id, Invitation.role)
    ).one_or_none()
    if used is None:
        raise _nowhere()
    user = make_account(write, name, password_hash, used.role)
    _finish(write, used.id, user)
    audit.record(write, user.id, "user.add", f"user:{user.id}", invitation=used.id)
    return user


def _finish(write: Session, invitation_id: int, user: User) -> None:
    """Note whose account an invitation became, and make it a member of what it names."""
    write.execute(update(Invitation).where(Invitation.id == invitation_id).values(user_id=user.id))
    invited_to = select(InvitedTo.collection_id).where(InvitedTo.invitation_id == invitation_id)
    for collection_id in write.scalars(invited_to).all():
        write.add(CollectionMember(collection_id=collection_id, user_id=user.id))


def _open(token: str) -> tuple[ColumnElement[bool], ...]:
    return (
        Invitation.token_hash == hash_of(token),
        Invitation.used_at.is_(None),
        Invitation.revoked_at.is_(None),
        Invitation.expires_at > now(),
    )


def _state(invitation: Invitation) -> State:
    if invitation.used_at is not None:
        return "used"
    if invitation.revoked_at is not None:
        return "revoked"
    return "open" if invitation.expires_at > now() else "expired"


def _nowhere() -> NotFoundError:
    return NotFoundError(
        gettext("This link was used before, was revoked or has expired. Ask for a new one.")
    )
