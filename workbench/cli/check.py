"""`manage.py check`."""

from __future__ import annotations

import click

from workbench.cli.context import require_tables, with_app
from workbench.cli.options import collection_option, json_option
from workbench.cli.output import show
from workbench.services.app_settings import settings
from workbench.services.hygiene.check import check as run_check
from workbench.services.hygiene.words import finding_words


@click.command()
@collection_option
@json_option
@with_app
def check(name: str, *, as_json: bool) -> None:
    """Check a collection for duplicates, shortcuts, label errors and weak slices."""
    require_tables()
    found = run_check(name, settings())
    lines = [
        (
            f"{found.images} images checked: {len(found.warnings)} warnings, "
            f"{len(found.findings) - len(found.warnings)} notes."
        ),
        *(
            f"{each.severity}: {title}: {sentence}"
            for each in found.findings
            for title, sentence in (finding_words(each),)
        ),
    ]
    show(found.as_json(), as_json=as_json, lines=lines)
