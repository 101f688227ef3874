"""`manage.py import-scores`."""

from __future__ import annotations

from pathlib import Path

import click

from workbench.cli.context import require_tables, with_app
from workbench.cli.options import collection_option, json_option
from workbench.cli.output import show
from workbench.cli.progress_bar import progress_bar
from workbench.services.app_settings import settings
from workbench.services.detectors.table import read_score_columns
from workbench.store.database import db


@click.command("import-scores")
@click.argument("file", type=click.Path(path_type=Path))
@collection_option
@click.option("--model", required=True, metavar="NAME", help="Name of the detector on the pages.")
@click.option(
    "--column",
    "columns",
    multiple=True,
    metavar="WHAT=HEADER",
    help="Which column has the path, id, digest or p_fake.",
)
@click.option("--dry-run", is_flag=True, help="Print what would be imported; write nothing.")
@click.option("--again", is_flag=True, help="Import the same scores again, with today's labels.")
@json_option
@with_app
def import_scores_command(
    file: Path,
    name: str,
    model: str,
    columns: tuple[str, ...],
    *,
    dry_run: bool,
    again: bool,
    as_json: bool,
) -> None:
    """Import p(fake) of any other detector as a version that has scores and no heatmaps.

    FILE is a CSV, JSON lines or Parquet table with p_fake and one of path, id (of the image's page)
    or digest (SHA-256 of the original).
    """
    require_tables()
    from workbench.services.detectors.run import import_scores

    with progress_bar(interrupted="Interrupted. Nothing was kept.") as bar:
        report = import_scores(
            file,
            collection=name,
            model=model,
            columns=read_score_columns(columns),
            settings=settings(),
            engine=db.engine,
            progress=bar,
            dry_run=dry_run,
            again=again,
        )
    made = (
        f"These scores are v{report.version} already; --again imports them with today's labels."
        if report.already
        else "Nothing was written."
        if report.version is None
        else f"v{report.version} of {name} has the scores of {report.model}."
    )
    lists = (
        ("not in the collection", report.unknown, report.unknown_names),
        ("means several images", report.ambiguous, report.ambiguous_names),
        ("without a score", report.without_score, report.without_names),
    )
    counted = (
        (report.unknown, "rows not in the collection"),
        (report.ambiguous, "rows that mean several images"),
        (report.repeated, "rows repeated"),
        (report.empty, "rows without a score"),
        (report.without_score, f"images of {name} without a score"),
        (report.lost, "images left out, their normalised copies are lost"),
    )
    left = "; ".join(f"{number} {what}" for number, what in counted if number)
    lines = [
        f"{report.scores} images scored by {report.rows} rows{f'; {left}' if left else ''}.",
        made,
        *(
            f"{what}: {each}"
            for what, count, names in lists
            for each in (
                *names,
                *([f"… and {count - len(names)} more"] if count > len(names) else []),
            )
        ),
    ]
    show(report.as_json(), as_json=as_json, lines=lines)
