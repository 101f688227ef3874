"""Accounts: who may come in, and what they may do."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from functools import lru_cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import select

from workbench.services import audit
from workbench.services.errors import ConflictError, InvalidError
from workbench.store.database import session, transaction
from workbench.store.people import ROLES, User

SHORTEST_PASSWORD = 10
LONGEST_PASSWORD = 200
LONGEST_NAME = 80
_EVERYBODY = frozenset({"judge", "tag", "note"})
_DEVELOPERS = frozenset({"retrain"})


@dataclass(frozen=True)
class Account:
    """A person who is signed in."""

    id: int
    name: str
    role: str
    stamp: str = ""
    """Changes with the password, so that sessions from before a change end."""


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
    """Give an account a new password."""
    _check_password(password)
    with transaction() as write:
        user = write.scalar(select(User).where(User.name == name))
        if user is None:
            raise InvalidError(f"User “{name}” not found.")
        user.password_hash = _hasher().hash(password)
        audit.record(write, None, "user.password", f"user:{user.id}")


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
    if user is None:
        # It costs the same time as a wrong password, so that names cannot be probed.
        _hasher().hash(password[:LONGEST_PASSWORD])
        return None
    try:
        _hasher().verify(user.password_hash, password[:LONGEST_PASSWORD])
    except (VerificationError, InvalidHashError):
        return None
    return _account(user)


def account(user_id: int) -> Account | None:
    """The account with this id."""
    user = session().get(User, user_id)
    return _account(user) if user else None


def exists(name: str) -> bool:
    """Whether somebody has this name."""
    return session().scalar(select(User.id).where(User.name == name)) is not None


def may(account: Account, action: str) -> bool:
    """Whether an account may `judge`, `tag`, `note` (everybody) or `retrain` (developers)."""
    return action in _EVERYBODY or (action in _DEVELOPERS and account.role == "developer")


def _account(user: User) -> Account:
    stamp = hashlib.sha256(user.password_hash.encode()).hexdigest()[:16]
    return Account(user.id, user.name, user.role, stamp)


def one_time_password(name: str) -> str:
    """Give a developer account (made where it is missing) a fresh random password; returns it."""
    password = secrets.token_urlsafe(12)
    if exists(name):
        set_password(name, password)
    else:
        add_user(name, password, "developer")
    return password
