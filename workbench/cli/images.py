"""`manage.py import`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path

import click

from workbench.cli.context import with_app
from workbench.cli.options import collection_option, described_options, json_option, source_options
from workbench.cli.output import by_label, doubt, show
from workbench.cli.progress_bar import progress_bar
from workbench.services.app_settings import settings
from workbench.services.hygiene.warnings import collection_warning
from workbench.services.imports.changes import Acceptance, meanings
from workbench.services.imports.collection import Described
from workbench.services.imports.preview import Preview, PreviewedImage, preview_import
from workbench.services.imports.report import ImportReport
from workbench.services.imports.run import import_images
from workbench.services.imports.shortcut_words import baseline_words
from workbench.services.sources.options import SourceOptions
from workbench.store import migrating
from workbench.store.database import db

_REASONS = 3
"""So many of them are named in the last line; each file's own stands above."""
_HOW_TO_ACCEPT = (
    "Changes of images that were imported earlier are not made; "
    "add --accept-changes to the same command to accept them."
)


@click.command("import")
@click.argument("paths", type=click.Path(path_type=Path), nargs=-1, required=True)
@collection_option
@source_options
@click.option("--dry-run", is_flag=True, help="Print what would be imported; read no image.")
@described_options
@click.option(
    "--accept-changes",
    is_flag=True,
    help="Change images that were imported earlier where the source now says otherwise.",
)
@json_option
@with_app
def import_command(
    paths: tuple[Path, ...],
    name: str,
    source_options: Callable[[], SourceOptions],
    described: Described,
    *,
    dry_run: bool,
    accept_changes: bool,
    as_json: bool,
) -> None:
    """Import images: a folder, a manifest, a text file of paths, or single files as PATHS.

    Folders may be laid out as real/ and fake/, as CNNDetection (0_real, 1_fake), GenImage (nature,
    ai) or a Hugging Face image folder (metadata.csv, Parquet); --label and --column map the rest.

    Resumes after an interruption. Files that cannot be imported are listed with the reason and
    do not end the import.
    """
    options = source_options()
    source = paths[0] if len(paths) == 1 else paths
    if dry_run:
        preview = preview_import(
            source,
            collection=name,
            settings=settings(),
            options=options,
            begun=migrating.is_begun(db.engine),
        )
        _show_preview(preview, as_json=as_json)
        return
    migrating.upgrade(db.engine)
    with progress_bar(
        interrupted="Interrupted. Imported images are kept; run the same command to resume."
    ) as bar:
        report = import_images(
            source,
            collection=name,
            settings=settings(),
            options=options,
            progress=bar,
            described=described,
            by=Acceptance(accept_changes),
        )
    warning = collection_warning(name) if report.seen > report.rejected else ""
    lines = [
        (
            f"{report.imported} imported, {report.already} already imported, "
            f"{report.restored} restored, {report.moved} moved, {report.changed} changed, "
            f"{report.duplicates} duplicates, {report.rejected} not imported."
        ),
        (
            f"The collection holds {by_label(report)}, {report.held_out} of them in the test "
            f"split. A date is known of {report.dated}."
        ),
        *filter(None, [baseline_words(report.file_facts)]),
        *doubt(name, warning),
        *(f"note: {each}: {note}" for each, note in report.notes),
        *(f"not imported: {each}: {reason}" for each, reason in report.rejections),
        *(f"change: {each.words}" for each in report.changes),
        *meanings(report.changes),
        *([_HOW_TO_ACCEPT] if report.unaccepted else []),
    ]
    show(report.as_json() | {"warning": warning}, as_json=as_json, lines=lines)
    if report.is_in_vain:
        raise click.ClickException(_in_vain(report))


def _show_preview(preview: Preview, *, as_json: bool) -> None:
    lines = [
        f"{preview.images} images would be imported into {preview.collection}; none was read.",
        *filter(None, [_known(preview)]),
        f"label: {_counts(preview.by_label)}",
        f"generator of fake images: {_counts(preview.by_generator)}",
        *([f"class: {_counts(preview.by_class)}"] if any(preview.by_class) else []),
        f"split: {_counts(preview.by_split)}",
        (
            f"date: given for {preview.dated} of {preview.images}; "
            "of the others, the import reads EXIF"
        ),
        *(
            f"date that cannot be read: {count} × {date}"
            for date, count in list(preview.unread_dates.items())[:_REASONS]
        ),
        *(f"  {_first(each)}" for each in preview.first),
        *(
            f"ignored: {each.count} × {reason}: {', '.join(each.names)}"
            f"{' …' if each.count > len(each.names) else ''}"
            for reason, each in preview.ignored.items()
        ),
        *(f"change: {each.words}" for each in preview.changes),
        *meanings(preview.changes),
        *([_HOW_TO_ACCEPT] if any(not each.hindrance for each in preview.changes) else []),
    ]
    show(preview.as_json(), as_json=as_json, lines=lines)
    if not preview.images:
        raise click.ClickException("Nothing would be imported.")


def _known(preview: Preview) -> str:
    if not (preview.already or preview.moved or preview.changed):
        return ""
    return (
        f"Of these, the collection has {preview.already} already, {preview.moved} moved, "
        f"{preview.changed} changed."
    )


def _counts(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{name or 'none named'} {count}" for name, count in counts.items()) or "none"


def _first(image: PreviewedImage) -> str:
    named = {"generator": image.generator, "class": image.class_name, "group": image.group}
    rest = "".join(f", {what} {value}" for what, value in named.items() if value)
    return f"{image.name}: {image.label}, split {image.split}{rest}"


def _in_vain(report: ImportReport) -> str:
    """One sentence for a source of which nothing could be imported, with the usual reasons."""
    if not report.seen:
        return "Nothing was imported: the source has no files."
    reasons = Counter(reason for _name, reason in report.rejections).most_common(_REASONS)
    listed = "; ".join(f"{reason} ({count})" for reason, count in reasons)
    return f"None of {report.seen} files could be imported: {listed}."
