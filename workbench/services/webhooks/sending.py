"""Sending what is due: at least once, each webhook apart from the others."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import structlog
from flask_babel import gettext
from sqlalchemy import ColumnElement, exists, or_, select

from workbench.config import Settings
from workbench.services.webhooks import addresses, outgoing, signing
from workbench.services.webhooks.addresses import RefusedError
from workbench.services.webhooks.backoff import retry_after, wait_after
from workbench.services.webhooks.outgoing import UnansweredError
from workbench.store.database import now, session, transaction
from workbench.store.failures import DatabaseBusyError
from workbench.store.webhooks import OPEN, Webhook, WebhookDelivery

log = structlog.get_logger()

BOTH_SIGN: Final = timedelta(days=1)
"""So long a message is signed by the earlier secret, too."""
FAILING: Final = timedelta(days=3)
"""A webhook that nothing has reached for so long is paused."""
GONE: Final = 410
AGENT: Final = "pattern-workbench"


@dataclass(frozen=True)
class _Message:
    """What is sent, as the database has it before: nothing is held open while it is sent."""

    id: int
    message_id: str
    url: str
    body: bytes
    secrets: tuple[str, ...]


@dataclass(frozen=True)
class _Outcome:
    """What came of an attempt. error: empty where it succeeded."""

    error: str
    milliseconds: int
    status: int | None = None
    asked: timedelta | None = None


def due_webhooks() -> tuple[int, ...]:
    """Webhooks that something is to be sent to now."""
    reading = session()
    something = exists().where(WebhookDelivery.webhook_id == Webhook.id, _is_due())
    found = reading.scalars(
        select(Webhook.id).where(something.correlate(Webhook)).order_by(Webhook.id)
    ).all()
    reading.rollback()
    return tuple(found)


def send_due(webhook_id: int, settings: Settings, stopped: Callable[[], bool]) -> int:
    """Send a webhook what is due, the oldest first, until an attempt fails; how many were sent."""
    sent = 0
    while not stopped():
        due = session().scalar(
            select(WebhookDelivery.id)
            .join(Webhook, Webhook.id == WebhookDelivery.webhook_id)
            .where(_is_due(), WebhookDelivery.webhook_id == webhook_id)
            .order_by(WebhookDelivery.next_at, WebhookDelivery.id)
            .limit(1)
        )
        if due is None or not attempt(due, settings):
            break
        sent += 1
    session().rollback()
    return sent


def attempt(delivery_id: int, settings: Settings) -> bool:
    """Send a delivery once, and write what came of it; whether it was received.

    Where the process dies between the two it is sent again, with the same id.
    """
    message = _message(delivery_id, settings)
    if message is None:
        return False
    if not message.secrets:
        why = gettext(
            "The secret key of the workbench has changed. Renew the secret of this webhook."
        )
        outcome = _Outcome(why, 0)
    else:
        outcome = _sent(message, settings)
    _write_patiently(delivery_id, outcome)
    return not outcome.error


def _is_due() -> ColumnElement[bool]:
    return (
        WebhookDelivery.state.in_(OPEN)
        & (WebhookDelivery.next_at <= now())
        & Webhook.withdrawn_at.is_(None)
        & or_(Webhook.paused_at.is_(None), WebhookDelivery.kind == "test")
    )


def _message(delivery_id: int, settings: Settings) -> _Message | None:
    reading = session()
    reading.rollback()
    delivery = reading.get(WebhookDelivery, delivery_id, populate_existing=True)
    if delivery is None:
        reading.rollback()
        return None
    webhook = reading.get_one(Webhook, delivery.webhook_id, populate_existing=True)
    message = _Message(
        delivery.id,
        delivery.message_id,
        webhook.url,
        delivery.body.encode(),
        secrets_of(webhook, settings.session_secret()),
    )
    reading.rollback()
    return message


def secrets_of(webhook: Webhook, installation: str) -> tuple[str, ...]:
    """The secrets that are signed by now, the present one first; none where it is another."""
    secret = signing.secret_of(installation, webhook.salt)
    if signing.check_of(secret) != webhook.secret_check:
        return ()
    if webhook.earlier_salt and webhook.renewed_at and now() - webhook.renewed_at < BOTH_SIGN:
        return secret, signing.secret_of(installation, webhook.earlier_salt)
    return (secret,)


def _sent(message: _Message, settings: Settings) -> _Outcome:
    began = time.monotonic()
    try:
        to = addresses.find(message.url, settings.webhook_hosts)
        answer = outgoing.post(to, message.body, _headers(message, now()))
    except (RefusedError, UnansweredError) as error:
        return _Outcome(str(error), _since(began))
    asked = retry_after(answer.retry_after, now())
    return _Outcome(_refusal(answer.status), _since(began), answer.status, asked)


def _headers(message: _Message, moment: datetime) -> dict[str, str]:
    timestamp = int(moment.timestamp())
    signatures = (
        signing.signature(each, message.message_id, timestamp, message.body)
        for each in message.secrets
    )
    return {
        "Content-Type": "application/json",
        "User-Agent": AGENT,
        "webhook-id": message.message_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": " ".join(signatures),
    }


def _since(began: float) -> int:
    return round((time.monotonic() - began) * 1000)


def _refusal(status: int) -> str:
    if 200 <= status < 300:
        return ""
    if status == GONE:
        return gettext("It answered 410: there is no receiver any more.")
    if 300 <= status < 400:
        return gettext("It answered %(status)s: redirects are not followed.", status=status)
    return gettext("It answered %(status)s.", status=status)


def _write_patiently(delivery_id: int, outcome: _Outcome) -> None:
    """Write it, though others are writing: else what was received would be sent again."""
    for seconds in (0.2, 1.0, 5.0):
        try:
            return _write(delivery_id, outcome)
        except DatabaseBusyError:
            time.sleep(seconds)
    return _write(delivery_id, outcome)


def _write(delivery_id: int, outcome: _Outcome) -> None:
    with transaction() as write:
        delivery = write.get(
            WebhookDelivery, delivery_id, populate_existing=True, with_for_update=True
        )
        if delivery is None:
            return
        webhook = write.get_one(
            Webhook, delivery.webhook_id, populate_existing=True, with_for_update=True
        )
        moment = now()
        delivery.attempts += 1
        delivery.attempted_at, delivery.milliseconds = moment, outcome.milliseconds
        delivery.status, delivery.error = outcome.status, outcome.error[:300]
        if not outcome.error:
            delivery.state, delivery.next_at = "delivered", None
            webhook.failing_since = None
            return
        gone = outcome.status == GONE
        once = gone or delivery.kind == "test"
        wait = None if once else wait_after(delivery.attempts, outcome.asked)
        delivery.state = "given_up" if wait is None else "failed"
        delivery.next_at = None if wait is None else moment + wait
        if gone or delivery.kind == "events":
            _note_failure(webhook, moment, gone=gone)
    log.info("a delivery failed", delivery=delivery_id, status=outcome.status)


def _note_failure(webhook: Webhook, moment: datetime, *, gone: bool) -> None:
    webhook.failing_since = webhook.failing_since or moment
    failing = moment - webhook.failing_since >= FAILING
    if webhook.paused_at is None and (gone or failing):
        webhook.paused_at, webhook.paused_why = moment, "gone" if gone else "failing"
        log.warning("a webhook is paused", webhook=webhook.id, why=webhook.paused_why)
