"""`manage.py user members`: who sees a collection."""

from __future__ import annotations

import click

from workbench.cli.context import require_tables, with_app
from workbench.cli.options import json_option
from workbench.cli.output import show
from workbench.services import accounts
from workbench.services.people import membership


@click.command()
@click.argument("collection")
@click.option("--add", "added", multiple=True, metavar="NAME", help="Make somebody a member.")
@click.option("--remove", "removed", multiple=True, metavar="NAME", help="Make them none.")
@click.option(
    "--restrict/--open",
    "restricted",
    default=None,
    help="Show the collection to its members and admins alone, or to everybody.",
)
@json_option
@with_app
def members(
    collection: str,
    added: tuple[str, ...],
    removed: tuple[str, ...],
    *,
    restricted: bool | None,
    as_json: bool,
) -> None:
    """Say who sees a collection, and change it."""
    require_tables()
    access = membership.access_to(collection)
    if added or removed or restricted is not None:
        there = {each.id for each in membership.candidates(access.id) if each.member}
        wanted = there | set(map(accounts.id_of, added))
        membership.save(
            None,
            collection,
            wanted - set(map(accounts.id_of, removed)),
            restricted=access.restricted if restricted is None else restricted,
        )
        access = membership.access_to(collection)
    seen_by = "its members and admins" if access.restricted else "everybody who can sign in"
    named = [f"Member: {each}" for each in access.members]
    lines = [f"{access.name} is seen by {seen_by}.", *named]
    show(vars(access), as_json=as_json, lines=lines)
