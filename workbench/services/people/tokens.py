"""API tokens: keys that programs act with for a person, within scopes (ADR 61)."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import structlog
from flask_babel import gettext
from sqlalchemy import ColumnElement, select, update

from workbench.services import audit, visibility
from workbench.services.accounts import Account
from workbench.services.errors import InvalidError, NotFoundError
from workbench.services.roles import PERMISSIONS, may
from workbench.services.sign_in import SEEN_EVERY, hash_of
from workbench.store.database import now, session, transaction
from workbench.store.failures import StorageError
from workbench.store.people import ApiToken, User

log = structlog.get_logger()

PREFIX: Final = "pwb_"
"""What a token begins with, so that scanners of source code know one."""
SCOPES: Final = tuple(
    each.action for each in PERMISSIONS if each.action not in ("account", "people", "webhooks")
)
"""What a token can be given. Accounts, and where decisions are sent to, are managed by people
alone."""
LONGEST_NAME: Final = 80
LONGEST_DAYS: Final = 365
MOST: Final = 20
"""So many standing tokens a person has at most."""


@dataclass(frozen=True)
class TokenView:
    """A token in a list, without what it is."""

    id: int
    name: str
    owner: str
    scopes: tuple[str, ...]
    created_at: datetime
    expires_at: datetime
    last_used_at: datetime | None


@dataclass(frozen=True)
class Bearer:
    """Who a request with a token acts for, and within which scopes."""

    token_id: int
    account: Account
    scopes: frozenset[str]


def make(
    account: Account, name: str, scopes: Sequence[str], days: int, *, by_command: bool = False
) -> str:
    """Make a token for somebody; returns it, and stores its hash.

    by_command: whoever runs the workbench makes it, and not the person.

    Raises InvalidError for a name, scope or number of days that cannot be.
    """
    if not name or len(name) > LONGEST_NAME:
        raise InvalidError(gettext("Give the token a name, such as that of the script."))
    wanted = [each for each in SCOPES if each in scopes]
    if not wanted or len(wanted) != len(set(scopes)):
        raise InvalidError(gettext("Choose what the token may do."))
    if not all(may(account.role, each) for each in wanted):
        raise InvalidError(gettext("A token may do no more than your role."))
    if not 1 <= days <= LONGEST_DAYS:
        raise InvalidError(gettext("A token lasts 1 to %(days)s days.", days=LONGEST_DAYS))
    token = PREFIX + secrets.token_urlsafe(32)
    with transaction() as write:
        if len(write.scalars(select(ApiToken.id).where(_of(account.id))).all()) >= MOST:
            raise InvalidError(gettext("You have %(most)s tokens. Revoke one.", most=MOST))
        made = ApiToken(
            user_id=account.id,
            name=name,
            token_hash=hash_of(token),
            scopes=wanted,
            expires_at=now() + timedelta(days=days),
        )
        write.add(made)
        write.flush()
        acting_id = None if by_command else account.id
        audit.record(write, acting_id, "token.make", f"token:{made.id}", after={"scopes": wanted})
    return token


def find(token: str) -> Bearer | None:
    """Who a token acts for; None where it is nobody's, has expired or was revoked. One query."""
    row = (
        session()
        .execute(
            select(ApiToken, User.id, User.name, User.role, visibility.not_a_member())
            .join(User, User.id == ApiToken.user_id)
            .where(
                ApiToken.token_hash == hash_of(token),
                ApiToken.revoked_at.is_(None),
                ApiToken.expires_at > now(),
                User.deactivated_at.is_(None),
            )
        )
        .one_or_none()
    )
    if row is None:
        return None
    found, user_id, name, role, restricted = row
    bearer = Bearer(
        found.id,
        Account(user_id, name, role, visibility.hidden_from(role, restricted)),
        frozenset(found.scopes),
    )
    if found.last_used_at is None or now() - found.last_used_at > SEEN_EVERY:
        _note_use(found.id)
    return bearer


def tokens_of(user_id: int) -> tuple[TokenView, ...]:
    """Somebody's tokens that have not ended, the newest first."""
    return _listed(user_id)


def tokens() -> tuple[TokenView, ...]:
    """Everybody's."""
    return _listed(None)


def revoke(acting_id: int | None, token_id: int, *, of_anybody: bool = False) -> None:
    """Let a token be worth nothing from the next request on: one's own, or as an admin anybody's.

    Raises NotFoundError.
    """
    whose = () if of_anybody else (ApiToken.user_id == acting_id,)
    with transaction() as write:
        revoked = write.scalar(
            update(ApiToken)
            .where(ApiToken.id == token_id, ApiToken.revoked_at.is_(None), *whose)
            .values(revoked_at=now())
            .returning(ApiToken.id)
        )
        if revoked is None:
            raise NotFoundError(gettext("There is no such token."))
        audit.record(write, acting_id, "token.revoke", f"token:{token_id}")


def _listed(user_id: int | None) -> tuple[TokenView, ...]:
    rows = session().execute(
        select(ApiToken, User.name)
        .join(User, User.id == ApiToken.user_id)
        .where(_of(user_id))
        .order_by(ApiToken.id.desc())
    )
    return tuple(
        TokenView(
            each.id,
            each.name,
            owner,
            tuple(each.scopes),
            each.created_at,
            each.expires_at,
            each.last_used_at,
        )
        for each, owner in rows
    )


def _of(user_id: int | None) -> ColumnElement[bool]:
    """Standing tokens, of one person or of all."""
    standing = ApiToken.revoked_at.is_(None) & (ApiToken.expires_at > now())
    return standing if user_id is None else standing & (ApiToken.user_id == user_id)


def _note_use(token_id: int) -> None:
    try:
        with transaction() as write:
            write.execute(
                update(ApiToken).where(ApiToken.id == token_id).values(last_used_at=now())
            )
    except StorageError as error:  # the page can be read without
        log.warning("a token's use was not noted", cause=str(error.orig))
