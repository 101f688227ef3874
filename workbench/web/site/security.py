"""Who may see and do what: the checks before a view, in their order."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

from flask import Flask, abort, current_app, g, request
from flask_login import current_user
from werkzeug.routing import Rule
from werkzeug.wrappers import Response as AnyResponse

from workbench.config import LOOPBACK, Settings
from workbench.services import audit, roles, sign_in, visibility
from workbench.services.people import objects
from workbench.services.review import blinding
from workbench.web.site import bearer, headers, hosts, limits, signing_in

OPEN_ENDPOINTS = frozenset(
    {
        "accounts.login",
        "accounts.login_submit",
        "health.show",
        "joining.choose_password",
        "joining.choose_password_submit",
        "joining.join",
        "joining.join_submit",
        "provider.callback",
        "provider.choose_name",
        "provider.choose_name_submit",
        "provider.join",
        "provider.signed_out",
        "provider.start",
        "static",
        "style",
    }
)

OPEN = "open"
"""The rule of what strangers see in every installation."""
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
_ACTION = "workbench_action"

Arguments = ParamSpec("Arguments")
Answer = TypeVar("Answer")


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
    app.before_request(hosts.require_known_host)
    # A token lives as long as its session: a page left open over lunch still saves.
    app.config.setdefault("WTF_CSRF_TIME_LIMIT", None)
    bearer.CSRFOfBrowsers(app)
    limits.limiter.init_app(app)
    signing_in.register(app)
    app.before_request(_require_rule)
    app.before_request(_require_token)
    app.before_request(_require_scope)
    app.before_request(_require_reader)
    app.before_request(_show_what_is_seen)
    app.teardown_request(_forget_reader)
    app.after_request(headers.harden)


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
                return signing_in.ask_to_sign_in()
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
    within = scopes()
    return within is None or action in within


def scopes() -> frozenset[str] | None:
    """What the token at this request may do at most; None for a person."""
    found: frozenset[str] | None = getattr(current_user, "scopes", None)
    return found


def user_id() -> int:
    """Id of the signed-in account."""
    return int(current_user.account.id)


def is_own(name: str) -> bool:
    """Whether this is the name of the signed-in account."""
    return bool(current_user.is_authenticated and current_user.name == name)


def _require_rule() -> None:
    """Refuse a route that can write, and that nobody gave a rule."""
    if request.url_rule is not None and rule_of(current_app, request.url_rule) is None:
        abort(403)


def _require_token() -> None:
    """Refuse what comes to the REST API without a token: a cookie is for browsers."""
    if "api" in request.blueprints and not bearer.is_used():
        abort(401)


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
    return None if current_user.is_authenticated else signing_in.ask_to_sign_in()


def _show_what_is_seen() -> None:
    """Hide the collections that the reader is no member of, and what is of them (ADR 62).

    Before a role is asked for: a refusal by role would tell that there is such a thing.
    """
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
