"""Programs at a request: `Authorization: Bearer`, in place of a session (ADR 61)."""

from __future__ import annotations

import math
import time

from flask import Response, g, request
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address
from flask_login import UserMixin
from flask_wtf import CSRFProtect
from limits import RateLimitItem, RateLimitItemPerMinute
from werkzeug.exceptions import TooManyRequests

from workbench.services import audit
from workbench.services.people import tokens
from workbench.services.people.tokens import Bearer

REQUESTS = RateLimitItemPerMinute(600, namespace="TOKEN_REQUESTS")
"""Of one token."""
WRONG = RateLimitItemPerMinute(30, namespace="WRONG_TOKENS")
"""Tokens that are nobody's, from one address."""


class Program(UserMixin):  # type: ignore[misc]
    """The account that a token acts for."""

    def __init__(self, bearer: Bearer) -> None:
        self.account = bearer.account
        self.id = f"token {bearer.token_id}"
        self.name = bearer.account.name
        self.role = bearer.account.role
        self.scopes = bearer.scopes


class CSRFOfBrowsers(CSRFProtect):  # type: ignore[misc]
    """Asks for a form's token where a browser could have been led to send its cookie."""

    def protect(self, *, apply_exemptions: bool = False) -> None:
        """Let what carries a token of its own through: the cookie is not looked at."""
        if not is_used():
            super().protect(apply_exemptions=apply_exemptions)


def is_used() -> bool:
    """Whether the request says that it is by a token: then nothing else lets it in."""
    return _given() is not None


def load(limiter: Limiter) -> Program | None:
    """Who the token acts for; None where it is nobody's. Raises TooManyRequests."""
    token = _given()
    if token is None:
        return None
    bearer = tokens.find(token)
    if bearer is None:
        # What is somebody's gets past: others at the same address may have sent wrong ones.
        _count(limiter, WRONG, get_remote_address())
        return None
    _count(limiter, REQUESTS, str(bearer.token_id))
    window = limiter.limiter.get_window_stats(REQUESTS, str(bearer.token_id))
    seconds = max(math.ceil(window.reset_time - time.time()), 0)
    g.rate_limit = f'"token";r={window.remaining};t={seconds}'
    audit.by_token(bearer.token_id)
    return Program(bearer)


def tell_what_is_left(response: Response) -> Response:
    """How many requests a token has left, and for how long.

    As in the draft of the IETF (draft-ietf-httpapi-ratelimit-headers).
    """
    left = g.pop("rate_limit", None)
    if left is not None:
        policy = f'"token";q={REQUESTS.amount};w={REQUESTS.get_expiry()}'
        response.headers["RateLimit-Policy"] = policy
        response.headers["RateLimit"] = left
    return response


def _count(limiter: Limiter, limit: RateLimitItem, whose: str) -> None:
    if not limiter.limiter.hit(limit, whose):
        raise TooManyRequests(retry_after=60)


def _given() -> str | None:
    kind, _, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() if kind.lower() == "bearer" else None
