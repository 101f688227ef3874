"""Runs that a command stays with."""

from __future__ import annotations

import click

from workbench.cli.progress_bar import progress_bar
from workbench.services.app_settings import settings
from workbench.services.runs import processes, queue
from workbench.store.database import db


def see_through(run_id: int) -> queue.RunView:
    """Show a run until it has ended. Raises ClickException unless it succeeded."""
    from workbench.services.pipeline import executor

    with progress_bar(
        interrupted="Interrupted. Finished work is kept; run the same command to resume."
    ) as bar:
        view = executor.see_through(db.engine, run_id, settings(), processes.new_name(), bar)
    if view.state != "succeeded":
        reason = f": {view.error}" if view.error else "."
        raise click.ClickException(f"The run {view.state}{reason}")
    return view
