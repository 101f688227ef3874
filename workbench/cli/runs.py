"""Runs that a command stays with."""

from __future__ import annotations

import click

from workbench.cli.progress_bar import progress_bar
from workbench.services.app_settings import settings
from workbench.services.models.versions import versions
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
    made = next(
        each for each in versions(view.collection_id) if each.summary.number == view.version_number
    )
    if lost := made.metrics.get("left_out"):
        names = ", ".join([*lost["names"], *(["…"] if lost["count"] > len(lost["names"]) else [])])
        click.echo(
            f"note: {lost['count']} images left out, their normalised images are missing or "
            f"damaged: {names}. Import their originals again.",
            err=True,
        )
    return view
