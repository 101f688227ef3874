"""Who may see and do what, and what a browser is told to refuse."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar
from urllib.parse import urlsplit

from flask import (
    Flask,
    Request,
    Response,
    abort,
    current_app,
    g,
    make_response,
    redirect,
    request,
    session,
    url_for,
)
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address
from flask_login import LoginManager, UserMixin, current_user, login_user, logout_user
from werkzeug.exceptions import SecurityError
from werkzeug.routing import Rule
from werkzeug.wrappers import Response as AnyResponse

from workbench.config import PREFIX, Settings
from workbench.services import audit, roles, sign_in, visibility
from workbench.services.accounts import Account
from workbench.services.people import objects
from workbench.services.review import blinding
from workbench.web.site import bearer
from workbench.web.site.browser_words import browser_words

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
    {
        "accounts.login",
        "accounts.login_submit",
        "health.show",
        "joining.choose_password",
        "joining.choose_password_submit",
        "joining.join",
        "joining.join_submit",
        "static",
        "style",
    }
)

OPEN = "open"
"""The rule of what strangers see in every installation."""
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
_ACTION = "workbench_action"

LOOPBACK = ("localhost", "127.0.0.1", "::1")
"""Names of this machine for itself; whatever else a page is asked for by is a setting."""

Arguments = ParamSpec("Arguments")
Answer = TypeVar("Answer")

limiter = Limiter(get_remote_address, storage_uri="memory://", headers_enabled=False)


class SignedIn(UserMixin):  # type: ignore[misc]
    """The account behind a session; flask-login keeps the session's token as its id."""

    def __init__(self, account: Account, token: str) -> None:
        self.account = account
        self.id = token
        self.name = account.name
        self.role = account.role


def register(app: Flask) -> None:
    """Sessions, CSRF tokens, rate limits, the reading rule and the response headers."""
    settings: Settings = app.config["WORKBENCH"]
    app.config.update(
        # Of its own, so that another application on this host keeps its session; behind https also
        # closed to what other hosts of the domain set.
        SESSION_COOKIE_NAME=f"{'__Host-' if settings.https else ''}workbench_session",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=settings.https,
        PERMANENT_SESSION_LIFETIME=sign_in.LASTS,
        KNOWN_HOSTS=[*LOOPBACK, *settings.trusted_hosts],
    )
    app.before_request(_require_known_host)
    # A token lives as long as its session: a page left open over lunch still saves.
    app.config.setdefault("WTF_CSRF_TIME_LIMIT", None)
    bearer.CSRFOfBrowsers(app)
    limiter.init_app(app)
    # Its context processor would ask the database for the reader even on the page that says that
    # the database is away.
    manager = LoginManager(app, add_context_processor=False)
    manager.user_loader(_load_user)
    manager.request_loader(_load_program)
    app.before_request(_require_rule)
    app.before_request(_require_scope)
    app.before_request(_require_reader)
    app.before_request(_show_what_is_seen)
    app.teardown_request(_forget_reader)
    app.after_request(_harden)


def requires(
    action: str,
) -> Callable[[Callable[Arguments, Answer]], Callable[Arguments, Answer | AnyResponse]]:
    """Let a view be used only by a signed-in account that may do `action` (`services/roles.py`)."""
    roles.permission(action)  # an unknown one is a mistake in the code

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

        setattr(guarded, _ACTION, action)
        return guarded

    return decorate


def reads(view: Callable[Arguments, Answer]) -> Callable[Arguments, Answer]:
    """Mark a view that readers POST to, and that writes nothing of theirs."""
    setattr(view, _ACTION, roles.READ)
    return view


def rule_of(app: Flask, route: Rule) -> str | None:
    """What a route asks for: an action of `services/roles.py`, or `OPEN`; None where nothing says.

    What can only be read asks for `read`.
    """
    if route.endpoint in OPEN_ENDPOINTS:
        return OPEN
    said: str | None = getattr(app.view_functions[route.endpoint], _ACTION, None)
    if said is not None:
        return said
    return roles.READ if SAFE_METHODS.issuperset(route.methods or ()) else None


