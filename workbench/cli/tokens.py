"""`manage.py user make-token` and the like: API tokens, which are shown once."""

from __future__ import annotations

import click

from workbench.cli.context import require_tables, with_app
from workbench.cli.options import json_option
from workbench.cli.output import show
from workbench.services import accounts
from workbench.services.people import tokens


@click.command("make-token")
@click.argument("person")
@click.option("--name", required=True, metavar="TEXT", help="Which script it is for.")
@click.option(
    "--scope",
    "scopes",
    type=click.Choice(tokens.SCOPES),
    multiple=True,
    required=True,
    help="What it may do; several are possible, each within the person's role.",
)
@click.option("--days", type=click.IntRange(1, tokens.LONGEST_DAYS), default=90, show_default=True)
@with_app
def make_token(person: str, name: str, scopes: tuple[str, ...], days: int) -> None:
    """Print a new API token of a person's."""
    require_tables()
    account = accounts.named(person)
    click.echo(tokens.make(account, name, list(dict.fromkeys(scopes)), days, by_command=True))


@click.command("tokens")
@json_option
@with_app
def list_tokens(*, as_json: bool) -> None:
    """List everybody's API tokens that have not ended."""
    require_tables()
    found = tokens.tokens()
    lines = [
        f"{each.id}: {each.owner}, {each.name}, may {', '.join(each.scopes)}, "
        f"until {each.expires_at:%Y-%m-%d}"
        + (f", last used {each.last_used_at:%Y-%m-%d %H:%M} UTC" if each.last_used_at else "")
        for each in found
    ]
    report = {"tokens": [vars(each) for each in found]}
    show(report, as_json=as_json, lines=lines or ["There are no API tokens."])


@click.command("revoke-token")
@click.argument("number", type=int)
@with_app
def revoke_token(number: int) -> None:
    """Let an API token be worth nothing from now on."""
    require_tables()
    tokens.revoke(None, number, of_anybody=True)
    click.echo(f"Revoked token {number}.")
