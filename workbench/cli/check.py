"""`manage.py check`."""

from __future__ import annotations

import click

from workbench.cli.context import require_tables, with_app
from workbench.cli.options import json_option
from workbench.cli.output import by_label, show
from workbench.services.app_settings import settings
from workbench.services.hygiene.check import check as run_check
from workbench.services.hygiene.coverage import Coverage
from workbench.services.hygiene.words import finding_words
from workbench.services.removal.check_files import check_files

_NAMED = 20
"""So many files of a kind are named for people; JSON names more."""


@click.command()
@click.option("--collection", "name", metavar="NAME", help="Name of the collection.")
@click.option(
    "--files",
    is_flag=True,
    help="Check the files of the data directory instead: missing, changed, orphaned.",
)
@click.option(
    "--delete-orphans", is_flag=True, help="With --files: delete files that nothing refers to."
)
@click.option(
    "--version",
    "number",
    type=int,
    metavar="N",
    help="Whose scores tell label errors and slices; default: the active version's.",
)
@json_option
@with_app
def check(
    name: str | None, number: int | None, *, files: bool, delete_orphans: bool, as_json: bool
) -> None:
    """Check a collection for duplicates, shortcuts, label errors and weak slices.

    With --files, check the files of the data directory, of all collections or one; the exit status
    is 1 where something is wrong with them.
    """
    require_tables()
    if files and number is not None:
        raise click.UsageError("--version goes without --files.")
    if delete_orphans and (not files or name):
        raise click.UsageError("--delete-orphans goes with --files, without --collection.")
    if files:
        _check_files(name, delete_orphans=delete_orphans, as_json=as_json)
    elif name is None:
        raise click.UsageError("Name the collection with --collection, or check --files.")
    else:
        _check_data(name, number, as_json=as_json)


def _check_data(name: str, number: int | None, *, as_json: bool) -> None:
    found = run_check(name, settings(), number)
    scored_by = f", with the scores of v{found.version}" if found.version else ""
    lines = [
        (
            f"{found.images} images checked{scored_by}: {len(found.warnings)} warnings, "
            f"{len(found.findings) - len(found.warnings)} notes."
        ),
        *(
            f"{each.severity}: {title}: {sentence}"
            for each in found.findings
            for title, sentence in (finding_words(each),)
        ),
        *(_covered(found.coverage) if found.coverage else ()),
    ]
    show(found.as_json(), as_json=as_json, lines=lines)


def _covered(coverage: Coverage) -> list[str]:
    """What the collection covers, in a line each; JSON has all of it."""
    divisions = {
        "generator": coverage.generators,
        "class": coverage.classes,
        "year": coverage.years,
    }
    lines = []
    for what, each in divisions.items():
        named = [f"{one.name}: {by_label(one)}" for one in each.named[:_NAMED]]
        more = [f"{each.names - _NAMED} more"] if each.names > _NAMED else []
        rest = [f"none known: {by_label(each.unnamed)}"] if each.unnamed.total else []
        lines.append(f"{what}: {'; '.join([*named, *more, *rest])}")
    return lines


def _check_files(name: str | None, *, delete_orphans: bool, as_json: bool) -> None:
    found = check_files(settings(), name, delete_orphans=delete_orphans)
    lines = [
        (
            f"{found.checked} files checked: {len(found.missing)} missing, "
            f"{len(found.changed)} changed, {len(found.orphaned)} orphaned"
            f"{f', of which {found.deleted} were deleted' if found.deleted else ''}."
        )
    ]
    for kind, some in (
        ("missing", found.missing),
        ("changed", found.changed),
        ("orphaned", found.orphaned),
    ):
        lines += [f"{kind}: {each}" for each in some[:_NAMED]]
        if len(some) > _NAMED:
            lines.append(f"{kind}: {len(some) - _NAMED} more; --json names them")
    if found.unfinished:
        lines.append(
            f"interrupted removals: {found.unfinished}; `manage.py remove` goes on with them"
        )
    show(found.as_json(), as_json=as_json, lines=lines)
    if not found.is_well:
        raise SystemExit(1)
