"""`manage.py import`."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import click

from workbench.cli.context import with_app
from workbench.cli.options import collection_option, json_option
from workbench.cli.output import figure, show
from workbench.cli.progress_bar import progress_bar
from workbench.services.app_settings import settings
from workbench.services.imports.report import ImportReport
from workbench.services.imports.run import import_images
from workbench.store import migrating
from workbench.store.database import db

_REASONS = 3
"""So many of them are named in the last line; each file's own stands above."""


@click.command("import")
@click.argument("path", type=click.Path(path_type=Path))
@collection_option
@click.option(
    "--manifest",
    type=click.Path(path_type=Path, dir_okay=False),
    help="CSV with path, label, and optional generator, group, split.",
)
@click.option("--title", default="", help="Title of the collection on the pages.")
@click.option("--description", default="", help="Description of the collection.")
@json_option
@with_app
def import_command(
    path: Path,
    name: str,
    manifest: Path | None,
    title: str,
    description: str,
    *,
    as_json: bool,
) -> None:
    """Import images from folders real/ and fake/ below PATH, or from a CSV manifest.

    Resumes after an interruption. Files that cannot be imported are listed with the reason and
    do not end the import.
    """
    migrating.upgrade(db.engine)
    with progress_bar(
        interrupted="Interrupted. Imported images are kept; run the same command to resume."
    ) as bar:
        report = import_images(
            path,
            collection=name,
            settings=settings(),
            manifest=manifest,
            progress=bar,
            title=title,
            description=description,
        )
    lines = [
        (
            f"{report.imported} imported, {report.already} already imported, "
            f"{report.restored} restored, "
            f"{report.duplicates} duplicates, {report.rejected} not imported."
        ),
        (
            f"The collection holds {report.real} real and {report.fake} fake images, "
            f"{report.held_out} of them in the test split."
        ),
        f"Metadata baseline (format, size, quality): AUC {figure(report.file_facts.get('auc'))}.",
        *(f"note: {each}: {note}" for each, note in report.notes),
        *(f"not imported: {each}: {reason}" for each, reason in report.rejections),
    ]
    show(report.as_json(), as_json=as_json, lines=lines)
    if report.is_in_vain:
        raise click.ClickException(_in_vain(report))


def _in_vain(report: ImportReport) -> str:
    """One sentence for a source of which nothing could be imported, with the usual reasons."""
    if not report.seen:
        return "Nothing was imported: the source has no files."
    reasons = Counter(reason for _name, reason in report.rejections).most_common(_REASONS)
    listed = "; ".join(f"{reason} ({count})" for reason, count in reasons)
    return f"None of {report.seen} files could be imported: {listed}."
