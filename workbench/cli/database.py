"""`manage.py db`."""

from __future__ import annotations

import click

from workbench.cli.context import with_app
from workbench.store import migrating
from workbench.store.database import db


@click.group("db")
def database() -> None:
    """Manage the database."""


@database.command()
@with_app
def upgrade() -> None:
    """Upgrade the database schema."""
    migrating.upgrade(db.engine)
    click.echo("The database is up to date.")
