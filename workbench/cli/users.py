"""`manage.py user`."""

from __future__ import annotations

import sys

import click

from workbench.cli import invitations, members, tokens
from workbench.cli.context import require_tables, with_app
from workbench.cli.options import json_option
from workbench.cli.output import show
from workbench.services import accounts
from workbench.services.people import administration
from workbench.services.roles import PERMISSIONS
from workbench.store import migrating
from workbench.store.database import db
from workbench.store.people import ROLES

role_choice = click.Choice(ROLES)
password_option = click.option(
    "--password-stdin",
    is_flag=True,
    help="Read the password from standard input instead of asking for it.",
)


@click.group()
def user() -> None:
    """Manage accounts, how people come in, what they see, and their API tokens."""


@user.command()
@click.argument("name")
@click.option("--role", type=role_choice, default="annotator", show_default=True)
@password_option
@with_app
def add(name: str, role: str, *, password_stdin: bool) -> None:
    """Add an account. Prompts for the password."""
    migrating.upgrade(db.engine)
    added = accounts.add_user(name, _password(typed=not password_stdin), role)
    click.echo(f"Added {added.name} as {added.role}.")


@user.command("list")
@json_option
@with_app
def list_command(*, as_json: bool) -> None:
    """List all accounts."""
    require_tables()
    people = administration.people()
    lines = [
        f"{each.name}: {each.role}"
        + (", deactivated" if each.deactivated_at else "")
        + (f", last seen {each.last_seen_at:%Y-%m-%d %H:%M} UTC" if each.last_seen_at else "")
        for each in people
    ]
    report = {"users": [vars(each) for each in people]}
    show(report, as_json=as_json, lines=lines or ["There are no accounts."])


@user.command("set-password")
@click.argument("name")
@password_option
@with_app
def set_password(name: str, *, password_stdin: bool) -> None:
    """Give an account a new password, and end its sessions. Prompts for it."""
    require_tables()
    accounts.set_password(name, _password(typed=not password_stdin))
    click.echo(f"Changed the password of {name} and ended all sessions.")


@user.command("set-role")
@click.argument("name")
@click.argument("role", type=role_choice)
@with_app
def set_role(name: str, role: str) -> None:
    """Change the role of an account."""
    require_tables()
    administration.set_role(None, accounts.id_of(name), role)
    click.echo(f"{name} is {role} now.")


@user.command()
@click.argument("name")
@with_app
def deactivate(name: str) -> None:
    """Let an account sign in no more, and end its sessions. What it did stays."""
    require_tables()
    administration.deactivate(None, accounts.id_of(name))
    click.echo(f"Deactivated {name} and ended all sessions.")


@user.command()
@click.argument("name")
@with_app
def activate(name: str) -> None:
    """Let a deactivated account sign in again."""
    require_tables()
    administration.activate(None, accounts.id_of(name))
    click.echo(f"Activated {name}.")


@user.command("roles")
@json_option
@with_app
def roles_command(*, as_json: bool) -> None:
    """List what each role may do."""
    lines = [
        f"{each.action}: {', '.join(role for role in ROLES if each.is_given_to(role))}"
        f" - {each.words}"
        for each in PERMISSIONS
    ]
    report = {
        role: [each.action for each in PERMISSIONS if each.is_given_to(role)] for role in ROLES
    }
    show(report, as_json=as_json, lines=lines)


for command in (
    invitations.invite,
    invitations.list_invitations,
    invitations.revoke_invitation,
    invitations.reset_password,
    members.members,
    tokens.make_token,
    tokens.list_tokens,
    tokens.revoke_token,
):
    user.add_command(command)


def _password(*, typed: bool) -> str:
    if not typed:
        return sys.stdin.readline().rstrip("\n")
    asked: str = click.prompt("Password", hide_input=True, confirmation_prompt=True, err=True)
    return asked
