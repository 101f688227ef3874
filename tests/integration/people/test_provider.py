"""Signing in by an identity provider, over HTTP with a real one."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest
from flask import Flask
from sqlalchemy import func, select, update

from tests.integration.people.conftest import PASSWORD, Browser, use_provider
from tests.support.identity_provider import SECRET, IdentityProvider
from tests.support.server import free_port
from workbench.services import accounts
from workbench.services.accounts import Account
from workbench.services.people import administration, fetching, identities
from workbench.services.people.provider import AT_ONCE, Proven, required
from workbench.store.database import session, transaction
from workbench.store.people import AuditEvent, Identity, SignInSession, User
from workbench.web.site import provider_visits
from workbench.web.site.limits import limiter

START = "/login/provider"
Browsers = Callable[[], Browser]


@pytest.fixture
def linked(ada: Account, provider: IdentityProvider) -> Account:
    """Ada's account, which the provider knows as ada-1."""
    identities.link(ada.id, Proven(provider.issuer, "ada-1"))
    return ada


def sessions() -> int:
    return session().scalar(select(func.count()).select_from(SignInSession)) or 0


def test_who_is_linked_signs_in_and_goes_on_to_the_page_that_was_asked_for(
    browser: Browsers, provider: IdentityProvider, linked: Account
) -> None:
    ada = browser()
    assert "Sign in with Example ID" in ada.get("/login?next=/people/roles").text

    back = ada.by(provider, "ada-1", f"{START}?next=/people/roles")

    assert (back.status_code, back.location) == (303, "/people/roles")
    assert "ada" in ada.get("/account").text
    event = session().scalars(select(AuditEvent).order_by(AuditEvent.id.desc())).first()
    assert event is not None
    assert (event.action, event.user_id) == ("session.start", linked.id)
    assert event.detail == {"issuer": provider.issuer}


def test_it_is_asked_for_a_code_with_state_nonce_and_a_challenge(
    browser: Browsers, provider: IdentityProvider
) -> None:
    sent = [urlsplit(browser().get(START).location) for _ in range(2)]

    asked, other = (parse_qs(each.query) for each in sent)
    assert asked["response_type"] == ["code"]
    assert asked["code_challenge_method"] == ["S256"]
    assert asked["scope"] == ["openid profile"]
    assert asked["redirect_uri"] == ["http://localhost/login/provider/callback"]
    for name in ("state", "nonce", "code_challenge"):
        assert len(asked[name][0]) >= 43
        assert asked[name] != other[name]
    assert SECRET not in str(sent)


@pytest.mark.parametrize(
    "target", ["https://elsewhere.example/", "//elsewhere.example", "/\\elsewhere.example"]
)
def test_it_leads_nowhere_but_to_the_workbench(
    browser: Browsers, provider: IdentityProvider, linked: Account, target: str
) -> None:
    back = browser().by(provider, "ada-1", f"{START}?next={target}")

    assert (back.status_code, back.location) == (303, "/")


def test_the_session_is_a_new_one(
    browser: Browsers, provider: IdentityProvider, linked: Account, ben: Account
) -> None:
    here = browser().sign_in(ben)
    with here.client.session_transaction() as kept:
        kept["planted"] = "by somebody before"
    bens = session().scalars(select(SignInSession.token_hash)).one()

    here.by(provider, "ada-1", f"{START}?again=1")

    with here.client.session_transaction() as kept:
        assert "planted" not in kept
    row = session().scalars(select(SignInSession)).one()
    assert row.user_id == linked.id
    assert row.token_hash != bens


@pytest.mark.parametrize("state", ["", "wrong", "%C3%A9%00", None])
def test_who_comes_back_without_having_gone_is_refused(
    browser: Browsers, provider: IdentityProvider, linked: Account, state: str | None
) -> None:
    here = browser()
    path = here.through(provider, "ada-1", START)
    code = parse_qs(urlsplit(path).query)["code"][0]
    given = "" if state is None else f"&state={state}"

    back = here.get(f"{START}/callback?code={code}{given}")

    assert back.status_code == 400
    assert "was begun in another browser" in back.text
    assert sessions() == 0


def test_somebody_elses_way_back_is_refused_in_this_browser(
    browser: Browsers, provider: IdentityProvider, linked: Account
) -> None:
    path = browser().through(provider, "ada-1", START)

    assert browser().get(path).status_code == 400
    assert sessions() == 0


def test_one_comes_back_once(
    browser: Browsers, provider: IdentityProvider, linked: Account
) -> None:
    here = browser()
    path = here.through(provider, "ada-1", START)
    cookie = here.client.get_cookie("workbench_session")
    assert cookie is not None
    assert here.get(path).status_code == 303

    assert here.get(path).status_code == 400
    here.client.set_cookie("workbench_session", cookie.value)
    assert here.get(path).status_code == 403, "the provider takes its code once"
    assert sessions() == 1


