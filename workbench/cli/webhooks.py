"""`manage.py webhooks`: where what happens is sent to."""

from __future__ import annotations

import click

from workbench.cli.context import require_tables, with_app
from workbench.cli.options import json_option
from workbench.cli.output import show
from workbench.services.app_settings import settings
from workbench.services.collections import collection_id
from workbench.services.webhooks import administration, listed, sending
from workbench.services.webhooks.administration import Wanted
from workbench.services.webhooks.event_types import ALL
from workbench.services.webhooks.listed import WebhookView


@click.group()
def webhooks() -> None:
    """Send what happens to other programs, signed."""


@webhooks.command("list")
@json_option
@with_app
def list_webhooks(*, as_json: bool) -> None:
    """List all webhooks."""
    require_tables()
    found = listed.webhooks()
    lines = [f"{each.id}: {each.name}, {each.url}, {_scope(each)}{_state(each)}" for each in found]
    if not settings().webhook_hosts:
        lines.append("Nothing is sent: WORKBENCH_WEBHOOK_HOSTS is empty.")
    report = {"webhooks": [vars(each) for each in found]}
    show(report, as_json=as_json, lines=lines or ["There are no webhooks."])


@webhooks.command()
@click.argument("name")
@click.argument("url")
@click.option(
    "--event",
    "events",
    type=click.Choice(ALL),
    multiple=True,
    help="What it is told of; several are possible. Without, everything.",
)
@click.option("--collection", metavar="NAME", help="Tell it of this collection alone.")
@click.option("--restricted", is_flag=True, help="Tell it of restricted collections, too.")
@with_app
def add(
    name: str, url: str, events: tuple[str, ...], collection: str | None, *, restricted: bool
) -> None:
    """Make a webhook and print its secret, this once."""
    require_tables()
    only = None if collection is None else collection_id(collection)
    wanted = Wanted(name, url, tuple(dict.fromkeys(events)) or ALL, only, restricted)
    click.echo(administration.make(None, wanted, settings()).secret)


@webhooks.command()
@click.argument("number", type=int)
@with_app
def pause(number: int) -> None:
    """Send nothing to a webhook for now."""
    require_tables()
    administration.pause(None, number)
    click.echo(f"Paused webhook {number}.")


@webhooks.command()
@click.argument("number", type=int)
@with_app
def resume(number: int) -> None:
    """Send to a webhook again."""
    require_tables()
    administration.resume(None, number)
    click.echo(f"Resumed webhook {number}.")


@webhooks.command()
@click.argument("number", type=int)
@with_app
def remove(number: int) -> None:
    """Remove a webhook and its deliveries."""
    require_tables()
    administration.remove(None, number)
    click.echo(f"Removed webhook {number}.")


@webhooks.command("test")
@click.argument("number", type=int)
@with_app
def send_test(number: int) -> None:
    """Send a test event to a webhook, and say what came of it."""
    require_tables()
    delivery_id = administration.test(number)
    sending.attempt(delivery_id, settings())
    found = listed.delivery(number, delivery_id)
    if found.state != "delivered":
        raise click.ClickException(found.error)
    click.echo(f"Delivered: it answered {found.status} after {found.milliseconds} ms.")


def _scope(found: WebhookView) -> str:
    if found.collection:
        return f"of “{found.collection}”"
    return "of all collections" if found.restricted else "of collections that are not restricted"


def _state(found: WebhookView) -> str:
    if found.paused_at is None:
        return ""
    why = {"gone": ", its receiver is gone", "failing": ", it failed for three days"}
    return f", paused{why.get(found.paused_why, '')}"
