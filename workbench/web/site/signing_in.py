"""Who is at a request: by a session's cookie, or by a token."""

from __future__ import annotations

from flask import Flask, Request, abort, redirect, request, session, url_for
from flask_login import LoginManager, UserMixin, current_user, login_user, logout_user
from werkzeug.wrappers import Response as AnyResponse

from workbench.services import sign_in
from workbench.services.accounts import Account
from workbench.web.site import bearer, limits, problems, ways_back
from workbench.web.site.browser_words import browser_words

_ISSUER = "issuer"


class SignedIn(UserMixin):  # type: ignore[misc]
    """The account behind a session; flask-login keeps the session's token as its id."""

    def __init__(self, account: Account, token: str) -> None:
        self.account = account
        self.id = token
        self.name = account.name
        self.role = account.role


def register(app: Flask) -> None:
    """Let requests find who they are from."""
    # Its context processor would ask the database for the reader even on the page that says that
    # the database is away.
    manager = LoginManager(app, add_context_processor=False)
    manager.user_loader(_load_user)
    manager.request_loader(_load_program)


def remember(account: Account, issuer: str = "") -> None:
    """Start a fresh session for an account, so that no earlier session's state is carried in.

    `issuer` is the identity provider that said who it is, if one did.
    """
    forget()
    browser = browser_words(request.user_agent.string)
    token = sign_in.start(account.id, browser, request.remote_addr or "", issuer)
    login_user(SignedIn(account, token))
    if issuer:
        session[_ISSUER] = issuer


def issuer() -> str:
    """The identity provider that this session was begun by; empty for a password."""
    return str(session.get(_ISSUER, ""))


def forget() -> None:
    """End the session of this request, here and in every copy of its cookie."""
    if current_user.is_authenticated:
        sign_in.end(current_user.id)
    logout_user()
    session.clear()


def ask_to_sign_in() -> AnyResponse:
    """Send a page's reader to the sign-in page; tell a fragment, a picture or a program 401."""
    if request.headers.get("HX-Request") or request.blueprint == "media" or problems.are_wanted():
        abort(401)
    back = request.full_path.rstrip("?") if request.method == "GET" else request.referrer
    return redirect(url_for("accounts.login", next=ways_back.local_path(back)), 303)


def _load_user(token: str) -> SignedIn | None:
    if bearer.is_used():
        return None
    account = sign_in.find(token)
    return SignedIn(account, token) if account else None


def _load_program(_request: Request) -> bearer.Program | None:
    return bearer.load(limits.limiter)
