"""Webhooks: where what happens is sent to, and what has been sent."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Blueprint, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from workbench.services import app_settings
from workbench.services.errors import InvalidError
from workbench.services.people import membership
from workbench.services.people.membership import Access
from workbench.services.webhooks import administration, listed
from workbench.services.webhooks.addresses import LONGEST
from workbench.services.webhooks.administration import LONGEST_NAME, Made, Wanted
from workbench.services.webhooks.event_types import EVENT_TYPES
from workbench.services.webhooks.listed import SHOWN, DeliveryView, WebhookView
from workbench.web.request.parsing import choice, line, whole
from workbench.web.site import headers, notices, security

blueprint = Blueprint("webhooks", __name__)
_SCOPES = ("open", "all", "one")


@dataclass(frozen=True)
class WebhooksPage:
    """What `views/webhooks.html` shows."""

    webhooks: tuple[WebhookView, ...]
    hosts: tuple[str, ...]
    """What the settings allow; empty where webhooks are turned off."""
    collections: tuple[Access, ...]


@dataclass(frozen=True)
class WebhookPage:
    """What `views/webhook.html` shows."""

    webhook: WebhookView
    deliveries: tuple[DeliveryView, ...]
    hosts: tuple[str, ...]
    collections: tuple[Access, ...]
    before: int | None
    """The delivery that the list begins below; None for the newest."""

    @property
    def earlier(self) -> int | None:
        """The delivery below which the next page begins."""
        return self.deliveries[-1].id if len(self.deliveries) == SHOWN else None

    @property
    def is_live(self) -> bool:
        """Whether something shown is about to be sent."""
        return self.before is None and any(each.state == "waiting" for each in self.deliveries)


@blueprint.get("/webhooks")
@security.requires("webhooks")
def index() -> str:
    """All webhooks, and the form for another one."""
    page = WebhooksPage(
        listed.webhooks(), app_settings.settings().webhook_hosts, membership.access()
    )
    return render_template("views/webhooks.html", page=page, types=EVENT_TYPES)


@blueprint.post("/webhooks/make")
@security.requires("webhooks")
def make() -> Response:
    """Make a webhook, and show its secret: this once."""
    made = administration.make(security.user_id(), _wanted(), app_settings.settings())
    return _shown_once(made)


@blueprint.get("/webhooks/<record:webhook_id>")
@security.requires("webhooks")
def show(webhook_id: int) -> str:
    """One webhook and its deliveries."""
    before = whole(request.args, "before")
    page = WebhookPage(
        listed.webhook(webhook_id),
        listed.deliveries(webhook_id, before),
        app_settings.settings().webhook_hosts,
        membership.access(),
        before,
    )
    return render_template("views/webhook.html", page=page, types=EVENT_TYPES)


@blueprint.get("/webhooks/<record:webhook_id>/deliveries/<record:delivery_id>")
@security.requires("webhooks")
def show_delivery(webhook_id: int, delivery_id: int) -> str:
    """One delivery, with its body."""
    return render_template(
        "views/webhook_delivery.html",
        webhook=listed.webhook(webhook_id),
        delivery=listed.delivery(webhook_id, delivery_id),
    )


@blueprint.post("/webhooks/<record:webhook_id>/change")
@security.requires("webhooks")
def change(webhook_id: int) -> Response:
    """Change what a webhook is told of, and where."""
    administration.change(security.user_id(), webhook_id, _wanted(), app_settings.settings())
    return _changed(webhook_id, gettext("Webhook saved."))


@blueprint.post("/webhooks/<record:webhook_id>/pause")
@security.requires("webhooks")
def pause(webhook_id: int) -> Response:
    """Send nothing for now."""
    administration.pause(security.user_id(), webhook_id)
    return _changed(webhook_id, gettext("Webhook paused."))


@blueprint.post("/webhooks/<record:webhook_id>/resume")
@security.requires("webhooks")
def resume(webhook_id: int) -> Response:
    """Send again."""
    administration.resume(security.user_id(), webhook_id)
    return _changed(webhook_id, gettext("Webhook resumed."))


@blueprint.post("/webhooks/<record:webhook_id>/renew")
@security.requires("webhooks")
def renew(webhook_id: int) -> Response:
    """Make another secret, and show it: this once."""
    settings = app_settings.settings()
    return _shown_once(administration.renew(security.user_id(), webhook_id, settings))


@blueprint.post("/webhooks/<record:webhook_id>/test")
@security.requires("webhooks")
def test(webhook_id: int) -> Response:
    """Send a test event."""
    administration.test(webhook_id)
    return _changed(webhook_id, gettext("A test event is on its way."))


@blueprint.post("/webhooks/<record:webhook_id>/remove")
@security.requires("webhooks")
def remove(webhook_id: int) -> Response:
    """Remove a webhook with its deliveries."""
    administration.remove(security.user_id(), webhook_id)
    notices.saved(gettext("Webhook deleted."))
    return redirect(url_for("webhooks.index"), 303)


@blueprint.post("/webhooks/<record:webhook_id>/deliveries/<record:delivery_id>/again")
@security.requires("webhooks")
def deliver_again(webhook_id: int, delivery_id: int) -> Response:
    """Send a delivery once more."""
    administration.deliver_again(webhook_id, delivery_id)
    return _changed(webhook_id, gettext("The delivery is sent again."))


def _wanted() -> Wanted:
    scope = choice(request.form, "scope", _SCOPES)
    only = whole(request.form, "collection") if scope == "one" else None
    if scope is None or (scope == "one" and only is None):
        raise InvalidError(gettext("Choose the collections that the webhook is told of."))
    return Wanted(
        line(request.form, "name", LONGEST_NAME) or "",
        line(request.form, "address", LONGEST) or "",
        tuple(dict.fromkeys(request.form.getlist("event"))),
        only,
        restricted=scope == "all",
    )


def _shown_once(made: Made) -> Response:
    return headers.shown_once(render_template("views/webhook_secret.html", made=made))


def _changed(webhook_id: int, said: str) -> Response:
    notices.saved(said)
    return redirect(url_for("webhooks.show", webhook_id=webhook_id), 303)
