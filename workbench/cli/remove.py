"""`manage.py remove`."""

from __future__ import annotations

import click

from workbench.cli.context import require_tables, with_app
from workbench.cli.options import json_option
from workbench.cli.output import show
from workbench.services.app_settings import settings
from workbench.services.errors import NotFoundError
from workbench.services.removal import collections, images, journal, versions
from workbench.services.removal.counts import Counts, counts_of
from workbench.services.removal.finish import finish_left
from workbench.store.removals import Removal

_WORDS = {
    "images": "images",
    "versions": "versions",
    "scores": "scores",
    "pixel_groups": "pixel groups",
    "patterns": "patterns",
    "embeddings": "embeddings",
    "verdicts": "verdicts",
    "notes": "notes",
    "tags": "tags",
    "drawn": "regions drawn by hand",
    "answers": "answers about tags",
    "files": "files",
    "size": "bytes",
}


@click.command()
@click.option("--image", "image_id", type=int, metavar="ID", help="Take a picture down.")
@click.option("--collection", "name", metavar="NAME", help="Remove a collection, or name it.")
@click.option(
    "--version", "number", type=int, metavar="N", help="Remove a version of the collection."
)
@click.option("--dry-run", is_flag=True, help="Print what would be removed; remove nothing.")
@json_option
@with_app
def remove(
    image_id: int | None,
    name: str | None,
    number: int | None,
    *,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Remove an image, a collection or a version with everything of it.

    A picture is taken down in all collections, and no import takes it again without
    --allow-removed. Goes on where it was when it is run again after an interruption.
    """
    require_tables()
    begun = journal.leaving(name) if name is not None and number is None else None
    if not dry_run and (left := finish_left(settings())):
        click.echo(f"Went on with interrupted removals: {left}.", err=True)
    if begun is not None and not dry_run:
        counts = counts_of(begun.counts)
        _show(f"{name} is removed:", counts, as_json=as_json, collection=name)
    elif image_id is not None and name is None and number is None:
        _image(image_id, dry_run=dry_run, as_json=as_json)
    elif image_id is None and name is not None and number is not None:
        _version(name, number, dry_run=dry_run, as_json=as_json)
    elif image_id is None and name is not None:
        _collection(name, dry_run=dry_run, as_json=as_json)
    else:
        raise click.UsageError(
            "Say what to remove: --image ID, --collection NAME, or --collection NAME --version N."
        )


def _image(image_id: int, *, dry_run: bool, as_json: bool) -> None:
    try:
        plan = images.plan_image(image_id, settings())
    except NotFoundError:
        earlier = journal.removed_earlier("image", image_id)
        if earlier is None:
            raise
        _say_earlier(f"Image {image_id}", earlier, as_json=as_json)
        return
    if dry_run:
        where = ", ".join(plan.collections)
        first = f"Image {image_id}, {plan.name}, would be removed from {where}:"
        _show(first, plan.counts, as_json=as_json, image=image_id, collections=plan.collections)
        return
    counts = images.remove_image(image_id, None, settings())
    _show(f"Image {image_id} is removed:", counts, as_json=as_json, image=image_id)


def _collection(name: str, *, dry_run: bool, as_json: bool) -> None:
    if dry_run:
        counts = collections.plan_collection(name, settings()).counts
        _show(f"{name} would be removed:", counts, as_json=as_json, collection=name)
        return
    counts = collections.remove_collection(name, None, settings())
    _show(f"{name} is removed:", counts, as_json=as_json, collection=name)


def _version(name: str, number: int, *, dry_run: bool, as_json: bool) -> None:
    earlier = journal.version_removed_earlier(name, number)
    if earlier is not None:
        _say_earlier(f"v{number} of {name}", earlier, as_json=as_json)
        return
    if not dry_run:
        counts = versions.remove_version(name, number, None, settings())
        first = f"v{number} of {name} is removed:"
        _show(first, counts, as_json=as_json, collection=name, version=number)
        return
    plan = versions.plan_version(name, number, settings())
    _show(
        f"v{number} of {name} would be removed; {plan.verdicts} verdicts, {plan.notes} notes and "
        f"{plan.tags} tags on its patterns stay:",
        plan.counts,
        as_json=as_json,
        collection=name,
        version=number,
    )


def _show(first: str, counts: Counts, *, as_json: bool, **subject: object) -> None:
    found = counts.as_json()
    lines = [first, *(f"  {_WORDS[what]}: {number:,}" for what, number in found.items())]
    show(subject | {"counts": found}, as_json=as_json, lines=lines)


def _say_earlier(what: str, earlier: Removal, *, as_json: bool) -> None:
    moment = earlier.finished_at or earlier.requested_at
    show(
        {"removed_at": moment.isoformat(), "counts": earlier.counts},
        as_json=as_json,
        lines=[f"{what} was removed already, {moment:%Y-%m-%d %H:%M} UTC."],
    )
