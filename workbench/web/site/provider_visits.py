"""Ways to the identity provider and back: what proves that who comes back is who went.

Kept in the signed cookie, under the `state` that goes along: it is taken once, in the browser that
it was begun in, within ten minutes.
"""

from __future__ import annotations

import hmac
import secrets
import time
from dataclasses import asdict, dataclass
from typing import Any, Final, Literal

from flask import session

from workbench.services.people.provider import Proven, Provider
from workbench.web.site import links

Purpose = Literal["sign in", "join", "link"]
_BEGUN: Final = "provider_visits"
_JOINING: Final = "provider_joining"
LASTS: Final = 600
"""Seconds."""
MOST: Final = 3
"""At once in one browser: a cookie is small."""
LONGEST: Final = 500
"""Characters of the address that one goes on to."""


@dataclass(frozen=True)
class Visit:
    """One way there and back, and what for."""

    state: str
    nonce: str
    verifier: str
    at: int
    purpose: Purpose
    then: str
    """The local address to go on to; empty for the usual one."""
    token: str
    """Of the invitation that one joins by."""
    user_id: int | None
    """Whose account is linked."""


@dataclass(frozen=True)
class Joining:
    """Somebody whom the provider knows, and who has yet to choose a name."""

    proven: Proven
    token: str


def back() -> str:
    """The address that the provider sends people back to."""
    return links.link("provider.callback")


def start(
    provider: Provider,
    purpose: Purpose,
    *,
    then: str | None = None,
    token: str = "",
    user_id: int | None = None,
    again: bool = False,
) -> str:
    """Begin a visit; where to go. Raises UnavailableError."""
    state, nonce, verifier = (secrets.token_urlsafe(32) for _ in range(3))
    url = provider.authorization_url(
        back=back(), state=state, nonce=nonce, verifier=verifier, again=again
    )
    then = then if then and len(then) <= LONGEST else ""
    begun = Visit(state, nonce, verifier, _moment(), purpose, then, token, user_id)
    session[_BEGUN] = [*_kept()[1 - MOST :], asdict(begun)]
    return url


def finish(state: str) -> Visit | None:
    """Take the visit that somebody comes back from; None where this browser has begun none."""
    kept, given = _kept(), state.encode()
    found = next(
        (each for each in kept if hmac.compare_digest(each["state"].encode(), given)), None
    )
    if found is None:
        return None
    session[_BEGUN] = [each for each in kept if each is not found]
    return Visit(**found) if _is_recent(found["at"]) else None


def keep_joining(proven: Proven, token: str) -> None:
    """Keep who joins until the name is chosen."""
    session[_JOINING] = {"proven": asdict(proven), "token": token, "at": _moment()}


def joining() -> Joining | None:
    """Who joins in this browser."""
    kept = session.get(_JOINING)
    if kept is None or not _is_recent(kept["at"]):
        return None
    return Joining(Proven(**kept["proven"]), kept["token"])


def _kept() -> list[dict[str, Any]]:
    return list(session.get(_BEGUN, ()))


def _moment() -> int:
    return int(time.time())


def _is_recent(moment: int) -> bool:
    return abs(_moment() - moment) <= LASTS
