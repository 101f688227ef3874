"""What somebody adds to a source that does not say everything itself."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from workbench.services.errors import InvalidError
from workbench.services.sources.entries import display
from workbench.services.sources.labels import LabelNames

COLUMNS: Final = {
    "path": ("path", "file", "filename", "file_name", "filepath", "file_path", "image"),
    "label": ("label",),
    "generator": ("generator",),
    "class": ("class", "class_name"),
    "group": ("group",),
    "split": ("split",),
    "date": ("date", "date_taken", "taken_at", "datetimeoriginal", "year"),
}
"""What a row may tell, with the headers that are known for it; the first that is there wins."""


@dataclass(frozen=True)
class SourceOptions:
    """How to read a source where its own names do not say it."""

    labels: LabelNames = field(default_factory=LabelNames)
    columns: Mapping[str, str] = field(default_factory=dict)
    """One of `COLUMNS` to the header that has it in this source, casefolded."""
    generator: str = ""
    """The generator of fake images of which the source names none."""
    manifest: Path | None = None
    """A table of the source's images, where it is not the source itself."""
    draw_split: bool = False
    """Whether the test split is drawn, whatever the source says."""
    allow_removed: bool = False
    """Whether pictures are taken again that were taken down."""
    fence: Path | None = None
    """Where set, nothing outside of this folder is read, whatever a table names."""


def read_columns(
    options: Iterable[str], known: Collection[str] = tuple(COLUMNS), example: str = "path"
) -> dict[str, str]:
    """Read `path=Name` as: the path is in the column named Name. Raises InvalidError.

    known: what may stand before the sign. example: the one that a refusal shows.
    """
    columns: dict[str, str] = {}
    for option in options:
        what, equals, header = option.partition("=")
        key = what.strip().casefold()
        if not equals or key not in known or not header.strip():
            raise InvalidError(
                f"--column {display(option)}: write {example}=HEADER, "
                f"with one of {', '.join(known)} before the sign"
            )
        columns[key] = header.strip().casefold()
    return columns
