"""Options that several commands share."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any

import click

from workbench.services.imports.collection import Described
from workbench.services.sources.labels import LabelNames
from workbench.services.sources.options import SourceOptions, read_columns

DEFAULT_PORT = 8000

json_option = click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
collection_option = click.option(
    "--collection", "name", required=True, metavar="NAME", help="Name of the collection."
)
port_option = click.option(
    "--port", default=DEFAULT_PORT, show_default=True, envvar="PORT", type=int
)
with_parent_option = click.option(
    "--with-parent",
    is_flag=True,
    hidden=True,
    help="End when standard input ends: whoever started this is gone.",
)


def described_options(command: Callable[..., None]) -> Callable[..., None]:
    """What a collection is called on pages: the command gets `described`."""

    @click.option("--title", default="", help="Title of the collection on the pages.")
    @click.option("--description", default="", help="Description of the collection.")
    @wraps(command)
    def wrapped(*, title: str, description: str, **others: Any) -> None:
        command(described=Described(title, description), **others)

    return wrapped


def source_options(command: Callable[..., None]) -> Callable[..., None]:
    """How to read a source of images: the command gets `source_options`, a function that makes it.

    A function, so that what it refuses is said as all refusals of the command are.
    """

    @click.option(
        "--manifest",
        type=click.Path(path_type=Path, dir_okay=False),
        help="CSV, JSON lines or Parquet with path, label, and where wanted generator, class, "
        "group, split.",
    )
    @click.option(
        "--label",
        "labels",
        multiple=True,
        metavar="[NAME=]real|fake|none",
        help="What a label or folder of this name means, or the label of all images; none for "
        "images that nobody has labelled.",
    )
    @click.option(
        "--column",
        "columns",
        multiple=True,
        metavar="WHAT=HEADER",
        help="Which column has the path, label, generator, class, group or split.",
    )
    @click.option("--generator", default="", help="Generator of fake images that name none.")
    @click.option(
        "--draw-split", is_flag=True, help="Draw the test split, whatever folders or tables say."
    )
    @click.option(
        "--allow-removed", is_flag=True, help="Take pictures again that were removed earlier."
    )
    @wraps(command)
    def wrapped(
        *,
        labels: tuple[str, ...],
        columns: tuple[str, ...],
        manifest: Path | None,
        generator: str,
        draw_split: bool,
        allow_removed: bool,
        **others: Any,
    ) -> None:
        def read() -> SourceOptions:
            return SourceOptions(
                labels=LabelNames.of(labels),
                columns=read_columns(columns),
                generator=generator,
                manifest=manifest,
                draw_split=draw_split,
                allow_removed=allow_removed,
            )

        command(source_options=read, **others)

    return wrapped
