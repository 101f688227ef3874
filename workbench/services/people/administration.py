"""Accounts as an admin sees and changes them, on pages and by `manage.py user`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from flask_babel import gettext
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from workbench.services import audit
from workbench.services.accounts import check_role, shut_out
from workbench.services.errors import ConflictError, NotFoundError
from workbench.services.people import invitations, resets
from workbench.services.people.leases import end_leases, unseen
from workbench.services.roles import ADMIN
from workbench.store.database import now, session, transaction
from workbench.store.people import SignInSession, User
from workbench.store.queues import QueueClaim


@dataclass(frozen=True)
class Person:
    """An account in a list."""

    id: int
    name: str
    role: str
    created_at: datetime
    last_seen_at: datetime | None
    """In a session that has not ended, to the hour."""
    deactivated_at: datetime | None


def people() -> tuple[Person, ...]:
    """All accounts, by name."""
    seen = (
        select(SignInSession.user_id, func.max(SignInSession.last_seen_at).label("at"))
        .group_by(SignInSession.user_id)
        .subquery()
    )
    rows = session().execute(
        select(User, seen.c.at).outerjoin(seen, seen.c.user_id == User.id).order_by(User.name)
    )
    return tuple(
        Person(user.id, user.name, user.role, user.created_at, at, user.deactivated_at)
        for user, at in rows
    )


def set_role(acting_id: int | None, person_id: int, role: str) -> None:
    """Change what an account may do, from its next request on.

    Open links that somebody made who is no admin any more lead nowhere: here as in `deactivate`.
    `acting_id` is None for the command line, here as below. Raises InvalidError for an unknown
    role, ConflictError where nobody would be left to manage accounts.
    """
    check_role(role)
    with transaction() as write:
        user = _found(write, person_id)
        if role != ADMIN:
            _keep_an_admin(write, user)
        before, after = {"role": user.role}, {"role": role}
        audit.record(write, acting_id, "user.role", f"user:{user.id}", before=before, after=after)
        user.role = role
        write.flush()
        end_leases(write, QueueClaim.user_id == user.id, unseen())
        if role != ADMIN:
            _withdraw_offers(write, acting_id, user)


def deactivate(acting_id: int | None, person_id: int) -> None:
    """Let an account sign in no more, and end its sessions and tokens. What it did stays.

    Raises ConflictError as `set_role`.
    """
    with transaction() as write:
        user = _found(write, person_id)
        _keep_an_admin(write, user)
        user.deactivated_at = user.deactivated_at or now()
        shut_out(write, user.id)
        end_leases(write, QueueClaim.user_id == user.id)
        _withdraw_offers(write, acting_id, user)
        audit.record(write, acting_id, "user.deactivate", f"user:{user.id}")


def activate(acting_id: int | None, person_id: int) -> None:
    """Let a deactivated account sign in again."""
    with transaction() as write:
        user = _found(write, person_id)
        user.deactivated_at = None
        audit.record(write, acting_id, "user.activate", f"user:{user.id}")


def _found(write: Session, person_id: int) -> User:
    user = write.get(User, person_id)
    if user is None:
        raise NotFoundError(gettext("There is no such account."))
    return user


def _withdraw_offers(write: Session, acting_id: int | None, user: User) -> None:
    invitations.withdraw_offers(write, acting_id, user.id)
    resets.withdraw_offers(write, user.id)


def _keep_an_admin(write: Session, user: User) -> None:
    """Refuse to take away the last admin who can sign in.

    Their rows stay locked to the end of the transaction: two admins who remove each other at the
    same moment do so one after the other.
    """
    admins = write.scalars(
        select(User.id)
        .where(User.role == ADMIN, User.deactivated_at.is_(None))
        .order_by(User.id)
        .with_for_update()
    ).all()
    if list(admins) == [user.id]:
        raise ConflictError(
            gettext("“%(name)s” is the only admin. Make somebody else one first.", name=user.name)
        )
