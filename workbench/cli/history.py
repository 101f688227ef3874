"""`manage.py history`."""

from __future__ import annotations

from datetime import datetime

import click

from workbench.cli.context import require_tables, with_app
from workbench.services import accounts
from workbench.services.review import history_export
from workbench.services.review.history import KIND_NAMES, Asked
from workbench.services.review.history_export import FORMATS, Format

_day = click.DateTime(["%Y-%m-%d"])


@click.group()
def history() -> None:
    """Export who decided what, and when."""


@history.command()
@click.option("--format", "form", type=click.Choice(FORMATS), default="jsonl", show_default=True)
@click.option("--collection", default="", metavar="NAME", help="Of this collection alone.")
@click.option("--person", default="", metavar="NAME", help="By this person alone.")
@click.option("--image", "image_id", type=int, metavar="ID", help="On this image alone.")
@click.option("--kind", type=click.Choice(KIND_NAMES), help="Of this kind alone.")
@click.option("--since", type=_day, metavar="DAY", help="From this day on.")
@click.option("--until", type=_day, metavar="DAY", help="Until this day, which counts.")
@with_app
def export(
    form: Format,
    collection: str,
    person: str,
    image_id: int | None,
    kind: str | None,
    since: datetime | None,
    until: datetime | None,
) -> None:
    """Print the audit log, the newest event first, as JSON lines or CSV."""
    require_tables()
    asked = Asked(
        person_id=accounts.id_of(person) if person else None,
        image_id=image_id,
        collection=collection,
        kind=kind or "",
        since=since.date() if since else None,
        until=until.date() if until else None,
    )
    for line in history_export.lines(asked, form):
        click.echo(line, nl=False)
