"""Options that several commands share."""

from __future__ import annotations

import click

DEFAULT_PORT = 8000

json_option = click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
collection_option = click.option(
    "--collection", "name", required=True, metavar="NAME", help="Name of the collection."
)
port_option = click.option(
    "--port", default=DEFAULT_PORT, show_default=True, envvar="PORT", type=int
)
with_parent_option = click.option(
    "--with-parent",
    is_flag=True,
    hidden=True,
    help="End when standard input ends: whoever started this is gone.",
)
