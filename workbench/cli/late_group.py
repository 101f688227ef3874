"""A group of commands whose modules are loaded when a command is called."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Any, NamedTuple

import click


class Summary(NamedTuple):
    """What a list of commands says of one, and where the command is."""

    module: str
    """Has a click command of that name among its attributes."""
    text: str
    """The first sentence of the command's help."""


class LateGroup(click.Group):
    """A group that lists its commands without loading them."""

    def __init__(self, *args: Any, summaries: Mapping[str, Summary], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._summaries = summaries

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Name all commands, in alphabetical order."""
        return sorted(self._summaries)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Load one command; None where there is none of that name."""
        if cmd_name not in self._summaries:
            return None
        attributes = vars(import_module(self._summaries[cmd_name].module)).values()
        return next(
            each for each in attributes if isinstance(each, click.Command) and each.name == cmd_name
        )

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list of commands from their summaries, loading none."""
        rows = [(name, self._summaries[name].text) for name in self.list_commands(ctx)]
        with formatter.section("Commands"):
            formatter.write_dl(rows)