def test_a_way_back_ends_after_ten_minutes(
    browser: Browsers,
    provider: IdentityProvider,
    linked: Account,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    here = browser()
    path = here.through(provider, "ada-1", START)
    later = provider_visits._moment() + 601
    monkeypatch.setattr(provider_visits, "_moment", lambda: later)

    assert here.get(path).status_code == 400


def test_who_declines_there_is_not_signed_in(
    browser: Browsers, provider: IdentityProvider, linked: Account
) -> None:
    back = browser().by(provider, None, START)

    assert back.status_code == 403
    assert "Example ID did not sign you in." in back.text
    assert sessions() == 0


def test_whom_no_account_is_linked_to_is_told_whom_to_ask(
    browser: Browsers, provider: IdentityProvider, ada: Account
) -> None:
    provider.behave(claims={"email": "ada", "email_verified": True, "preferred_username": "ada"})

    here = browser()
    path = here.through(provider, "stranger", START)
    back = here.get(path)

    assert back.status_code == 403
    assert here.get(path).status_code == 400, "one comes back once, refused or not"
    assert "Ask an admin for an invitation" in back.text
    assert sessions() == 0
    assert session().scalar(select(func.count()).select_from(Identity)) == 0


def test_the_same_subject_of_another_issuer_is_somebody_else(
    browser: Browsers, provider: IdentityProvider, ada: Account
) -> None:
    identities.link(ada.id, Proven("https://other.example.org", "ada-1"))

    assert browser().by(provider, "ada-1", START).status_code == 403
    assert sessions() == 0


def test_a_deactivated_account_is_refused(
    browser: Browsers, provider: IdentityProvider, linked: Account
) -> None:
    here = browser()
    here.by(provider, "ada-1", START)
    administration.deactivate(None, linked.id)
    assert not here.is_in

    back = here.by(provider, "ada-1", START)

    assert back.status_code == 403
    assert "Your account is deactivated" in back.text
    assert sessions() == 0


def test_signing_out_ends_the_session_here_and_offers_to_end_it_there(
    browser: Browsers, provider: IdentityProvider, linked: Account
) -> None:
    here = browser()
    here.by(provider, "ada-1", START)

    out = here.post("/logout")

    assert out.location == "/signed-out"
    assert sessions() == 0
    page = here.get("/signed-out").text
    assert (
        f"{provider.issuer}/end?client_id=pattern-workbench&amp;post_logout_redirect_uri=" in page
    )


def test_where_the_provider_ends_no_sessions_none_is_offered(
    browser: Browsers, provider: IdentityProvider, linked: Account
) -> None:
    provider.behave(described={"end_session_endpoint": None})
    here = browser()
    here.by(provider, "ada-1", START)
    here.post("/logout")

    page = here.get("/signed-out")

    assert page.status_code == 200
    assert "Example ID" not in page.text


def test_who_signed_in_by_password_is_asked_nothing_of_the_provider(
    browser: Browsers, provider: IdentityProvider, linked: Account
) -> None:
    here = browser()
    assert here.post("/login", name="ada", password=PASSWORD).status_code == 303

    assert here.post("/logout").location == "/"


def test_a_provider_that_is_down_is_told_in_words_and_left_alone_for_a_while(
    tables: Flask, browser: Browsers, ada: Account
) -> None:
    use_provider(tables, f"http://127.0.0.1:{free_port()}")

    for _ in range(2):
        down = browser().get(START)
        assert down.status_code == 503
        assert "Example ID does not answer as it should." in down.text
        assert 'name="password"' in down.text
    assert browser().post("/login", name="ada", password=PASSWORD).status_code == 303


def test_a_provider_that_fails_is_asked_again_after_a_while_alone(
    browser: Browsers, provider: IdentityProvider
) -> None:
    path = "/.well-known/openid-configuration"
    before = provider.asked(path)
    provider.behave(statuses={path: 500})

    assert [browser().get(START).status_code for _ in range(3)] == [503] * 3

    assert provider.asked(path) - before == 1


def test_a_slow_provider_holds_nobody_up_for_long(
    browser: Browsers, provider: IdentityProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fetching, "TIMEOUT", httpx2.Timeout(0.3))
    provider.behave(delays={"/.well-known/openid-configuration": 3.0})

    assert browser().get(START).status_code == 503


def test_those_who_wait_for_the_provider_leave_the_server_s_other_threads_alone(
    browser: Browsers,
    provider: IdentityProvider,
    linked: Account,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("workbench.services.people.provider.PATIENCE", 0.1)
    first, second = browser(), browser()
    paths = [each.through(provider, "ada-1", START) for each in (first, second)]
    turns = required()._turns
    for _ in range(AT_ONCE):
        assert turns.acquire(blocking=False)

    refused = first.get(paths[0])

    assert refused.status_code == 503
    assert "Too many people are signing in." in refused.text
    turns.release()
    assert second.get(paths[1]).status_code == 303


@pytest.mark.parametrize(
    "behaviour",
    [
        {"body": "nonsense"},
        {"body": "[]"},
        {"body": ""},
        {"body": "[" * 100_000},
        {"body": " " * 300_000},
        {"described": {"issuer": "https://other.example.org"}},
        {"described": {"issuer": None}},
        {"described": {"token_endpoint": None}},
        {"described": {"authorization_endpoint": 7}},
        {"described": {"authorization_endpoint": "javascript:alert(1)"}},
        {"described": {"jwks_uri": "file:///etc/passwd"}},
        {"described": {"token_endpoint_auth_methods_supported": ["private_key_jwt"]}},
        {"statuses": {"/.well-known/openid-configuration": 302}},
    ],
    ids=str,
)
def test_a_description_that_makes_no_sense_is_refused_in_words(
    browser: Browsers, provider: IdentityProvider, behaviour: dict[str, object]
) -> None:
    provider.behave(**behaviour)

    answer = browser().get(START)

    assert answer.status_code == 503
    assert "does not answer as it should" in answer.text


@pytest.mark.parametrize("path", ["/token", "/keys"])
def test_a_provider_that_breaks_down_on_the_way_signs_nobody_in(
    browser: Browsers, provider: IdentityProvider, linked: Account, path: str
) -> None:
    here = browser()
    back = here.through(provider, "ada-1", START)
    provider.behave(statuses={path: 500})

    assert here.get(back).status_code == 503
    assert sessions() == 0


def test_without_a_provider_there_is_nothing_of_it(
    tables: Flask, browser: Browsers, cleo: Account
) -> None:
    here = browser().sign_in(cleo)
    for address in (START, f"{START}/callback", "/join/provider", "/join/name", "/signed-out"):
        assert browser().get(address).status_code == 404
    assert here.get("/account/provider").status_code == 404
    assert here.post("/account/provider/unlink").status_code == 404
    assert here.post(f"/people/{cleo.id}/unlink").status_code == 404
    for page in (browser().get("/login"), here.get("/account"), here.get("/people")):
        assert page.status_code == 200
        assert "provider" not in page.text
        assert "Unlink" not in page.text


@pytest.mark.usefixtures("time_stands_still")
def test_tries_of_one_address_are_counted(browser: Browsers, provider: IdentityProvider) -> None:
    client = browser().client
    limiter.reset()

    statuses = [client.get(f"{START}/callback").status_code for _ in range(31)]

    assert statuses == [400] * 30 + [429]
    limiter.reset()


def test_an_account_without_a_password_is_no_easier_to_tell_than_a_wrong_one(
    browser: Browsers, provider: IdentityProvider, linked: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    with transaction() as write:
        write.execute(update(User).values(password_hash=accounts.NO_PASSWORD))
    computed: list[str] = []
    hasher = accounts._hasher()
    monkeypatch.setattr(type(hasher), "hash", lambda _self, password: computed.append(password))

    for password in (PASSWORD, "x"):
        refused = browser().post("/login", name="ada", password=password)
        assert refused.status_code == 401
        assert "Incorrect user name or password." in refused.text
    assert accounts.authenticate("ada", accounts.NO_PASSWORD) is None
    assert computed == [PASSWORD, "x", ""], "as for a name that nobody has"


def test_a_password_is_set_a_short_while_after_signing_in_alone(
    browser: Browsers, provider: IdentityProvider, linked: Account
) -> None:
    with transaction() as write:
        write.execute(update(User).values(password_hash=accounts.NO_PASSWORD))
    here, there = browser(), browser()
    here.by(provider, "ada-1", START)
    there.by(provider, "ada-1", START)
    assert "Set a password" in here.get("/account").text
    with transaction() as write:
        newest = select(func.max(SignInSession.id)).scalar_subquery()
        row = write.scalars(select(SignInSession).where(SignInSession.id < newest)).one()
        row.created_at -= timedelta(hours=1)
    wanted = {"new": PASSWORD, "again": PASSWORD}

    assert "Sign in again to set one" in here.get("/account").text
    assert "Set the password" not in here.get("/account").text
    assert here.post("/account/first-password", **wanted).status_code == 403
    assert not accounts.has_password(linked.id)
    assert there.post("/account/first-password", **wanted).status_code == 303

    assert accounts.authenticate("ada", PASSWORD) == linked
    assert there.is_in
    assert not here.is_in
    other = "another long one"
    assert there.post("/account/first-password", new=other, again=other).status_code == 303
    assert accounts.authenticate("ada", other) is None, "a password is changed by the old one"
