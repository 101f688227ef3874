"""Webhooks and their deliveries as lists show them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from flask_babel import gettext
from sqlalchemy import Select, func, select

from workbench.services.errors import NotFoundError
from workbench.store.database import session
from workbench.store.images import Collection
from workbench.store.people import User
from workbench.store.webhooks import OPEN, Webhook, WebhookDelivery

SHOWN: Final = 50
"""Deliveries of a page."""


@dataclass(frozen=True)
class WebhookView:
    """A webhook, without its secret."""

    id: int
    name: str
    url: str
    events: tuple[str, ...]
    collection_id: int | None
    collection: str
    """The only one that it is told of; empty for several."""
    restricted: bool
    by: str
    """Empty for the command line."""
    created_at: datetime
    paused_at: datetime | None
    paused_why: str
    failing_since: datetime | None
    open: int
    """Deliveries that are still to be received."""


@dataclass(frozen=True)
class DeliveryView:
    """A delivery, with what came of its last attempt."""

    id: int
    message_id: str
    kind: str
    events: int
    body: str
    state: str
    attempts: int
    next_at: datetime | None
    status: int | None
    error: str
    milliseconds: int | None
    created_at: datetime
    attempted_at: datetime | None

    @property
    def is_open(self) -> bool:
        return self.state in OPEN


def webhooks() -> tuple[WebhookView, ...]:
    """All webhooks, the oldest first."""
    return tuple(_view(*each) for each in session().execute(_query().order_by(Webhook.id)))


def webhook(webhook_id: int) -> WebhookView:
    """One of them. Raises NotFoundError."""
    found = session().execute(_query().where(Webhook.id == webhook_id)).one_or_none()
    if found is None:
        raise NotFoundError(gettext("Webhook not found."))
    return _view(*found)


def deliveries(webhook_id: int, before: int | None = None) -> tuple[DeliveryView, ...]:
    """The newest deliveries of a webhook, or those before one of them."""
    query = select(WebhookDelivery).where(WebhookDelivery.webhook_id == webhook_id)
    if before is not None:
        query = query.where(WebhookDelivery.id < before)
    found = session().scalars(query.order_by(WebhookDelivery.id.desc()).limit(SHOWN))
    return tuple(_delivery(each) for each in found)


def delivery(webhook_id: int, delivery_id: int) -> DeliveryView:
    """One delivery of a webhook. Raises NotFoundError."""
    found = session().get(WebhookDelivery, delivery_id, populate_existing=True)
    if found is None or found.webhook_id != webhook_id:
        raise NotFoundError(gettext("Delivery not found."))
    return _delivery(found)


def _query() -> Select[Any]:
    waiting = (
        select(func.count())
        .where(WebhookDelivery.webhook_id == Webhook.id, WebhookDelivery.state.in_(OPEN))
        .correlate(Webhook)
        .scalar_subquery()
    )
    return (
        select(
            Webhook,
            func.coalesce(Collection.name, ""),
            func.coalesce(User.name, ""),
            waiting,
        )
        .outerjoin(Collection, Collection.id == Webhook.collection_id)
        .outerjoin(User, User.id == Webhook.made_by_id)
        .where(Webhook.withdrawn_at.is_(None))
        .execution_options(populate_existing=True)
    )


def _view(found: Webhook, collection: str, by: str, waiting: int) -> WebhookView:
    return WebhookView(
        id=found.id,
        name=found.name,
        url=found.url,
        events=tuple(found.events),
        collection_id=found.collection_id,
        collection=collection,
        restricted=found.restricted,
        by=by,
        created_at=found.created_at,
        paused_at=found.paused_at,
        paused_why=found.paused_why,
        failing_since=found.failing_since,
        open=waiting,
    )


def _delivery(found: WebhookDelivery) -> DeliveryView:
    return DeliveryView(
        id=found.id,
        message_id=found.message_id,
        kind=found.kind,
        events=found.events,
        body=found.body,
        state=found.state,
        attempts=found.attempts,
        next_at=found.next_at,
        status=found.status,
        error=found.error,
        milliseconds=found.milliseconds,
        created_at=found.created_at,
        attempted_at=found.attempted_at,
    )
