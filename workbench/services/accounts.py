"""Accounts: who may come in, and what they may do."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from workbench.services import audit
from workbench.services.errors import ConflictError, InvalidError
from workbench.store.database import now, session, transaction
from workbench.store.people import ROLES, SignInSession, User

SHORTEST_PASSWORD = 10
LONGEST_PASSWORD = 200
LONGEST_NAME = 80
_EVERYBODY = frozenset({"account", "judge", "tag", "note"})
_REVIEWERS = frozenset({"taxonomy"})
_DEVELOPERS = frozenset({"data", "import", "remove", "retrain"})


@dataclass(frozen=True)
class Account:
    """A person who is signed in."""

    id: int
    name: str
    role: str


@dataclass(frozen=True)
class Person:
    """An account as who runs the workbench sees it."""

    name: str
    role: str
    created_at: datetime
    last_seen_at: datetime | None
    """In a session that has not ended, to the hour."""
    deactivated_at: datetime | None


@lru_cache(maxsize=1)
def _hasher() -> PasswordHasher:
    return PasswordHasher()


def add_user(name: str, password: str, role: str) -> Account:
    """Make an account. Raises InvalidError or ConflictError with what is wrong."""
    name = name.strip()
    if not name or len(name) > LONGEST_NAME or not name.isprintable():
        raise InvalidError(f"A user name must have 1 to {LONGEST_NAME} printable characters.")
    if role not in ROLES:
        raise InvalidError(f"A role must be one of {', '.join(ROLES)}.")
    _check_password(password)
    with transaction() as write:
        if write.scalar(select(User.id).where(User.name == name)) is not None:
            raise ConflictError(f"User “{name}” already exists.")
        user = User(name=name, password_hash=_hasher().hash(password), role=role)
        write.add(user)
        write.flush()
        audit.record(write, None, "user.add", f"user:{user.id}")
        return _account(user)


def set_password(name: str, password: str) -> None:
    """Give an account a new password, and end its sessions."""
    _check_password(password)
    password_hash = _hasher().hash(password)
    with transaction() as write:
        user = _named(write, name)
        user.password_hash = password_hash
        end_sessions(write, user.id)
        audit.record(write, None, "user.password", f"user:{user.id}")


def change_password(user_id: int, password: str) -> None:
    """Give one's own account a new password. Raises InvalidError where it cannot be one."""
    _check_password(password)
    password_hash = _hasher().hash(password)
    with transaction() as write:
        write.get_one(User, user_id).password_hash = password_hash
        end_sessions(write, user_id)
        audit.record(write, user_id, "user.password", f"user:{user_id}")


def set_role(name: str, role: str) -> None:
    """Change what an account may do, from its next request on."""
    if role not in ROLES:
        raise InvalidError(f"A role must be one of {', '.join(ROLES)}.")
    with transaction() as write:
        user = _named(write, name)
        before, after = {"role": user.role}, {"role": role}
        audit.record(write, None, "user.role", f"user:{user.id}", before=before, after=after)
        user.role = role


def deactivate(name: str) -> None:
    """Let an account sign in no more, and end its sessions. What it did stays."""
    with transaction() as write:
        user = _named(write, name)
        user.deactivated_at = user.deactivated_at or now()
        end_sessions(write, user.id)
        audit.record(write, None, "user.deactivate", f"user:{user.id}")


def activate(name: str) -> None:
    """Let a deactivated account sign in again."""
    with transaction() as write:
        user = _named(write, name)
        user.deactivated_at = None
        audit.record(write, None, "user.activate", f"user:{user.id}")


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
        Person(user.name, user.role, user.created_at, at, user.deactivated_at) for user, at in rows
    )


def end_sessions(write: Session, user_id: int) -> None:
    """End all of an account's sessions, within a transaction."""
    write.execute(delete(SignInSession).where(SignInSession.user_id == user_id))


def id_of(name: str) -> int:
    """The id of the account of a name. Raises InvalidError."""
    return _named(session(), name).id


def _named(write: Session, name: str) -> User:
    user = write.scalar(select(User).where(User.name == name.strip()))
    if user is None:
        raise InvalidError(f"User “{name}” not found.")
    return user


def _check_password(password: str) -> None:
    if not SHORTEST_PASSWORD <= len(password) <= LONGEST_PASSWORD:
        raise InvalidError(
            f"A password must have {SHORTEST_PASSWORD} to {LONGEST_PASSWORD} characters."
        )


def authenticate(name: str, password: str) -> Account | None:
    """The account, where name and password belong together."""
    name = name.strip()
    # What no account can have need not be looked up, and PostgreSQL would refuse some of it.
    possible = name.isprintable() and len(password) <= LONGEST_PASSWORD
    user = session().scalar(select(User).where(User.name == name)) if possible else None
    if user is None or user.deactivated_at is not None:
        # It costs the same time as a wrong password, so that names cannot be probed.
        _hasher().hash(password[:LONGEST_PASSWORD])
        return None
    try:
        _hasher().verify(user.password_hash, password[:LONGEST_PASSWORD])
    except (VerificationError, InvalidHashError):
        return None
    return _account(user)


def exists(name: str) -> bool:
    """Whether somebody has this name."""
    return session().scalar(select(User.id).where(User.name == name)) is not None


def may(account: Account, action: str) -> bool:
    """Whether an account may do something.

    Everybody may `account` (change their own), `judge`, `tag` and `note`; reviewers and developers
    may change the `taxonomy`; developers may also `retrain`, `import` images, and act on what a
    check of the `data` found.
    """
    return (
        action in _EVERYBODY
        or (action in _REVIEWERS and account.role in ("reviewer", "developer"))
        or (action in _DEVELOPERS and account.role == "developer")
    )


def _account(user: User) -> Account:
    return Account(user.id, user.name, user.role)


def one_time_password(name: str) -> str:
    """Give a developer account (made where it is missing) a fresh random password; returns it."""
    password = secrets.token_urlsafe(12)
    if exists(name):
        set_password(name, password)
    else:
        add_user(name, password, "developer")
    return password
