"""Password resets: one-time links by which people choose a new password."""

from __future__ import annotations

import secrets
from datetime import timedelta

from flask_babel import gettext
from sqlalchemy import ColumnElement, delete, select
from sqlalchemy.orm import Session

from workbench.services import audit
from workbench.services.accounts import Account, account_of, hashed, shut_out
from workbench.services.errors import ConflictError, NotFoundError
from workbench.services.sign_in import hash_of
from workbench.store.database import now, session, transaction
from workbench.store.people import PasswordReset, User

LASTS = timedelta(days=1)


def offer(acting_id: int | None, person_id: int) -> str:
    """Make a link for somebody; returns its token, which is stored nowhere.

    An earlier link of the same person is worth nothing from now on; the password holds until the
    link is used. Raises NotFoundError, and ConflictError for a deactivated account.
    """
    token = secrets.token_urlsafe(32)
    with transaction() as write:
        # Locked: of two links that are made at the same moment the later one replaces the other.
        user = write.get(User, person_id, with_for_update={"key_share": True})
        if user is None:
            raise NotFoundError(gettext("There is no such account."))
        if user.deactivated_at is not None:
            raise ConflictError(gettext("Activate the account first."))
        write.execute(delete(PasswordReset).where(PasswordReset.user_id == person_id))
        write.add(
            PasswordReset(
                user_id=person_id,
                token_hash=hash_of(token),
                made_by_id=acting_id,
                expires_at=now() + LASTS,
            )
        )
        audit.record(write, acting_id, "user.reset", f"user:{person_id}")
    return token


def withdraw_offers(write: Session, acting_id: int) -> None:
    """Delete the links that an admin made who is none any more."""
    write.execute(delete(PasswordReset).where(PasswordReset.made_by_id == acting_id))


def whose(token: str) -> str:
    """The name of who a link is for. Raises NotFoundError where it leads nowhere."""
    found = session().scalar(
        select(User.name)
        .join(PasswordReset, PasswordReset.user_id == User.id)
        .where(*_open(token), User.deactivated_at.is_(None))
    )
    if found is None:
        raise _nowhere()
    return found


def use(token: str, password: str) -> Account:
    """Set the password, use the link up, and end all sessions and API tokens.

    Raises NotFoundError where it leads nowhere, InvalidError for a password that cannot be one.
    """
    whose(token)
    password_hash = hashed(password)
    with transaction() as write:
        person_id = write.scalar(
            delete(PasswordReset).where(*_open(token)).returning(PasswordReset.user_id)
        )
        user = write.get(User, person_id) if person_id is not None else None
        if user is None or user.deactivated_at is not None:
            raise _nowhere()
        user.password_hash = password_hash
        shut_out(write, user.id)
        audit.record(write, user.id, "user.password", f"user:{user.id}", reset=True)
        return account_of(user)


def _open(token: str) -> tuple[ColumnElement[bool], ...]:
    return PasswordReset.token_hash == hash_of(token), PasswordReset.expires_at > now()


def _nowhere() -> NotFoundError:
    return NotFoundError(
        gettext("This link was used before, was replaced or has expired. Ask for a new one.")
    )
