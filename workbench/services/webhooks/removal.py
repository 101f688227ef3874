"""Removing webhooks with their deliveries, and deliveries that are old."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from sqlalchemy import delete, select

from workbench.store.chunks import change_in_chunks
from workbench.store.database import now, session, transaction
from workbench.store.webhooks import Webhook, WebhookDelivery

KEPT: Final = timedelta(days=30)
"""So long deliveries are listed."""


def withdraw(webhook: Webhook) -> None:
    """Let nothing be sent to a webhook any more, within a transaction; its rows go later."""
    webhook.withdrawn_at = now()
    webhook.url, webhook.salt, webhook.earlier_salt = "", "", None
    webhook.collection_id = None


def remove_withdrawn() -> None:
    """Remove the rows of webhooks that are withdrawn."""
    gone = session().scalars(select(Webhook.id).where(Webhook.withdrawn_at.is_not(None))).all()
    session().rollback()
    for each in gone:
        change_in_chunks(
            delete(WebhookDelivery), WebhookDelivery.id, WebhookDelivery.webhook_id == each
        )
        with transaction() as write:
            write.execute(delete(Webhook).where(Webhook.id == each))


def sweep() -> None:
    """Remove deliveries that are old, and what is left of webhooks that are withdrawn."""
    change_in_chunks(
        delete(WebhookDelivery), WebhookDelivery.id, WebhookDelivery.created_at < now() - KEPT
    )
    remove_withdrawn()