def may(action: str) -> bool:
    """Whether the person at this request may do `action`."""
    if not current_user.is_authenticated or not roles.may(current_user.role, action):
        return False
    scopes: frozenset[str] | None = getattr(current_user, "scopes", None)
    return scopes is None or action in scopes


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
    forget()
    browser = browser_words(request.user_agent.string)
    token = sign_in.start(account.id, browser, request.remote_addr or "")
    login_user(SignedIn(account, token))


def forget() -> None:
    """End the session of this request, here and in every copy of its cookie."""
    if current_user.is_authenticated:
        sign_in.end(current_user.id)
    logout_user()
    session.clear()


def shown_once(page: str) -> Response:
    """A page with a secret on it, which no cache keeps and no address gives away."""
    response = make_response(page)
    response.headers["Cache-Control"] = "no-store"
    response.headers["Referrer-Policy"] = "no-referrer"
    return response


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


def _load_user(token: str) -> SignedIn | None:
    if bearer.is_used():
        return None
    account = sign_in.find(token)
    return SignedIn(account, token) if account else None


def _load_program(_request: Request) -> bearer.Program | None:
    return bearer.load(limiter)


def _require_known_host() -> AnyResponse | None:
    """Refuse to answer to a name that is not ours.

    A page elsewhere can let a name of its own point at this machine (DNS rebinding), and would
    read all that is open here as if it were its own. Flask's TRUSTED_HOSTS cannot name an IPv6
    address.
    """
    malformed = isinstance(request.routing_exception, SecurityError)
    name = None if malformed else urlsplit(f"//{request.host}").hostname
    known: list[str] = current_app.config["KNOWN_HOSTS"]
    if name and any(name == each or (each[0] == "." and name.endswith(each)) for each in known):
        return None
    return AnyResponse(
        f"Unknown host name. If people should reach the workbench by it, start it with "
        f"{PREFIX}TRUSTED_HOSTS={name or 'NAME'}\n",
        400,
        mimetype="text/plain",
    )


def _require_rule() -> None:
    """Refuse a route that can write, and that nobody gave a rule."""
    if request.url_rule is not None and rule_of(current_app, request.url_rule) is None:
        abort(403)


def _require_scope() -> None:
    """Refuse a token that is nobody's, and what is not among its scopes."""
    if not bearer.is_used() or request.endpoint in OPEN_ENDPOINTS or request.url_rule is None:
        return
    if not current_user.is_authenticated:
        abort(401)
    if not may(rule_of(current_app, request.url_rule) or ""):
        abort(403)


def _require_reader() -> AnyResponse | None:
    if request.endpoint in OPEN_ENDPOINTS or current_app.config["WORKBENCH"].open_reading:
        return None
    return None if current_user.is_authenticated else ask_to_sign_in()


def _show_what_is_seen() -> None:
    """Hide the collections that the reader is no member of, and what is of them (ADR 62)."""
    if request.endpoint in OPEN_ENDPOINTS:
        return
    hidden = (
        current_user.account.hidden
        if current_user.is_authenticated
        else visibility.hidden_from_strangers()
    )
    g.hidden = visibility.hide(hidden)
    g.reader = blinding.read_as(user_id() if current_user.is_authenticated else None)
    objects.require_visible(request.view_args or {})


def _forget_reader(_error: BaseException | None) -> None:
    audit.by_token(None)
    token = g.pop("hidden", None)
    if token is not None:
        visibility.see_all_again(token)
    reader = g.pop("reader", None)
    if reader is not None:
        blinding.read_by_nobody(reader)


def _harden(response: Response) -> Response:
    for name, value in SECURITY_HEADERS.items():
        response.headers.setdefault(name, value)
    response.headers.setdefault("Cache-Control", "private, no-cache")
    if current_app.config["WORKBENCH"].https:
        response.headers.setdefault("Strict-Transport-Security", "max-age=31536000")
    return response
