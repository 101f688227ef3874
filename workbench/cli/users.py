"""`manage.py user`."""

from __future__ import annotations

import sys

import click

from workbench.cli.context import with_app
from workbench.services import accounts
from workbench.store import migrating
from workbench.store.database import db


@click.group()
def user() -> None:
    """Manage accounts."""


@user.command()
@click.argument("name")
@click.option(
    "--role",
    type=click.Choice(["annotator", "reviewer", "developer"]),
    default="annotator",
    show_default=True,
)
@click.option(
    "--password-stdin",
    is_flag=True,
    help="Read the password from standard input instead of asking for it.",
)
@with_app
def add(name: str, role: str, *, password_stdin: bool) -> None:
    """Add an account. Prompts for the password."""
    migrating.upgrade(db.engine)
    if password_stdin:
        password = sys.stdin.readline().rstrip("\n")
    else:
        password = click.prompt("Password", hide_input=True, confirmation_prompt=True, err=True)
    added = accounts.add_user(name, password, role)
    click.echo(f"Added {added.name} as {added.role}.")
