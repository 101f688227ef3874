"""A webhook whose receiver is on this machine, which its settings allow."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from flask import Flask

from tests.support.receiver import Receiver, running_receiver
from workbench.config import Settings
from workbench.services.webhooks import administration, outbox, sending
from workbench.services.webhooks.administration import Made, Wanted
from workbench.services.webhooks.event_types import ALL
from workbench.store.database import session, transaction
from workbench.store.webhooks import Webhook, WebhookDelivery


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with running_receiver() as found:
        yield found


@pytest.fixture
def sending_settings(settings: Settings) -> Settings:
    return settings.model_copy(update={"webhook_hosts": ("127.0.0.1", "localhost")})


@pytest.fixture
def webhook(tables: Flask, sending_settings: Settings, receiver: Receiver) -> Made:
    wanted = Wanted("bot", receiver.url, ALL)
    return administration.make(None, wanted, sending_settings)


def read_log() -> int:
    """Read the log until nothing comes; PostgreSQL's is settled when it is read again."""
    return sum(outbox.make_deliveries() for _ in range(3))


def send_all(settings: Settings) -> int:
    """Make what is to be sent, and send what is due."""
    read_log()
    return sum(sending.send_due(each, settings, lambda: False) for each in sending.due_webhooks())


def let_time_pass(span: timedelta) -> None:
    """As if everything had happened so much earlier."""
    with transaction() as write:
        for each in write.query(WebhookDelivery):
            each.created_at -= span
            each.next_at = each.next_at and each.next_at - span
        for hook in write.query(Webhook):
            hook.failing_since = hook.failing_since and hook.failing_since - span
            hook.renewed_at = hook.renewed_at and hook.renewed_at - span


def deliveries() -> list[WebhookDelivery]:
    session().rollback()
    return list(session().query(WebhookDelivery).order_by(WebhookDelivery.id))
