"""What happens is sent once it is settled, signed, until it is received."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from datetime import timedelta
from http.server import BaseHTTPRequestHandler

import pytest
from flask import current_app
from pydantic import SecretStr
from sqlalchemy import func, select

from tests.integration.webhooks.conftest import deliveries, let_time_pass, read_log, send_all
from tests.support.queueing import images, people
from tests.support.receiver import Receiver, status
from workbench.config import Settings
from workbench.services.people import membership
from workbench.services.review import verdicts
from workbench.services.webhooks import administration, outgoing, sending
from workbench.services.webhooks.administration import Made, Wanted
from workbench.services.webhooks.event_types import ALL
from workbench.services.webhooks.removal import sweep
from workbench.store.database import session, transaction
from workbench.store.people import AuditEvent, User
from workbench.store.webhooks import Webhook, WebhookDelivery


def decide(decision: str = "fake", number: int = 1) -> tuple[int, list[int]]:
    (ada,) = people(1)
    collection_id, found = images(number)
    for each in found:
        verdicts.give_verdict(ada.id, each, None, decision)
    return collection_id, found


def webhook_row() -> Webhook:
    session().rollback()
    return session().scalars(select(Webhook).execution_options(populate_existing=True)).one()


def test_a_verdict_is_sent_with_who_gave_it_and_a_signature_by_the_secret(
    webhook: Made, receiver: Receiver, sending_settings: Settings
) -> None:
    collection_id, (image_id,) = decide()

    assert send_all(sending_settings) == 1

    (request,) = receiver.received
    (event,) = request.events
    assert (event["type"], event["image_id"], event["after"]["decision"]) == (
        "verdict.give",
        image_id,
        "fake",
    )
    assert event["by"]["name"] == "person 0"
    assert event["collection"]["id"] == collection_id
    assert request.path == "/in?key=1"
    signed = f"{request.message_id}.{request.headers['webhook-timestamp']}.".encode()
    key = base64.b64decode(webhook.secret.removeprefix("whsec_"))
    expected = base64.b64encode(hmac.new(key, signed + request.body, hashlib.sha256).digest())
    assert request.headers["webhook-signature"] == f"v1,{expected.decode()}"
    assert abs(int(request.headers["webhook-timestamp"]) - time.time()) < 60
    (delivery,) = deliveries()
    assert (delivery.state, delivery.status, delivery.attempts) == ("delivered", 204, 1)
    assert delivery.next_at is None
    assert send_all(sending_settings) == 0


def test_a_receiver_that_fails_is_asked_again_with_the_same_id(
    webhook: Made, receiver: Receiver, sending_settings: Settings
) -> None:
    decide()
    receiver.answers += [status(500), status(503, Retry_After="3600")]

    assert send_all(sending_settings) == 0
    (delivery,) = deliveries()
    assert (delivery.state, delivery.status, delivery.attempts) == ("failed", 500, 1)
    assert "500" in delivery.error
    assert send_all(sending_settings) == 0
    assert len(receiver.received) == 1  # not before its time

    let_time_pass(timedelta(minutes=1))
    assert send_all(sending_settings) == 0
    let_time_pass(timedelta(minutes=50))
    assert send_all(sending_settings) == 0
    assert len(receiver.received) == 2  # it asked for an hour
    let_time_pass(timedelta(minutes=11))
    assert send_all(sending_settings) == 1

    assert len({each.message_id for each in receiver.received}) == 1
    assert len({each.body for each in receiver.received}) == 1
    (delivery,) = deliveries()
    assert (delivery.state, delivery.attempts, delivery.error) == ("delivered", 3, "")
    assert webhook_row().failing_since is None


def test_a_delivery_is_given_up_after_eight_attempts_over_a_day(
    webhook: Made, receiver: Receiver, sending_settings: Settings
) -> None:
    decide()
    receiver.answers += [status(500)] * 9
    waited = timedelta()
    for _ in range(8):
        send_all(sending_settings)
        (delivery,) = deliveries()
        if delivery.next_at and delivery.attempted_at:
            wait = delivery.next_at - delivery.attempted_at
            let_time_pass(wait)
            waited += wait

    (delivery,) = deliveries()
    assert (delivery.state, delivery.attempts) == ("given_up", 8)
    assert timedelta(hours=18) < waited < timedelta(hours=28)


def test_a_webhook_that_nothing_reaches_for_three_days_is_paused(
    webhook: Made, receiver: Receiver, sending_settings: Settings
) -> None:
    decide()
    receiver.answers += [status(500)] * 2
    send_all(sending_settings)
    let_time_pass(timedelta(days=3))
    send_all(sending_settings)

    assert webhook_row().paused_why == "failing"
    let_time_pass(timedelta(days=1))
    assert send_all(sending_settings) == 0
    assert len(receiver.received) == 2
    administration.resume(None, webhook.id)
    assert send_all(sending_settings) == 1


def test_a_receiver_that_is_gone_pauses_its_webhook(
    webhook: Made, receiver: Receiver, sending_settings: Settings
) -> None:
    decide()
    receiver.answers.append(status(410))

    send_all(sending_settings)

    assert webhook_row().paused_why == "gone"
    assert deliveries()[0].state == "given_up"


def test_a_redirect_is_not_followed(
    webhook: Made, receiver: Receiver, sending_settings: Settings
) -> None:
    decide()
    receiver.answers.append(status(302, Location=f"{receiver.url}&again=1"))

    send_all(sending_settings)

    assert len(receiver.received) == 1
    assert "redirects" in deliveries()[0].error


def test_an_endless_answer_is_not_read(
    webhook: Made, receiver: Receiver, sending_settings: Settings
) -> None:
    decide()
    written = []

    def pour(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.end_headers()
        for _ in range(100_000):
            handler.wfile.write(b"x" * 100_000)
            written.append(1)

    receiver.answers.append(pour)
    began = time.monotonic()
    assert send_all(sending_settings) == 1
    assert time.monotonic() - began < 5
    assert deliveries()[0].state == "delivered"
    assert len(written) < 100_000


@pytest.mark.parametrize("drips", [True, False])
def test_a_receiver_that_takes_too_long_is_left(
    webhook: Made,
    receiver: Receiver,
    sending_settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
    drips: bool,
) -> None:
    monkeypatch.setattr(outgoing, "SECONDS", 1.0)
    decide()

    def answer_slowly(handler: BaseHTTPRequestHandler) -> None:
        # Each byte comes in time, the whole never.
        for _ in range(40):
            time.sleep(0.2)
            if drips:
                handler.wfile.write(b"H")
                handler.wfile.flush()

    receiver.answers.append(answer_slowly)
    began = time.monotonic()
    send_all(sending_settings)

    assert time.monotonic() - began < 4
    (delivery,) = deliveries()
    assert (delivery.state, delivery.status) == ("failed", None)
    assert "within 1 seconds" in delivery.error


def test_what_was_sent_and_not_written_is_sent_again_with_its_id(
    webhook: Made, receiver: Receiver, sending_settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    decide()

    def die(*_arguments: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as between:
        between.setattr(sending, "_write", die)
        with pytest.raises(KeyboardInterrupt):
            send_all(sending_settings)
    assert send_all(sending_settings) == 1

    first, second = receiver.received
    assert first.message_id == second.message_id
    assert first.body == second.body


def test_many_decisions_are_few_requests(
    webhook: Made, receiver: Receiver, sending_settings: Settings
) -> None:
    decide(number=250)

    assert send_all(sending_settings) == 3

    assert [len(each.events) for each in receiver.received] == [100, 100, 50]
    told = [event["id"] for each in receiver.received for event in each.events]
    ids = session().scalars(
        select(AuditEvent.id).where(AuditEvent.action == "verdict.give").order_by(AuditEvent.id)
    )
    assert told == list(ids)


def test_a_webhook_is_told_only_of_what_it_asked_for_and_of_nothing_before_it(
    tables: object, receiver: Receiver, sending_settings: Settings
) -> None:
    _, (image_id,) = decide()
    author = session().scalars(select(User.id)).one()
    wanted = Wanted("bot", receiver.url, ("verdict.withdraw",))
    administration.make(None, wanted, sending_settings)
    given = verdicts.give_verdict(author, image_id, None, "real")
    verdicts.withdraw_verdict(author, given.id)

    send_all(sending_settings)

    assert [event["type"] for each in receiver.received for event in each.events] == [
        "verdict.withdraw"
    ]


def test_events_of_a_restricted_collection_go_only_where_it_was_chosen(
    tables: object, receiver: Receiver, sending_settings: Settings
) -> None:
    (ada,) = people(1)
    collection_id, (image_id,) = images(1)
    membership.save(ada.id, "many", [ada.id], restricted=True)
    made = {
        name: administration.make(None, Wanted(name, receiver.url, ALL, *scope), sending_settings)
        for name, *scope in (
            ("open", None, False),
            ("one", collection_id, False),
            ("all", None, True),
        )
    }

    verdicts.give_verdict(ada.id, image_id, None, "fake")
    read_log()

    told = {each.webhook_id for each in deliveries()}
    assert told == {made["one"].id, made["all"].id}


def test_a_paused_webhook_is_told_later_of_nothing_that_happened_meanwhile(
    webhook: Made, receiver: Receiver, sending_settings: Settings
) -> None:
    administration.pause(None, webhook.id)
    decide()
    assert send_all(sending_settings) == 0
    administration.resume(None, webhook.id)
    assert send_all(sending_settings) == 0

    assert receiver.received == []


def test_after_a_renewal_both_secrets_sign_for_a_day(
    webhook: Made, receiver: Receiver, sending_settings: Settings
) -> None:
    renewed = administration.renew(None, webhook.id, sending_settings)
    assert renewed.secret != webhook.secret
    decide()
    send_all(sending_settings)
    let_time_pass(timedelta(days=1))
    administration.deliver_again(webhook.id, deliveries()[0].id)
    send_all(sending_settings)

    first, second = (each.headers["webhook-signature"].split() for each in receiver.received)
    assert (len(first), len(second)) == (2, 1)
    assert receiver.received[0].message_id == receiver.received[1].message_id


def test_a_changed_secret_key_is_said_and_nothing_is_sent(
    webhook: Made, receiver: Receiver, sending_settings: Settings
) -> None:
    decide()
    other = sending_settings.model_copy(update={"secret_key": SecretStr("k" * 40)})

    send_all(other)

    assert receiver.received == []
    assert "Renew the secret" in deliveries()[0].error


def test_a_test_event_is_sent_once_to_a_paused_webhook_too(
    webhook: Made, receiver: Receiver, sending_settings: Settings
) -> None:
    administration.pause(None, webhook.id)
    administration.test(webhook.id)
    receiver.answers.append(status(500))
    send_all(sending_settings)
    let_time_pass(timedelta(days=1))
    send_all(sending_settings)

    (request,) = receiver.received
    assert json.loads(request.body)["type"] == "test"
    assert deliveries()[0].state == "given_up"
    assert webhook_row().failing_since is None  # it is no failure that a webhook is paused for


def test_a_removed_webhook_leaves_nothing_and_old_deliveries_go(
    webhook: Made, receiver: Receiver, sending_settings: Settings
) -> None:
    _, (image_id,) = decide()
    send_all(sending_settings)
    let_time_pass(timedelta(days=31))
    sweep()
    assert deliveries() == []
    author = session().scalars(select(User.id)).one()
    verdicts.give_verdict(author, image_id, None, "real")
    send_all(sending_settings)
    assert len(deliveries()) == 1

    administration.remove(None, webhook.id)

    for table in (Webhook, WebhookDelivery):
        assert session().scalar(select(func.count()).select_from(table)) == 0


def test_what_is_asked_for_again_while_it_is_sent_is_counted_from_the_start(
    webhook: Made, receiver: Receiver, sending_settings: Settings
) -> None:
    decide()
    read_log()
    (delivery,) = deliveries()
    delivery_id = delivery.id

    def ask_again(handler: BaseHTTPRequestHandler) -> None:
        with app.app_context():
            administration.deliver_again(webhook.id, delivery_id)
        status(500)(handler)

    app = current_app._get_current_object()
    with transaction() as write:
        write.get_one(WebhookDelivery, delivery_id).attempts = 7
    receiver.answers.append(ask_again)
    send_all(sending_settings)

    assert (deliveries()[0].state, deliveries()[0].attempts) == ("failed", 1)
