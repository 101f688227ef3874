"""Accounts: who may come in, by name and password."""

from __future__ import annotations

import secrets
import unicodedata
from dataclasses import dataclass, field
from functools import lru_cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from flask_babel import gettext
from sqlalchemy import delete, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from workbench.services import audit
from workbench.services.errors import ConflictError, InvalidError
from workbench.services.roles import ADMIN
from workbench.store.database import now, session, transaction
from workbench.store.folding import folded
from workbench.store.people import ROLES, ApiToken, PasswordReset, SignInSession, User

SHORTEST_PASSWORD = 10
LONGEST_PASSWORD = 200
LONGEST_NAME = 80
NO_PASSWORD = ""
"""What is stored for an account that signs in by the identity provider alone."""


@dataclass(frozen=True)
class Account:
    """A person who is signed in."""

    id: int
    name: str
    role: str
    hidden: frozenset[int] = field(default=frozenset(), compare=False)
    """The restricted collections that it is no member of; known of a session's account."""


@lru_cache(maxsize=1)
def _hasher() -> PasswordHasher:
    return PasswordHasher()


def add_user(name: str, password: str, role: str) -> Account:
    """Make an account. Raises InvalidError or ConflictError with what is wrong."""
    name = checked_name(name)
    check_role(role)
    password_hash = hashed(password)
    with transaction() as write:
        user = make_account(write, name, password_hash, role)
        audit.record(write, None, "user.add", f"user:{user.id}")
        return account_of(user)


def make_account(write: Session, name: str, password_hash: str, role: str) -> User:
    """Write the row of a new account, within a transaction that records the event.

    Raises ConflictError where somebody has the name, or one that reads alike.
    """
    alike = select(User.name).where(User.folded_name == folded(name))
    known = write.scalar(alike)
    user = User(name=name, password_hash=password_hash, role=role)
    try:
        if known is None:
            with write.begin_nested():
                write.add(user)
            return user
    except IntegrityError:
        known = write.scalar(alike)
        if known is None:  # nobody took it at the same moment
            raise
    raise ConflictError(gettext("User “%(name)s” already exists.", name=known))


def checked_name(name: str) -> str:
    """A name as it is stored. Raises InvalidError for what cannot be one.

    Signs that show nothing or turn the direction of writing are none: two names that differ
    by them would look alike.
    """
    name = unicodedata.normalize("NFC", " ".join(name.split()) if name.isprintable() else name)
    if not name.isprintable() or not 0 < len(folded(name)) <= LONGEST_NAME >= len(name):
        raise InvalidError(
            gettext(
                "A user name must have 1 to %(longest)s printable characters.",
                longest=LONGEST_NAME,
            )
        )
    return name


def hashed(password: str) -> str:
    """What is stored of a password. Raises InvalidError where it cannot be one."""
    _check_password(password)
    return _hasher().hash(password)


def set_password(name: str, password: str) -> None:
    """Give an account a new password, and end what it was signed in with."""
    password_hash = hashed(password)
    with transaction() as write:
        user = _named(write, name)
        user.password_hash = password_hash
        shut_out(write, user.id)
        audit.record(write, None, "user.password", f"user:{user.id}")


def change_password(user_id: int, password: str) -> None:
    """Give one's own account a new password, and end what it was signed in with.

    Raises InvalidError where it cannot be one.
    """
    password_hash = hashed(password)
    with transaction() as write:
        write.get_one(User, user_id).password_hash = password_hash
        shut_out(write, user_id)
        audit.record(write, user_id, "user.password", f"user:{user_id}")


def has_password(user_id: int) -> bool:
    """Whether an account can sign in with a password."""
    return session().scalar(select(User.password_hash).where(User.id == user_id)) != NO_PASSWORD


def set_first_password(user_id: int, password: str) -> None:
    """Give one's own account a password that has none, and end what it was signed in with.

    Raises InvalidError where it cannot be one, ConflictError where there is one.
    """
    password_hash = hashed(password)
    with transaction() as write:
        user = write.get_one(User, user_id, with_for_update=True)
        if user.password_hash != NO_PASSWORD:
            raise ConflictError(gettext("Your account has a password. Change it instead."))
        user.password_hash = password_hash
        shut_out(write, user_id)
        audit.record(write, user_id, "user.password", f"user:{user_id}")


def check_role(role: str) -> None:
    """Raise InvalidError for what is no role."""
    if role not in ROLES:
        raise InvalidError(f"A role must be one of {', '.join(ROLES)}.")


def end_sessions(write: Session, user_id: int) -> None:
    """End all of an account's sessions, within a transaction."""
    write.execute(delete(SignInSession).where(SignInSession.user_id == user_id))


def shut_out(write: Session, user_id: int) -> None:
    """End all that lets somebody act for an account: sessions, API tokens, a link of a reset."""
    end_sessions(write, user_id)
    write.execute(
        update(ApiToken)
        .where(ApiToken.user_id == user_id, ApiToken.revoked_at.is_(None))
        .values(revoked_at=now())
    )
    write.execute(delete(PasswordReset).where(PasswordReset.user_id == user_id))


def id_of(name: str) -> int:
    """The id of the account of a name. Raises InvalidError."""
    return _named(session(), name).id


def named(name: str) -> Account:
    """The account of a name. Raises InvalidError, also where it is deactivated."""
    user = _named(session(), name)
    if user.deactivated_at is not None:
        raise InvalidError(f"User “{name}” is deactivated.")
    return account_of(user)


def _named(write: Session, name: str) -> User:
    user = write.scalar(select(User).where(User.name == name.strip()))
    if user is None:
        raise InvalidError(f"User “{name}” not found.")
    return user


def _check_password(password: str) -> None:
    if not SHORTEST_PASSWORD <= len(password) <= LONGEST_PASSWORD:
        raise InvalidError(
            gettext(
                "A password must have %(shortest)s to %(longest)s characters.",
                shortest=SHORTEST_PASSWORD,
                longest=LONGEST_PASSWORD,
            )
        )


def authenticate(name: str, password: str) -> Account | None:
    """The account, where name and password belong together."""
    name = unicodedata.normalize("NFC", name.strip())
    # What no account can have need not be looked up, and PostgreSQL would refuse some of it.
    possible = name.isprintable() and len(password) <= LONGEST_PASSWORD
    user = session().scalar(select(User).where(User.name == name)) if possible else None
    if user is None or user.deactivated_at is not None or user.password_hash == NO_PASSWORD:
        # It costs the same time as a wrong password, so that names cannot be probed.
        _hasher().hash(password[:LONGEST_PASSWORD])
        return None
    try:
        _hasher().verify(user.password_hash, password[:LONGEST_PASSWORD])
    except (VerificationError, InvalidHashError):
        return None
    return account_of(user)


def exists(name: str) -> bool:
    """Whether somebody has this name."""
    return session().scalar(select(User.id).where(User.name == name)) is not None


def account_of(user: User) -> Account:
    """The account of a row."""
    return Account(user.id, user.name, user.role)


def one_time_password(name: str) -> str:
    """Give an admin account (made where it is missing) a fresh random password; returns it."""
    password = secrets.token_urlsafe(12)
    if not exists(name):
        add_user(name, password, ADMIN)
        return password
    set_password(name, password)
    with transaction() as write:
        user = _named(write, name)
        if user.role != ADMIN or user.deactivated_at:
            before, after = {"role": user.role}, {"role": ADMIN}
            audit.record(write, None, "user.role", f"user:{user.id}", before=before, after=after)
            user.role, user.deactivated_at = ADMIN, None
    return password
