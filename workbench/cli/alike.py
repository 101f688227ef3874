"""`manage.py make-alike`: the remedy for what files give away."""

from __future__ import annotations

import click

from workbench.cli.context import require_tables, with_app
from workbench.cli.options import collection_option, json_option
from workbench.cli.output import doubt, show
from workbench.services.app_settings import settings
from workbench.services.hygiene.check import check
from workbench.services.hygiene.remedy import alike_state, alike_words, make_alike, undo_alike
from workbench.services.hygiene.warnings import collection_warning


@click.command("make-alike")
@collection_option
@click.option("--undo", is_flag=True, help="Take images as they are again.")
@json_option
@with_app
def make_alike_command(name: str, *, undo: bool, as_json: bool) -> None:
    """Make all images alike in size, format and quality, from the next analysis on."""
    require_tables()
    done = undo_alike(name) if undo else make_alike(None, name, settings())
    check(name, settings())
    state = alike_state(name)
    warning = collection_warning(name)
    lines = [
        alike_words(state) or "Images are analysed as they are again, from the next analysis on.",
        f"Next: python manage.py analyze --collection {name}",
        *doubt(name, warning),
    ]
    report = {
        "collection": name,
        "images": done.images,
        "made_alike": vars(state.alike) if state else None,
        "waiting": state.waiting if state else 0,
        "warning": warning,
    }
    show(report, as_json=as_json, lines=lines)
