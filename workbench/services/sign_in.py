"""Sessions of people who are signed in: started, found by a browser's token, ended."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog
from flask_babel import gettext
from sqlalchemy import bindparam, delete, select, update

from workbench.services import audit, visibility
from workbench.services.accounts import Account, end_sessions
from workbench.services.errors import NotFoundError
from workbench.store.database import now, session, transaction
from workbench.store.failures import StorageError
from workbench.store.people import SignInSession, User

log = structlog.get_logger()

LASTS = timedelta(days=14)
"""From the signing in, however often it is used."""
FRESH = timedelta(minutes=10)
"""So long after signing in nobody is asked who they are again."""
SEEN_EVERY = timedelta(hours=1)
"""So old may `last_seen_at` be: a page should not have to write."""


@dataclass(frozen=True)
class SessionView:
    """A browser that somebody is signed in with."""

    id: int
    browser: str
    address: str
    created_at: datetime
    last_seen_at: datetime
    """To the hour."""
    here: bool
    """Whether it is the one that asks."""


def start(user_id: int, browser: str = "", address: str = "", issuer: str = "") -> str:
    """Start a session; returns the token that the browser keeps, and that is stored nowhere.

    `issuer` is the identity provider that said who it is; empty where a password did.
    """
    token = secrets.token_urlsafe(32)
    with transaction() as write:
        write.execute(delete(SignInSession).where(SignInSession.expires_at <= now()))
        write.add(
            SignInSession(
                token_hash=hash_of(token),
                user_id=user_id,
                expires_at=now() + LASTS,
                browser=browser[:40],
                address=address[:45],
            )
        )
        by: dict[str, Any] = {"issuer": issuer} if issuer else {}
        audit.record(write, user_id, "session.start", f"user:{user_id}", **by)
    return token


# Made once: to put a statement together takes longer than to ask it, and every request asks this.
_BY_TOKEN = (
    select(
        SignInSession.id,
        SignInSession.last_seen_at,
        User.id,
        User.name,
        User.role,
        visibility.not_a_member(),
    )
    .join(User, User.id == SignInSession.user_id)
    .where(
        SignInSession.token_hash == bindparam("token_hash"),
        SignInSession.expires_at > bindparam("moment"),
        User.deactivated_at.is_(None),
    )
)


def find(token: str) -> Account | None:
    """Who is signed in with this token; None where the session has ended. One query."""
    row = (
        session()
        .execute(
            _BY_TOKEN,
            {"token_hash": hash_of(token), "moment": now()},
        )
        .one_or_none()
    )
    if row is None:
        return None
    session_id, last_seen_at, user_id, name, role, restricted = row
    if now() - last_seen_at > SEEN_EVERY:
        _see(session_id)
    return Account(user_id, name, role, visibility.hidden_from(role, restricted))


def is_fresh(token: str) -> bool:
    """Whether a session was started a short while ago."""
    started = session().scalar(
        select(SignInSession.created_at).where(SignInSession.token_hash == hash_of(token))
    )
    return started is not None and abs(now() - started) < FRESH


def end(token: str) -> None:
    """Sign out: the token is worth nothing from now on, whoever has a copy of it."""
    with transaction() as write:
        user_id = write.scalar(
            delete(SignInSession)
            .where(SignInSession.token_hash == hash_of(token))
            .returning(SignInSession.user_id)
        )
        if user_id is not None:
            audit.record(write, user_id, "session.end", f"user:{user_id}")


def sessions(user_id: int, token: str) -> tuple[SessionView, ...]:
    """Somebody's sessions that have not ended, the newest first; `token` is the asking one's."""
    found = session().scalars(
        select(SignInSession)
        .where(SignInSession.user_id == user_id, SignInSession.expires_at > now())
        .order_by(SignInSession.id.desc())
    )
    here = hash_of(token)
    return tuple(
        SessionView(
            each.id,
            each.browser,
            each.address,
            each.created_at,
            each.last_seen_at,
            each.token_hash == here,
        )
        for each in found
    )


def end_one(user_id: int, session_id: int) -> None:
    """End one of one's own sessions. Raises NotFoundError."""
    with transaction() as write:
        ended = write.scalar(
            delete(SignInSession)
            .where(SignInSession.id == session_id, SignInSession.user_id == user_id)
            .returning(SignInSession.id)
        )
        if ended is None:
            raise NotFoundError(gettext("This session has ended."))
        audit.record(write, user_id, "session.end", f"user:{user_id}")


def end_everywhere(user_id: int) -> None:
    """Sign somebody out in all browsers."""
    with transaction() as write:
        end_sessions(write, user_id)
        audit.record(write, user_id, "session.end_all", f"user:{user_id}")


def hash_of(token: str) -> str:
    """What is stored of a token. It is random and long: a fast hash is enough."""
    return hashlib.sha256(token.encode()).hexdigest()


def _see(session_id: int) -> None:
    try:
        with transaction() as write:
            write.execute(
                update(SignInSession)
                .where(SignInSession.id == session_id)
                .values(last_seen_at=now())
            )
    except StorageError as error:  # the page can be read without
        log.warning("a session's use was not noted", cause=str(error.orig))
