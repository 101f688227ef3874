"""Who may see and do what, and what a browser is told to refuse."""

from __future__ import annotations

import hmac
import math
import time
from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar
from urllib.parse import urlsplit

from flask import Flask, Response, abort, current_app, redirect, request, session, url_for
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address
from flask_login import LoginManager, UserMixin, current_user, login_user
from flask_wtf import CSRFProtect
from werkzeug.wrappers import Response as AnyResponse

from workbench.services import accounts
from workbench.services.accounts import Account

CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)

SECURITY_HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}

OPEN_ENDPOINTS = frozenset(
    {"accounts.login", "accounts.login_submit", "health.show", "static", "style"}
)

Arguments = ParamSpec("Arguments")
Answer = TypeVar("Answer")

limiter = Limiter(get_remote_address, storage_uri="memory://", headers_enabled=False)


class SignedIn(UserMixin):  # type: ignore[misc]
    """The account behind a session."""

    def __init__(self, account: Account) -> None:
        self.account = account
        self.id = f"{account.id}.{account.stamp}"
        self.name = account.name
        self.role = account.role


def register(app: Flask) -> None:
    """Sessions, CSRF tokens, rate limits, the reading rule and the response headers."""
    # A token lives as long as its session: a page left open over lunch still saves.
    app.config.setdefault("WTF_CSRF_TIME_LIMIT", None)
    CSRFProtect(app)
    limiter.init_app(app)
    # Its context processor would ask the database for the reader even on the page that says that
    # the database is away.
    manager = LoginManager(app, add_context_processor=False)
    manager.user_loader(_load_user)
    app.before_request(_require_reader)
    app.after_request(_harden)


def requires(
    action: str,
) -> Callable[[Callable[Arguments, Answer]], Callable[Arguments, Answer | AnyResponse]]:
    """Let a view be used only by a signed-in account that may do `action`."""

    def decorate(
        view: Callable[Arguments, Answer],
    ) -> Callable[Arguments, Answer | AnyResponse]:
        @wraps(view)
        def guarded(*args: Arguments.args, **kwargs: Arguments.kwargs) -> Answer | AnyResponse:
            if not current_user.is_authenticated:
                return ask_to_sign_in()
            if not may(action):
                abort(403)
            return view(*args, **kwargs)

        return guarded

    return decorate


def may(action: str) -> bool:
    """Whether the person at this request may do `action`."""
    return bool(current_user.is_authenticated and accounts.may(current_user.account, action))


def tries_allowed() -> str:
    """How often what is costly may be asked for: strangers get a taste of it.

    A counterfactual takes eleven encodings, a picture to take away is drawn in half a second.
    """
    return "120 per minute" if current_user.is_authenticated else "20 per minute"


def limit_ends_in() -> int:
    """Seconds until the limit that this request has met lets one through again."""
    met = limiter.current_limit
    return max(math.ceil(met.reset_at - time.time()), 1) if met else 60


def was_computed(response: Response) -> bool:
    """Whether an answer counts as a try: what found no free slot cost nothing."""
    return response.status_code != 503


def user_id() -> int:
    """Id of the signed-in account."""
    return int(current_user.account.id)


def is_own(name: str) -> bool:
    """Whether this is the name of the signed-in account."""
    return bool(current_user.is_authenticated and current_user.name == name)


def remember(account: Account) -> None:
    """Start a fresh session for an account, so that no earlier session's state is carried in."""
    session.clear()
    login_user(SignedIn(account))


def ask_to_sign_in() -> AnyResponse:
    """Send a page's reader to the sign-in page; tell a fragment or a picture 401."""
    if request.headers.get("HX-Request") or request.blueprint == "media":
        abort(401)
    back = request.full_path.rstrip("?") if request.method == "GET" else request.referrer
    return redirect(url_for("accounts.login", next=local_path(back)), 303)


def way_back(endpoint: str) -> str:
    """Where a form says that one came from, else the page of this endpoint."""
    return local_path(request.form.get("back")) or url_for(endpoint)


def local_path(target: str | None) -> str | None:
    """The path and query of an address of this site; None for any other address."""
    if not target or any(ord(sign) < 32 for sign in target) or "\\" in target:
        return None
    try:
        parts = urlsplit(target)
    except ValueError:
        return None
    if parts.netloc and (parts.scheme not in ("http", "https") or parts.netloc != request.host):
        return None
    if parts.scheme and not parts.netloc:
        return None
    if not parts.path.startswith("/") or parts.path.startswith("//"):
        return None
    return f"{parts.path}?{parts.query}" if parts.query else parts.path


def _load_user(text: str) -> SignedIn | None:
    number, _, stamp = text.partition(".")
    account = accounts.account(int(number)) if number.isdigit() else None
    same = account is not None and hmac.compare_digest(account.stamp.encode(), stamp.encode())
    return SignedIn(account) if account and same else None


def _require_reader() -> AnyResponse | None:
    if request.endpoint in OPEN_ENDPOINTS or current_app.config["WORKBENCH"].open_reading:
        return None
    return None if current_user.is_authenticated else ask_to_sign_in()


def _harden(response: Response) -> Response:
    for name, value in SECURITY_HEADERS.items():
        response.headers.setdefault(name, value)
    response.headers.setdefault("Cache-Control", "private, no-cache")
    if current_app.config["WORKBENCH"].https:
        response.headers.setdefault("Strict-Transport-Security", "max-age=31536000")
    return response
