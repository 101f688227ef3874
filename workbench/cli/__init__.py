"""The command line: each command parses, calls one service and prints.

A command's module is loaded when the command is called, and what loads torch only once the command
has work for it: torch and its like take seconds, and a list of commands, a refusal, `status` or
`user add` should answer at once.
"""

from __future__ import annotations

import logging
import sys

import click
import structlog

from workbench.cli.late_group import LateGroup, Summary

COMMANDS = {
    "analyze": Summary(
        "workbench.cli.analysis",
        "Encode, train, explain, find patterns, lay out; goes on where an earlier call ended.",
    ),
    "db": Summary("workbench.cli.database", "Look after the database."),
    "demo": Summary(
        "workbench.cli.demo",
        "Build the demo set, analyse it, and run web and worker until Ctrl-C.",
    ),
    "evaluate": Summary("workbench.cli.analysis", "Measure the active version on any collection."),
    "import": Summary(
        "workbench.cli.images",
        "Import images from folders real/ and fake/ below PATH, or from a CSV manifest.",
    ),
    "project": Summary(
        "workbench.cli.analysis", "Train the projection that forgets words written on images."
    ),
    "retrain": Summary(
        "workbench.cli.analysis",
        "Retrain on the curated labels: the worker does it, or with --wait this process.",
    ),
    "serve": Summary("workbench.cli.processes", "Serve the workbench's pages."),
    "status": Summary(
        "workbench.cli.status", "Say what there is: images, versions, patterns, decisions."
    ),
    "user": Summary("workbench.cli.users", "Look after accounts."),
    "worker": Summary(
        "workbench.cli.processes",
        "Retrain when asked to, and nightly when enough was decided.",
    ),
}


@click.group(
    cls=LateGroup,
    summaries=COMMANDS,
    context_settings={"help_option_names": ["-h", "--help"]},
)
@click.option("--verbose", is_flag=True, help="Log more, on standard error.")
def main(*, verbose: bool) -> None:
    """Find, name and judge the patterns by which AI-made images give themselves away."""
    logging.basicConfig(level=logging.INFO if verbose else logging.WARNING, stream=sys.stderr)
    # A run takes longer than the seconds between two looks at the queue; no need to be told.
    logging.getLogger("apscheduler").setLevel(logging.ERROR)
    structlog.configure(
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
    )
