"""`manage.py db`."""

from __future__ import annotations

import click

from workbench.cli.context import with_app
from workbench.store import migrating
from workbench.store.database import db


@click.group("db")
def database() -> None:
    """Look after the database."""


@database.command()
@with_app
def upgrade() -> None:
    """Bring the database's tables up to date."""
    migrating.upgrade(db.engine)
    click.echo("The database is up to date.")
