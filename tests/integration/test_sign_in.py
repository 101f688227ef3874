"""Sessions end when they are ended, whoever has a copy of the cookie."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask, g
from sqlalchemy import select, update

from tests.support.queries import counted
from workbench.services import accounts, sign_in
from workbench.services.accounts import Account
from workbench.services.people import administration
from workbench.store.database import now, session, transaction
from workbench.store.people import AuditEvent, SignInSession

PASSWORD = "correct horse battery"
COOKIE = "workbench_session"


class Browser:
    """Somebody's browser, over the real services."""

    def __init__(self, app: Flask) -> None:
        self.client = app.test_client()

    def post(self, url: str, **fields: str) -> int:
        answer = self.client.post(url, data=fields)
        g.pop("_login_user", None)  # the test's own context outlives its requests
        return answer.status_code

    def sign_in(self, password: str = PASSWORD) -> str:
        """Sign in as Ada; returns what a thief would copy."""
        assert self.post("/login", name="ada", password=password) == 303
        return self.cookie

    @property
    def cookie(self) -> str:
        found = self.client.get_cookie(COOKIE)
        assert found is not None
        return found.value

    @property
    def is_in(self) -> bool:
        status = self.client.get("/account").status_code
        g.pop("_login_user", None)
        return status == 200

    def steal(self, cookie: str) -> Browser:
        self.client.set_cookie(COOKIE, cookie)
        return self


@pytest.fixture
def browser(app: Flask, ada: Account) -> Callable[[], Browser]:
    """Makes browsers, of an installation with Ada's account."""
    app.config["WTF_CSRF_ENABLED"] = False
    return lambda: Browser(app)


def test_a_copied_cookie_is_worth_nothing_after_signing_out(
    browser: Callable[[], Browser],
) -> None:
    here = browser()
    copied = here.sign_in()
    thief = browser().steal(copied)
    assert thief.is_in

    here.post("/logout")

    assert not thief.is_in
    assert not here.is_in


def test_signing_out_of_one_browser_leaves_the_others(browser: Callable[[], Browser]) -> None:
    here, there = browser(), browser()
    here.sign_in()
    there.sign_in()

    here.post("/logout")

    assert there.is_in


def test_signing_out_everywhere_ends_them_all(browser: Callable[[], Browser], ben: Account) -> None:
    here, there = browser(), browser()
    here.sign_in()
    there.sign_in()
    bens = sign_in.start(ben.id)

    assert here.post("/account/sign-out") == 303

    assert not here.is_in
    assert not there.is_in
    assert sign_in.find(bens) == ben


def test_a_changed_password_leaves_only_the_browser_that_changed_it(
    browser: Callable[[], Browser],
) -> None:
    here, there = browser(), browser()
    before = here.sign_in()
    there.sign_in()
    new = "another long one"

    assert here.post("/account/password", current=PASSWORD, new=new, again=new) == 303

    assert here.is_in
    assert not there.is_in
    assert not browser().steal(before).is_in
    assert browser().sign_in(new)


@pytest.mark.parametrize(
    ("current", "new", "again"),
    [
        ("wrong password", "another long one", "another long one"),
        (PASSWORD, "another long one", "another short one"),
        (PASSWORD, "short", "short"),
        ("", "another long one", "another long one"),
    ],
)
def test_a_password_that_cannot_be_changed_ends_no_session(
    browser: Callable[[], Browser], current: str, new: str, again: str
) -> None:
    here, there = browser(), browser()
    here.sign_in()
    there.sign_in()

    assert here.post("/account/password", current=current, new=new, again=again) == 422

    assert here.is_in
    assert there.is_in
    assert accounts.authenticate("ada", PASSWORD) is not None


@pytest.mark.usefixtures("time_stands_still")
def test_the_current_password_cannot_be_guessed_at_leisure(
    browser: Callable[[], Browser],
) -> None:
    here = browser()
    here.sign_in()
    new = "another long one"

    statuses = [
        here.post("/account/password", current=f"guess {each}", new=new, again=new)
        for each in range(6)
    ]

    assert statuses == [422] * 5 + [429]


@pytest.mark.parametrize(
    "change",
    [
        lambda: accounts.set_password("ada", "another long one"),
        lambda: administration.deactivate(None, accounts.id_of("ada")),
    ],
    ids=["set-password", "deactivate"],
)
def test_who_runs_the_workbench_ends_sessions(
    browser: Callable[[], Browser], change: Callable[[], None]
) -> None:
    here = browser()
    here.sign_in()

    change()

    assert not here.is_in


def test_a_changed_role_holds_from_the_next_request_on(ada: Account) -> None:
    token = sign_in.start(ada.id)

    administration.set_role(None, ada.id, "annotator")

    found = sign_in.find(token)
    assert found is not None
    assert found.role == "annotator"


def test_a_session_ends_by_itself(ada: Account) -> None:
    token, other = sign_in.start(ada.id), sign_in.start(ada.id)
    with transaction() as write:
        write.execute(
            update(SignInSession)
            .where(SignInSession.token_hash == sign_in.hash_of(token))
            .values(expires_at=now() - timedelta(seconds=1))
        )

    assert sign_in.find(token) is None
    assert sign_in.find(other) == ada
    sign_in.start(ada.id)
    assert len(session().scalars(select(SignInSession)).all()) == 2, "ended ones are removed"


def test_a_session_is_found_by_one_query_and_its_use_is_noted_to_the_hour(ada: Account) -> None:
    token = sign_in.start(ada.id)
    with counted() as sent:
        assert sign_in.find(token) == ada
    assert len(sent) == 1

    long_ago = now() - timedelta(hours=2)
    with transaction() as write:
        write.execute(update(SignInSession).values(last_seen_at=long_ago))
    assert sign_in.find(token) == ada

    seen = administration.people()[0].last_seen_at
    assert seen is not None
    assert seen > now() - timedelta(minutes=1)


@pytest.mark.parametrize("token", ["", "x", "1", "1.0123456789abcdef", "x" * 5000, "a\x00b"])
def test_a_token_that_was_never_given_out_is_nobodys(ada: Account, token: str) -> None:
    sign_in.start(ada.id)

    assert sign_in.find(token) is None
    sign_in.end(token)


def test_a_stolen_database_signs_nobody_in(ada: Account) -> None:
    token = sign_in.start(ada.id)
    stored = session().scalars(select(SignInSession)).one()

    assert token not in (stored.token_hash, str(vars(stored)))
    assert sign_in.find(stored.token_hash) is None


def test_signing_in_and_out_leaves_events_without_the_token(ada: Account) -> None:
    token = sign_in.start(ada.id)
    sign_in.end(token)
    sign_in.end(token)
    sign_in.end_everywhere(ada.id)

    events = session().scalars(select(AuditEvent).order_by(AuditEvent.id)).all()
    assert [each.action for each in events][1:] == [
        "session.start",
        "session.end",
        "session.end_all",
    ]
    assert all(each.detail == {} for each in events)
