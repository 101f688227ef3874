"""Accounts that are linked to the identity provider: found, made, linked and unlinked (ADR 66)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from flask_babel import gettext
from sqlalchemy import delete, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from workbench.services import audit
from workbench.services.accounts import (
    NO_PASSWORD,
    Account,
    account_of,
    end_sessions,
    has_password,
    shut_out,
)
from workbench.services.errors import ConflictError, ForbiddenError, NotFoundError
from workbench.services.people import invitations
from workbench.services.people.provider import Proven
from workbench.store.database import session, transaction
from workbench.store.people import Identity, User


@dataclass(frozen=True)
class Link:
    """How the provider and an account are linked, for its person."""

    since: datetime
    only_way_in: bool
    """There is no password beside it."""


def account(proven: Proven) -> Account:
    """The account of who has signed in at the provider.

    Raises ForbiddenError where none is linked, and where it is deactivated.
    """
    user = _user(session(), proven)
    if user is None:
        raise ForbiddenError(
            gettext(
                "No account of this workbench is linked to you there. Ask an admin for an "
                "invitation; if you have an account, sign in with its password and link it on your "
                "account page."
            )
        )
    if user.deactivated_at is not None:
        raise ForbiddenError(gettext("Your account is deactivated. Ask an admin to activate it."))
    return account_of(user)


def require_free(proven: Proven) -> None:
    """Raise ConflictError where somebody's account is linked to this person."""
    _require_free(session(), proven)


def join(token: str, name: str, proven: Proven) -> Account:
    """Make the account that an invitation offers, without a password, and link it.

    Raises NotFoundError where the invitation leads nowhere, InvalidError or ConflictError for a
    name that cannot be, ConflictError for a person who has an account: the invitation then stays.
    """
    try:
        with transaction() as write:
            _require_free(write, proven)
            user = invitations.use(write, token, name, NO_PASSWORD)
            _link(write, user.id, proven)
            return account_of(user)
    except IntegrityError:
        _require_free(session(), proven)  # somebody else was linked at the same moment
        raise


def link(user_id: int, proven: Proven) -> None:
    """Let somebody sign in to an account by the provider, too. Raises ConflictError."""
    try:
        with transaction() as write:
            known = _user(write, proven)
            if known is not None and known.id == user_id:
                return
            if known is not None:
                raise _taken()
            if link_of(user_id, proven.issuer) is not None:
                raise ConflictError(gettext("Your account is linked to somebody else there."))
            _link(write, user_id, proven)
    except IntegrityError:
        _require_free(session(), proven)  # somebody else was linked at the same moment
        raise


def link_of(user_id: int, issuer: str) -> Link | None:
    """How an account is linked to a provider, if it is."""
    since = session().scalar(
        select(Identity.created_at).where(Identity.user_id == user_id, Identity.issuer == issuer)
    )
    return None if since is None else Link(since, not has_password(user_id))


def linked(issuer: str) -> frozenset[int]:
    """The ids of the accounts that are linked to a provider."""
    return frozenset(session().scalars(select(Identity.user_id).where(Identity.issuer == issuer)))


def unlink(user_id: int, issuer: str) -> None:
    """Unlink one's own account, and end its sessions.

    Raises NotFoundError, and ConflictError where there is no password to sign in with.
    """
    with transaction() as write:
        _require_password(write, user_id)
        _unlink(write, user_id, user_id, issuer)
        end_sessions(write, user_id)


def unlink_as_admin(acting_id: int, person_id: int, issuer: str) -> None:
    """Unlink anybody's account, and end what it was signed in with.

    An account without a password is then opened by a link to reset it alone, which is why nobody
    does so to themselves. Raises NotFoundError and ConflictError as `unlink`.
    """
    with transaction() as write:
        if acting_id == person_id:
            _require_password(write, person_id)
        _unlink(write, acting_id, person_id, issuer)
        shut_out(write, person_id)


def _user(read: Session, proven: Proven) -> User | None:
    found: User | None = read.scalar(
        select(User)
        .join(Identity, Identity.user_id == User.id)
        .where(Identity.issuer == proven.issuer, Identity.subject == proven.subject)
    )
    return found


def _require_free(read: Session, proven: Proven) -> None:
    if _user(read, proven) is not None:
        raise _taken()


def _require_password(write: Session, user_id: int) -> None:
    if write.get_one(User, user_id, with_for_update=True).password_hash == NO_PASSWORD:
        raise ConflictError(gettext("Set a password first: there is no other way to sign in."))


def _link(write: Session, user_id: int, proven: Proven) -> None:
    write.add(Identity(user_id=user_id, issuer=proven.issuer, subject=proven.subject))
    write.flush()
    # Not the subject: what is unlinked is forgotten, and events stay.
    audit.record(write, user_id, "identity.link", f"user:{user_id}", issuer=proven.issuer)


def _unlink(write: Session, acting_id: int, user_id: int, issuer: str) -> None:
    gone = write.scalar(
        delete(Identity)
        .where(Identity.user_id == user_id, Identity.issuer == issuer)
        .returning(Identity.id)
    )
    if gone is None:
        raise NotFoundError(gettext("This account is not linked."))
    audit.record(write, acting_id, "identity.unlink", f"user:{user_id}", issuer=issuer)


def _taken() -> ConflictError:
    return ConflictError(gettext("An account of this workbench is linked to this sign-in already."))
