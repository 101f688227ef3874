"""Webhooks as an admin makes and changes them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

from flask_babel import gettext
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from workbench.config import Settings
from workbench.services import audit
from workbench.services.audit import Concerned
from workbench.services.collections import refuse_leaving
from workbench.services.errors import ConflictError, InvalidError, NotFoundError
from workbench.services.webhooks import addresses, signing
from workbench.services.webhooks.event_types import ALL
from workbench.services.webhooks.outbox import delivery_of, newest_event
from workbench.services.webhooks.removal import remove_withdrawn, withdraw
from workbench.store.database import now, transaction
from workbench.store.folding import is_printable_line
from workbench.store.webhooks import Webhook, WebhookDelivery

LONGEST_NAME: Final = 80
MOST: Final = 20
"""Webhooks of a workbench; each has a thread of the worker while something is sent to it."""


@dataclass(frozen=True)
class Wanted:
    """What an admin says of a webhook.

    collection_id: the only collection that it is told of. restricted: without one, whether it is
    told of restricted collections as of all others.
    """

    name: str
    url: str
    events: tuple[str, ...]
    collection_id: int | None = None
    restricted: bool = False


@dataclass(frozen=True)
class Made:
    """A webhook with its secret, which is shown this once."""

    id: int
    secret: str


def make(user_id: int | None, wanted: Wanted, settings: Settings) -> Made:
    """Make a webhook, which is told of what happens from now on.

    Raises InvalidError for what cannot be, and for an address that the settings do not allow.
    """
    _check(wanted, settings)
    salt = signing.new_salt()
    secret = signing.secret_of(settings.session_secret(), salt)
    with transaction() as write:
        standing = select(func.count()).where(Webhook.withdrawn_at.is_(None))
        if (write.scalar(standing) or 0) >= MOST:
            raise InvalidError(gettext("There are %(most)s webhooks. Delete one.", most=MOST))
        made = Webhook(
            salt=salt,
            secret_check=signing.check_of(secret),
            after_id=newest_event(write),
            made_by_id=user_id,
        )
        _set(write, made, wanted)
        write.add(made)
        write.flush()
        _record(write, user_id, "webhook.make", made, after=_told(made))
        return Made(made.id, secret)


def change(user_id: int | None, webhook_id: int, wanted: Wanted, settings: Settings) -> None:
    """Change what a webhook is and what it is told of. Raises InvalidError and NotFoundError."""
    _check(wanted, settings)
    with transaction() as write:
        webhook = _found(write, webhook_id)
        before = _told(webhook)
        _set(write, webhook, wanted)
        _record(write, user_id, "webhook.change", webhook, before=before, after=_told(webhook))


def pause(user_id: int | None, webhook_id: int) -> None:
    """Let nothing be sent to a webhook. What happens meanwhile it is never told."""
    with transaction() as write:
        webhook = _found(write, webhook_id)
        if webhook.paused_at is not None:
            raise ConflictError(gettext("This webhook is paused already."))
        webhook.paused_at, webhook.paused_why = now(), "by_hand"
        _record(write, user_id, "webhook.pause", webhook)


def resume(user_id: int | None, webhook_id: int) -> None:
    """Send to a webhook again: what was made for it before, and what happens from now on."""
    with transaction() as write:
        webhook = _found(write, webhook_id)
        if webhook.paused_at is None:
            raise ConflictError(gettext("This webhook is not paused."))
        webhook.paused_at, webhook.paused_why, webhook.failing_since = None, "", None
        webhook.after_id = newest_event(write)
        _record(write, user_id, "webhook.resume", webhook)


def renew(user_id: int | None, webhook_id: int, settings: Settings) -> Made:
    """Give a webhook another secret; for a day both sign."""
    salt = signing.new_salt()
    secret = signing.secret_of(settings.session_secret(), salt)
    with transaction() as write:
        webhook = _found(write, webhook_id)
        webhook.earlier_salt, webhook.salt = webhook.salt, salt
        webhook.secret_check, webhook.renewed_at = signing.check_of(secret), now()
        _record(write, user_id, "webhook.renew", webhook)
    return Made(webhook_id, secret)


def remove(user_id: int | None, webhook_id: int) -> None:
    """Remove a webhook with its deliveries. Nothing is sent from now on."""
    with transaction() as write:
        webhook = _found(write, webhook_id)
        _record(write, user_id, "webhook.remove", webhook, before=_told(webhook))
        withdraw(webhook)
    remove_withdrawn()


def test(webhook_id: int) -> int:
    """Queue a test event, which is sent once; the delivery's id."""
    with transaction() as write:
        webhook = _found(write, webhook_id)
        made = delivery_of(webhook.id, "test", ())
        write.add(made)
        write.flush()
        return made.id


def deliver_again(webhook_id: int, delivery_id: int) -> None:
    """Send a delivery that is over once more, with its id: a receiver that had it drops it."""
    with transaction() as write:
        # Locked before its webhook, like where an attempt is written down.
        delivery = write.get(
            WebhookDelivery, delivery_id, populate_existing=True, with_for_update=True
        )
        if delivery is None or delivery.webhook_id != webhook_id:
            raise NotFoundError(gettext("Delivery not found."))
        _found(write, webhook_id)
        delivery.state, delivery.attempts, delivery.next_at = "waiting", 0, now()


def _check(wanted: Wanted, settings: Settings) -> None:
    if not wanted.name or len(wanted.name) > LONGEST_NAME or not is_printable_line(wanted.name):
        raise InvalidError(
            gettext(
                "A webhook needs a name of at most %(most)s printable characters.",
                most=LONGEST_NAME,
            )
        )
    if not wanted.events or not set(wanted.events) <= set(ALL):
        raise InvalidError(gettext("Choose what the webhook is told of."))
    if wanted.collection_id is not None and wanted.restricted:
        raise InvalidError(gettext("Choose one collection, or all of them."))
    addresses.check(wanted.url, settings.webhook_hosts)


def _set(write: Session, webhook: Webhook, wanted: Wanted) -> None:
    if wanted.collection_id is not None:
        refuse_leaving(write, wanted.collection_id)
    webhook.name, webhook.url = wanted.name, wanted.url
    webhook.events = [each for each in ALL if each in wanted.events]
    webhook.collection_id, webhook.restricted = wanted.collection_id, wanted.restricted


def _found(write: Session, webhook_id: int) -> Webhook:
    webhook = write.get(Webhook, webhook_id, populate_existing=True, with_for_update=True)
    if webhook is None or webhook.withdrawn_at is not None:
        raise NotFoundError(gettext("Webhook not found."))
    return webhook


def _told(webhook: Webhook) -> dict[str, Any]:
    """What the audit log keeps: of the address the host alone, for the rest may be a secret."""
    return {
        "name": webhook.name,
        "host": urlsplit(webhook.url).hostname,
        "events": list(webhook.events),
        "restricted": webhook.restricted,
    }


def _record(
    write: Session,
    user_id: int | None,
    action: str,
    webhook: Webhook,
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
) -> None:
    audit.record(
        write,
        user_id,
        action,
        f"webhook:{webhook.id}",
        before=before,
        after=after,
        concerned=Concerned(collection_id=webhook.collection_id),
    )
