"""`manage.py status`."""

from __future__ import annotations

import click

from workbench.cli.context import require_tables, with_app
from workbench.cli.options import json_option
from workbench.cli.output import aucs, by_label, show
from workbench.services.status import status as read_status


@click.command()
@json_option
@with_app
def status(*, as_json: bool) -> None:
    """Report images, model versions, patterns and verdicts."""
    require_tables()
    found = read_status()
    lines = [
        f"{each.name}: {each.images} images ({by_label(each)}), "
        + (
            f"version {each.version}, {aucs(each.held_out_auc, each.cross_validated_auc)}, "
            f"{each.patterns} patterns, {each.cells} cells"
            + (f", encoder in {each.precision}" if each.precision else "")
            + (", nothing found that tells real from fake" if each.signal == "none" else "")
            if each.version
            else "not analysed yet"
        )
        + (f", a run is {each.run}" if each.run else "")
        + (f"; {each.warning}" if each.warning else "")
        for each in found.collections
    ]
    lines.append(
        f"{found.verdicts} verdicts, {found.tags} tags, {found.notes} notes; "
        f"the worker is {'running' if found.worker else 'not running'}."
    )
    show(found.as_json(), as_json=as_json, lines=lines)
