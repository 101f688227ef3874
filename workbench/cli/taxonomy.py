"""`manage.py taxonomy`."""

from __future__ import annotations

from pathlib import Path

import click

from workbench.cli.context import require_tables, with_app
from workbench.services import accounts
from workbench.services.taxonomy import exchange


@click.group()
def taxonomy() -> None:
    """Load and export the taxonomy of tags."""


@taxonomy.command()
@click.argument(
    "file", required=False, type=click.Path(exists=True, dir_okay=False, path_type=Path)
)
@click.option("--user", "name", required=True, metavar="NAME", help="Who adds the tags.")
@with_app
def load(file: Path | None, name: str) -> None:
    """Add the tags of FILE, as exported to JSON; without FILE, those of the starter taxonomy.

    Names that are there already are kept as they are.
    """
    require_tables()
    user_id = accounts.id_of(name)
    entries = exchange.read(file.read_bytes()) if file else exchange.starter()
    loaded = exchange.load(user_id, entries)
    click.echo(f"{loaded.added} tags added, {loaded.known} were there already.")


@taxonomy.command()
@click.option(
    "--format", "form", type=click.Choice(exchange.FORMATS), default="json", show_default=True
)
@with_app
def export(form: exchange.Format) -> None:
    """Print the taxonomy as JSON, which `load` reads, or as CSV."""
    require_tables()
    click.echo(exchange.as_text(form), nl=False)
