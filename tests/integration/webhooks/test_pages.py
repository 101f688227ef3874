"""The pages of webhooks, over the real services."""

from __future__ import annotations

import re

import pytest
from flask import Flask
from sqlalchemy import select

from tests.integration.people.conftest import PASSWORD, Browser
from tests.integration.webhooks.conftest import deliveries, send_all
from tests.support.queueing import images
from tests.support.receiver import Receiver, status
from workbench.config import Settings
from workbench.services import accounts
from workbench.services.people import membership, tokens
from workbench.services.review import history
from workbench.services.review.history import Asked
from workbench.store.database import session
from workbench.store.people import AuditEvent
from workbench.store.webhooks import Webhook


@pytest.fixture
def admin(tables: Flask, sending_settings: Settings) -> Browser:
    tables.config["WTF_CSRF_ENABLED"] = False
    tables.config["WORKBENCH"] = sending_settings
    return Browser(tables).sign_in(accounts.add_user("cleo", PASSWORD, "admin"))


def fields(receiver: Receiver, **others: object) -> dict[str, object]:
    given = {"name": "bot <b>", "address": receiver.url, "scope": "open", "event": ["verdict.give"]}
    return given | others


def row() -> Webhook:
    session().rollback()
    return session().scalars(select(Webhook).execution_options(populate_existing=True)).one()


def test_a_webhook_is_made_shown_changed_paused_and_deleted(
    admin: Browser, receiver: Receiver
) -> None:
    collection_id, _ = images(1)
    made = admin.post("/webhooks/make", **fields(receiver))
    secret = re.search(r'value="(whsec_[^"]+)"', made.text)
    assert secret is not None
    assert made.headers["Cache-Control"] == "no-store"
    for url in ("/webhooks", "/webhooks/1"):
        shown = admin.get(url).text
        assert "bot &lt;b&gt;" in shown
        assert secret[1] not in shown

    changed = fields(receiver, scope="one", collection=collection_id, event=["run.fail"])
    assert admin.post("/webhooks/1/change", **changed).status_code == 303
    assert (row().collection_id, row().events) == (collection_id, ["run.fail"])
    assert admin.post("/webhooks/1/pause").status_code == 303
    assert row().paused_why == "by_hand"
    assert "Paused by an admin." in admin.get("/webhooks/1").text
    assert admin.post("/webhooks/1/pause").status_code == 409
    assert admin.post("/webhooks/1/resume").status_code == 303
    renewed = admin.post("/webhooks/1/renew").text
    assert "whsec_" in renewed
    assert secret[1] not in renewed
    assert admin.post("/webhooks/1/remove").status_code == 303
    assert admin.get("/webhooks/1").status_code == 404

    actions = session().scalars(select(AuditEvent.action).order_by(AuditEvent.id)).all()
    wanted = ["make", "change", "pause", "resume", "renew", "remove"]
    assert [each for each in actions if each.startswith("webhook.")] == [
        f"webhook.{each}" for each in wanted
    ]
    kept = str(session().execute(select(AuditEvent.before, AuditEvent.after)).all())
    assert "key=1" not in kept
    assert not any(each.action.startswith("webhook") for each in history.history(Asked()).events)


def test_deliveries_are_listed_with_what_came_of_them_and_sent_again(
    admin: Browser, receiver: Receiver, sending_settings: Settings
) -> None:
    admin.post("/webhooks/make", **fields(receiver))
    assert "Nothing was sent yet." in admin.get("/webhooks/1").text
    admin.post("/webhooks/1/test")
    assert 'hx-trigger="every 2s"' in admin.get("/webhooks/1").text
    receiver.answers.append(status(500))
    send_all(sending_settings)

    page = admin.get("/webhooks/1").text
    assert "It answered 500." in page
    assert "given up" in page
    assert "hx-trigger" not in page.split('id="deliveries"')[1].split("</section>")[0]
    (delivery,) = deliveries()
    one = admin.get(f"/webhooks/1/deliveries/{delivery.id}").text
    assert delivery.message_id in one
    assert "&#34;type&#34;:&#34;test&#34;" in one
    assert admin.post(f"/webhooks/1/deliveries/{delivery.id}/again").status_code == 303
    send_all(sending_settings)
    assert len({each.message_id for each in receiver.received}) == 1
    assert deliveries()[0].state == "delivered"
    for url in ("/webhooks/1/deliveries/99", "/webhooks/2/deliveries/1", "/webhooks/2"):
        assert admin.get(url).status_code == 404
    assert admin.post("/webhooks/2/deliveries/1/again").status_code == 404


@pytest.mark.parametrize(
    "wrong",
    [
        {"address": "https://hooks.example.org/"},
        {"address": "http://10.0.0.1/"},
        {"address": "javascript:alert(1)"},
        {"name": ""},
        {"event": []},
        {"event": ["session.start"]},
        {"scope": "everything"},
        {"scope": "one"},
        {"scope": "one", "collection": 99},
    ],
)
def test_what_cannot_be_is_refused(
    admin: Browser, receiver: Receiver, wrong: dict[str, object]
) -> None:
    answer = admin.post("/webhooks/make", **fields(receiver, **wrong))
    assert answer.status_code in {404, 422}
    assert session().scalars(select(Webhook)).all() == []


def test_without_a_setting_the_page_says_that_webhooks_are_off(
    tables: Flask, admin: Browser, settings: Settings
) -> None:
    tables.config["WORKBENCH"] = settings
    page = admin.get("/webhooks").text
    assert "WORKBENCH_WEBHOOK_HOSTS" in page
    assert "Make webhook" not in page


def test_only_admins_see_webhooks(
    tables: Flask, admin: Browser, receiver: Receiver, webhook: object
) -> None:
    admin.post("/webhooks/1/test")
    for role in ("annotator", "developer"):
        somebody = Browser(tables).sign_in(accounts.add_user(role, PASSWORD, role))
        for url in ("/webhooks", "/webhooks/1", "/webhooks/1/deliveries/1"):
            assert somebody.get(url).status_code == 403
        for act in ("make", "1/change", "1/remove", "1/renew", "1/deliveries/1/again"):
            assert somebody.post(f"/webhooks/{act}").status_code == 403
    assert "webhooks" not in tokens.SCOPES


def test_a_restricted_collection_is_named_as_such_where_it_is_chosen(
    admin: Browser, receiver: Receiver
) -> None:
    images(1)
    membership.save(None, "many", [], restricted=True)
    page = admin.get("/webhooks").text
    assert "many (restricted)" in page
    assert "the receiver learns what is decided in them" in page
