"""`manage.py user invite` and the like: one-time links, which are shown once."""

from __future__ import annotations

from urllib.parse import urlsplit

import click

from workbench.cli.context import require_tables, with_app
from workbench.cli.options import json_option
from workbench.cli.output import show
from workbench.services import accounts
from workbench.services.collections import collection_id
from workbench.services.people import invitations, resets
from workbench.store.people import ROLES


def _address(_context: click.Context, _option: click.Parameter, url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.netloc:
        raise click.BadParameter("It must begin with http:// or https://.")
    return url.rstrip("/")


url_option = click.option(
    "--url",
    default="http://localhost:8000",
    show_default=True,
    callback=_address,
    help="Where people reach the workbench.",
)


@click.command()
@click.option("--role", type=click.Choice(ROLES), default="annotator", show_default=True)
@click.option("--note", default="", metavar="TEXT", help="Whom it is for.")
@click.option(
    "--collection",
    "names",
    multiple=True,
    metavar="NAME",
    help="A restricted collection that its reader becomes a member of; several are possible.",
)
@url_option
@with_app
def invite(role: str, note: str, names: tuple[str, ...], url: str) -> None:
    """Print a link that lets one person make an account, once, within seven days."""
    require_tables()
    if len(note) > invitations.LONGEST_NOTE:
        raise click.BadParameter(
            f"A note has at most {invitations.LONGEST_NOTE} characters.", param_hint="--note"
        )
    token = invitations.invite(None, role, note, [collection_id(each) for each in names])
    click.echo(f"{url}/join?token={token}")


@click.command("invitations")
@json_option
@with_app
def list_invitations(*, as_json: bool) -> None:
    """List the newest invitations."""
    require_tables()
    found = invitations.invitations()
    lines = [
        f"{each.id}: {each.role}, {each.state}, until {each.expires_at:%Y-%m-%d %H:%M} UTC"
        + (f", for {each.note}" if each.note else "")
        + (f", became {each.account}" if each.account else "")
        + (f", member of {', '.join(each.collections)}" if each.collections else "")
        for each in found
    ]
    report = {"invitations": [vars(each) for each in found]}
    show(report, as_json=as_json, lines=lines or ["There are no invitations."])


@click.command("revoke-invitation")
@click.argument("number", type=int)
@with_app
def revoke_invitation(number: int) -> None:
    """Let the link of an invitation be worth nothing."""
    require_tables()
    invitations.revoke(None, number)
    click.echo(f"Revoked invitation {number}.")


@click.command("reset-password")
@click.argument("name")
@url_option
@with_app
def reset_password(name: str, url: str) -> None:
    """Print a link by which somebody chooses a new password, once, within a day."""
    require_tables()
    token = resets.offer(None, accounts.id_of(name))
    click.echo(f"{url}/new-password?token={token}")
