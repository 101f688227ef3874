"""Programs act for people by tokens: within scopes, until they end, and never beside a cookie."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask, g
from flask.testing import FlaskClient
from sqlalchemy import select, update
from werkzeug.test import TestResponse

from tests.integration.people.conftest import Browser
from workbench.services.accounts import Account
from workbench.services.errors import InvalidError, NotFoundError
from workbench.services.people import administration, membership, tokens
from workbench.services.workspaces import Workspace
from workbench.store.database import now, session, transaction
from workbench.store.images import Image
from workbench.store.judgements import Tag, Verdict
from workbench.store.people import ApiToken, AuditEvent
from workbench.web.site import bearer
from workbench.web.site.limits import limiter


class Script:
    """A program with a token; CSRF tokens are asked for, as in life."""

    def __init__(self, app: Flask, token: str) -> None:
        limiter.reset()
        self.client: FlaskClient = app.test_client()
        self.headers = {"Authorization": f"Bearer {token}"}

    def get(self, url: str) -> TestResponse:
        return self._forgetting(self.client.get(url, headers=self.headers))

    def post(self, url: str, **fields: str) -> TestResponse:
        return self._forgetting(self.client.post(url, data=fields, headers=self.headers))

    def _forgetting(self, answer: TestResponse) -> TestResponse:
        g.pop("_login_user", None)
        return answer


def test_a_token_reads_and_writes_what_its_scopes_say(tables: Flask, ada: Account) -> None:
    reading = Script(tables, tokens.make(ada, "backup", ["read"], 9))
    taxonomist = Script(tables, tokens.make(ada, "sync", ["read", "taxonomy"], 9))

    assert reading.get("/taxonomy").status_code == 200
    assert reading.post("/taxonomy/starter").status_code == 403
    assert reading.get("/account").status_code == 403
    assert reading.get("/people").status_code == 403
    assert session().scalars(select(Tag)).first() is None
    assert taxonomist.post("/taxonomy/starter").status_code == 303, "without a form's token"
    assert session().scalars(select(Tag)).first() is not None
    event = session().scalars(select(AuditEvent).order_by(AuditEvent.id.desc())).first()
    made = session().scalars(select(ApiToken).where(ApiToken.name == "sync")).one()
    assert event is not None
    assert (event.user_id, event.token_id) == (ada.id, made.id)
    assert made.last_used_at is not None


def test_what_a_browser_does_names_no_token(tables: Flask, ada: Account) -> None:
    Script(tables, tokens.make(ada, "sync", ["read", "taxonomy"], 9)).get("/taxonomy")
    tables.config["WTF_CSRF_ENABLED"] = False

    assert Browser(tables).sign_in(ada).post("/taxonomy/starter").status_code == 303

    actions = session().execute(
        select(AuditEvent.action, AuditEvent.token_id).order_by(AuditEvent.id)
    )
    assert {token_id for _action, token_id in actions} == {None}


@pytest.mark.parametrize("end", ["revoked", "expired", "deactivated"])
def test_a_token_ends(tables: Flask, ada: Account, cleo: Account, end: str) -> None:
    script = Script(tables, tokens.make(ada, "backup", ["read"], 9))
    assert script.get("/taxonomy").status_code == 200

    if end == "revoked":
        tokens.revoke(ada.id, tokens.tokens_of(ada.id)[0].id)
    elif end == "expired":
        with transaction() as write:
            write.execute(update(ApiToken).values(expires_at=now() - timedelta(seconds=1)))
    else:
        administration.deactivate(cleo.id, ada.id)

    assert script.get("/taxonomy").status_code == 401
    assert script.get("/").status_code == 401


def test_a_lower_role_takes_its_actions_from_the_token(
    tables: Flask, ada: Account, cleo: Account
) -> None:
    script = Script(tables, tokens.make(ada, "sync", ["read", "taxonomy"], 9))

    administration.set_role(cleo.id, ada.id, "annotator")

    assert script.post("/taxonomy/starter").status_code == 403
    assert script.get("/taxonomy").status_code == 200


def test_a_cookie_beside_a_token_lets_nobody_in(tables: Flask, ada: Account) -> None:
    browser = Browser(tables).sign_in(ada)
    assert browser.get("/taxonomy").status_code == 200

    with_both = browser.client.post("/taxonomy/starter", headers={"Authorization": "Bearer wrong"})
    g.pop("_login_user", None)
    assert with_both.status_code == 401
    reading = tokens.make(ada, "backup", ["read"], 9)
    within = browser.client.post(
        "/taxonomy/starter", headers={"Authorization": f"Bearer {reading}"}
    )
    g.pop("_login_user", None)
    assert within.status_code == 403, "the session's rights are not added"
    other = browser.client.post("/taxonomy/starter", headers={"Authorization": "Basic eDp4"})
    g.pop("_login_user", None)
    assert other.status_code == 400, "without a token the form's token is asked for"


@pytest.mark.usefixtures("time_stands_still")
def test_tokens_are_not_guessed_at_leisure_and_one_is_not_used_without_end(
    tables: Flask, ada: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    right = tokens.make(ada, "backup", ["read"], 9)
    script = Script(tables, right)
    wrong = Script(tables, "pwb_guess")
    statuses = [wrong.get("/healthz").status_code] + [
        wrong.get("/taxonomy").status_code for _ in range(31)
    ]
    assert statuses == [200] + [401] * 30 + [429]
    assert script.get("/taxonomy").status_code == 200, "wrong ones at its address shut nobody out"

    monkeypatch.setattr(bearer, "REQUESTS", bearer.RateLimitItemPerMinute(2, namespace="FEW"))
    script = Script(tables, right)
    assert [script.get("/taxonomy").status_code for _ in range(3)] == [200, 200, 429]


@pytest.mark.parametrize(
    ("name", "scopes", "days"),
    [
        ("", ["read"], 9),
        ("x" * 81, ["read"], 9),
        ("a", [], 9),
        ("a", ["people"], 9),
        ("a", ["account"], 9),
        ("a", ["read", "delete"], 9),
        ("a", ["read"], 0),
        ("a", ["read"], 366),
    ],
)
def test_a_token_that_makes_no_sense_is_not_made(
    ada: Account, name: str, scopes: list[str], days: int
) -> None:
    with pytest.raises(InvalidError):
        tokens.make(ada, name, scopes, days)


def test_nobody_gives_a_token_more_than_their_role_or_makes_too_many(
    ada: Account, ben: Account
) -> None:
    with pytest.raises(InvalidError, match="no more than your role"):
        tokens.make(ben, "retrainer", ["retrain"], 9)
    for number in range(tokens.MOST):
        tokens.make(ada, f"script {number}", ["read"], 9)
    with pytest.raises(InvalidError, match="Revoke one"):
        tokens.make(ada, "one more", ["read"], 9)


def test_only_its_owner_and_an_admin_revoke_a_token(ada: Account, ben: Account) -> None:
    first, second = (tokens.make(ada, name, ["read"], 9) for name in ("one", "two"))
    two, one = tokens.tokens_of(ada.id)

    with pytest.raises(NotFoundError):
        tokens.revoke(ben.id, one.id)
    assert tokens.find(first) is not None
    tokens.revoke(ben.id, one.id, of_anybody=True)
    tokens.revoke(ada.id, two.id)
    assert tokens.find(first) is None
    assert tokens.find(second) is None
    with pytest.raises(NotFoundError):
        tokens.revoke(ada.id, two.id)


def test_a_token_is_stored_nowhere(ada: Account) -> None:
    token = tokens.make(ada, "backup", ["read"], 9)

    stored = session().scalars(select(ApiToken)).one()
    events = session().scalars(select(AuditEvent)).all()
    assert token not in str([vars(each) for each in (stored, *events)])
    assert tokens.find(stored.token_hash) is None
    assert [each.name for each in tokens.tokens()] == ["backup"]


def test_sessions_and_tokens_are_ended_one_by_one_on_the_account_page(
    browser: Callable[[], Browser], ada: Account, ben: Account
) -> None:
    here, there, bens = browser().sign_in(ada), browser().sign_in(ada), browser().sign_in(ben)
    page = here.get("/account").text
    (other,) = set(re.findall(r"/account/sessions/(\d+)/end", page))
    assert "this browser" in page
    assert bens.post(f"/account/sessions/{other}/end").status_code == 404
    assert there.get("/account").status_code == 200

    assert here.post(f"/account/sessions/{other}/end").status_code == 303

    assert there.get("/account").status_code == 303
    assert here.get("/account").status_code == 200
    made = here.post("/account/tokens", name="<i>sync</i>", scope=["read", "judge"], days="9")
    assert made.status_code == 200
    assert made.headers["Cache-Control"] == "no-store"
    token = re.findall(r'value="(pwb_[^"]+)"', made.text)[0]
    assert tokens.find(token) is not None
    assert "&lt;i&gt;sync" in here.get("/account").text
    assert bens.post("/account/tokens/1/revoke").status_code == 404
    assert here.post("/account/tokens/1/revoke").status_code == 303
    assert tokens.find(token) is None


def test_a_browser_says_what_it_is(browser: Callable[[], Browser], ada: Account) -> None:
    firefox = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"
    client = browser().client
    client.post(
        "/login",
        data={"name": "ada", "password": "correct horse battery"},
        headers={"User-Agent": firefox},
    )
    g.pop("_login_user", None)

    assert "Firefox, Linux" in client.get("/account").text


@pytest.mark.analysed
def test_a_decision_by_token_is_recorded_with_it_and_ends_where_the_person_sees_nothing(
    app: Flask, analysed: Workspace, ada: Account
) -> None:
    token = tokens.make(ada, "import of verdicts", ["read", "judge"], 9)
    script = Script(app, token)
    image = (
        session()
        .scalars(select(Image.id).where(Image.collection_id == analysed.collection.id))
        .first()
    )

    assert script.post(f"/c/pictures/images/{image}/verdicts", decision="fake").status_code == 303

    verdict = session().scalars(select(Verdict)).one()
    event = (
        session()
        .scalars(select(AuditEvent).where(AuditEvent.subject == f"verdict:{verdict.id}"))
        .one()
    )
    assert event.token_id == tokens.tokens_of(ada.id)[0].id
    membership.save(None, "pictures", [], restricted=True)
    assert script.post(f"/verdicts/{verdict.id}/withdraw").status_code == 404
