"""`manage.py export`: label sets to take away."""

from __future__ import annotations

from pathlib import Path

import click

from workbench.cli.context import require_tables, with_app

_FORMATS = ("jsonl", "csv", "parquet", "coco", "label_studio")


@click.command()
@click.option("--collection", required=True, metavar="NAME", help="Whose labels.")
@click.option("--format", "form", type=click.Choice(_FORMATS), default="jsonl", show_default=True)
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
    collection: str,
    form: str,
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
    with written_durably(path.resolve()) as temporary, temporary.open("wb") as out:
        writing.write_label_set(shown.id, form, out)
    click.echo(f"{path}: label set {number}, “{shown.name}”, {shown.images} images")
