"""`manage.py export` and `import-labels`: labels out and in."""

from __future__ import annotations

from pathlib import Path

import click

from workbench.cli.context import require_tables, with_app

_FORMATS = ("jsonl", "csv", "parquet", "coco", "label_studio", "cvat")


@click.command()
@click.option("--collection", required=True, metavar="NAME", help="Whose labels.")
@click.option("--format", "form", type=click.Choice(_FORMATS), default="jsonl", show_default=True)
@click.option(
    "--pictures",
    is_flag=True,
    help="A zip with the pictures: of jsonl in the layout imagefolder, of coco, of cvat.",
)
@click.option("--set", "number", type=click.IntRange(min=1), help="Number of the label set.")
@click.option("--freeze", metavar="NAME", help="Make a new label set of this name first.")
@click.option("--by", metavar="PERSON", help="Who makes it.")
@click.option(
    "--output",
    type=click.Path(dir_okay=False, writable=True, path_type=Path),
    metavar="FILE",
    help="Where to write it; by default into this folder.",
)
@with_app
def export(
    *,
    collection: str,
    form: str,
    pictures: bool,
    number: int | None,
    freeze: str | None,
    by: str | None,
    output: Path | None,
) -> None:
    """Write a label set to a file: the newest, one by its number, or a new one."""
    require_tables()
    # They load what trains, which takes a second.
    from workbench.files import written_durably  # noqa: PLC0415 - see above
    from workbench.services import accounts  # noqa: PLC0415 - see above
    from workbench.services.collections import collection_id  # noqa: PLC0415 - see above
    from workbench.services.interchange import writing  # noqa: PLC0415 - see above
    from workbench.services.label_sets import freezing, reading  # noqa: PLC0415 - see above

    if pictures:
        if form not in writing.PICTURED:
            raise click.UsageError(f"--pictures goes with {', '.join(writing.PICTURED)}.")
        form = writing.PICTURED[form]
    own = collection_id(collection)
    if freeze is not None:
        if by is None:
            raise click.UsageError("Say with --by who makes the label set.")
        number = freezing.make_label_set(accounts.id_of(by), own, freeze)
    if number is None:
        sets = reading.label_sets(own)
        if not sets:
            raise click.ClickException(
                f"“{collection}” has no label set yet. Make one with --freeze NAME --by PERSON."
            )
        number = sets[0].number
    shown = reading.label_set(own, number)
    path = output or Path(writing.file_name(collection, number, form))
    writing.check_room(shown.id, form, path.resolve().parent)
    with written_durably(path.resolve()) as temporary, temporary.open("wb") as out:
        writing.write_label_set(shown.id, form, out)
    click.echo(f"{path}: label set {number}, “{shown.name}”, {shown.images} images")


@click.command("import-labels")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--collection", required=True, metavar="NAME", help="Whose images it is about.")
@click.option("--by", required=True, metavar="PERSON", help="Whose decisions they become.")
@click.option(
    "--format",
    "form",
    type=click.Choice(("jsonl", "csv", "coco", "label_studio", "cvat")),
    default="jsonl",
    show_default=True,
)
@click.option(
    "--column",
    "columns",
    multiple=True,
    metavar="FIELD=COLUMN",
    help="Of CSV: which column a field stands in.",
)
@click.option("--leave-out-wrong", is_flag=True, help="Import the other lines.")
@click.option("--dry-run", is_flag=True, help="Say what would be imported, and write nothing.")
@with_app
def import_labels(
    *,
    file: Path,
    collection: str,
    by: str,
    form: str,
    columns: tuple[str, ...],
    leave_out_wrong: bool,
    dry_run: bool,
) -> None:
    """Import labels, tags and notes from a file, as decisions of one person."""
    require_tables()
    # They load what trains, which takes a second.
    from workbench.services import accounts  # noqa: PLC0415 - see above
    from workbench.services.collections import collection_id  # noqa: PLC0415 - see above
    from workbench.services.interchange import importing  # noqa: PLC0415 - see above

    own, person = collection_id(collection), accounts.id_of(by)
    mapping = dict(_pair(each) for each in columns)
    report = (
        importing.check(own, file, form, mapping)
        if dry_run
        else importing.import_labels(
            person, own, file, form, mapping, leave_out_wrong=leave_out_wrong
        )
    )
    for each in report.errors:
        where = f"line {each.line}" + (f", {each.column}" if each.column else "")
        click.echo(f"{where}: {each.words}", err=True)
    if report.wrong > len(report.errors):
        click.echo(f"… and {report.wrong - len(report.errors)} more", err=True)
    tally = report.tally
    verb = "Imported" if report.import_id is not None else "Would import" if dry_run else "Found"
    click.echo(
        f"{verb} on {tally.images} images: verdicts {tally.verdicts}, regions {tally.regions}, "
        f"tags {tally.tags}, notes {tally.notes}. Decided so already: {tally.same}."
    )
    if tally.disputed:
        click.echo(f"Decided otherwise by others: {tally.disputed}.")
    if report.wrong and report.import_id is None:
        raise click.ClickException(
            f"Lines that are wrong: {report.wrong}. Nothing was written."
            + ("" if dry_run else " Correct them, or leave them out with --leave-out-wrong.")
        )


def _pair(option: str) -> tuple[str, str]:
    name, equals, column = option.partition("=")
    if not equals:
        raise click.UsageError(f"Write --column FIELD=COLUMN, not “{option}”.")
    return name.strip(), column
