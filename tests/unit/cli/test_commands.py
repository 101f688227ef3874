"""What the list of commands says is what the commands say of themselves."""

from __future__ import annotations

import click
import pytest

from workbench.cli import COMMANDS, main


@pytest.mark.parametrize("name", COMMANDS)
def test_a_summary_is_the_first_sentence_of_the_help(name: str) -> None:
    command = main.get_command(click.Context(main), name)

    assert command is not None
    assert command.get_short_help_str(limit=200) == COMMANDS[name].text


def test_an_unknown_command_is_none() -> None:
    assert main.get_command(click.Context(main), "unknown") is None
