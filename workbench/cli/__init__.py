"""The command line: each command parses, calls one service and prints.

A command's module is loaded when the command is called, and what loads torch only once the command
has work for it: torch and its like take seconds, and a list of commands, a refusal, `status` or
`user add` should answer at once.
"""

from __future__ import annotations

import os

import click

from workbench.cli import logs
from workbench.cli.late_group import LateGroup, Summary

COMMANDS = {
    "analyze": Summary(
        "workbench.cli.analysis",
        "Encode, train, attribute, cluster patterns, compute the layout; resumes an earlier call.",
    ),
    "check": Summary(
        "workbench.cli.check",
        "Check a collection for duplicates, shortcuts, label errors and weak slices.",
    ),
    "db": Summary("workbench.cli.database", "Manage the database."),
    "demo": Summary(
        "workbench.cli.demo",
        "Build and analyse the demo set, then run web and worker until Ctrl-C.",
    ),
    "evaluate": Summary(
        "workbench.cli.analysis",
        "Evaluate the active version on a collection, without its training images.",
    ),
    "export": Summary(
        "workbench.cli.labels",
        "Write a label set to a file: the newest, one by its number, or a new one.",
    ),
    "history": Summary("workbench.cli.history", "Export who decided what, and when."),
    "import": Summary(
        "workbench.cli.images",
        "Import images: a folder, a manifest, a text file of paths, or single files as PATHS.",
    ),
    "import-labels": Summary(
        "workbench.cli.labels",
        "Import labels, tags and notes from a file, as decisions of one person.",
    ),
    "import-scores": Summary(
        "workbench.cli.scores",
        "Import p(fake) of any other detector as a version that has scores and no heatmaps.",
    ),
    "make-alike": Summary(
        "workbench.cli.alike",
        "Make all images alike in size, format and quality, from the next analysis on.",
    ),
    "project": Summary(
        "workbench.cli.analysis",
        "Train the projection that removes the influence of text rendered on images.",
    ),
    "remove": Summary(
        "workbench.cli.remove",
        "Remove an image, a collection or a version with everything of it.",
    ),
    "retrain": Summary(
        "workbench.cli.analysis",
        "Retrain on the adjudicated labels, in the worker or, with --wait, in this process.",
    ),
    "serve": Summary("workbench.cli.processes", "Serve the pages."),
    "status": Summary(
        "workbench.cli.status", "Report images, model versions, patterns and verdicts."
    ),
    "taxonomy": Summary("workbench.cli.taxonomy", "Load and export the taxonomy of tags."),
    "user": Summary(
        "workbench.cli.users",
        "Manage accounts, how people come in, what they see, and their API tokens.",
    ),
    "webhooks": Summary("workbench.cli.webhooks", "Send what happens to other programs, signed."),
    "worker": Summary(
        "workbench.cli.processes",
        "Run queued retrains, and nightly ones when enough verdicts were given.",
    ),
}


@click.group(
    cls=LateGroup,
    summaries=COMMANDS,
    context_settings={"help_option_names": ["-h", "--help"]},
)
@click.option("--verbose", is_flag=True, help="Log more, to standard error.")
def main(*, verbose: bool) -> None:
    """Find, tag and adjudicate visual patterns of AI-generated images."""
    # Whatever a process writes, libraries' files too, is its owner's: password hashes, images.
    os.umask(0o077)
    logs.configure(verbose=verbose)
