"""How somebody tells on a page what a source does not say itself."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Final

from flask_babel import gettext

from workbench.services.errors import InvalidError
from workbench.services.imports.collection import check_title
from workbench.services.sources.labels import LabelNames
from workbench.services.sources.options import SourceOptions, read_columns

MOST_LINES: Final = 100
LONGEST: Final = 120
"""Characters of a generator's name."""
_ADD: Final = "Add: "


@dataclass(frozen=True)
class FormOptions:
    """The options of an import as the form has them."""

    labels: tuple[str, ...] = ()
    """`NAME=real`, `NAME=fake`, or a label alone for all images."""
    columns: tuple[str, ...] = ()
    """`path=HEADER` and so on."""
    generator: str = ""
    table: str = ""
    """A table of the source, by its path within; empty for folders' names."""
    title: str = ""
    draw_split: bool = False
    accept_changes: bool = False

    @classmethod
    def of_json(cls, told: dict[str, Any]) -> FormOptions:
        """Those that were kept."""
        lists = {each: tuple(told.get(each, ())) for each in ("labels", "columns")}
        return cls(**(told | lists))

    def as_json(self) -> dict[str, Any]:
        """To keep them."""
        return asdict(self)

    def source_options(self, root: Path) -> SourceOptions:
        """How to read a source; nothing outside of its folder is read. Raises InvalidError."""
        check_title(self.title)
        if len(self.labels) > MOST_LINES or len(self.generator) > LONGEST:
            raise InvalidError(gettext("These options are too long."))
        return SourceOptions(
            labels=LabelNames.of(self.labels),
            columns=read_columns(self.columns),
            generator=self.generator,
            manifest=root / self.table if self.table else None,
            draw_split=self.draw_split,
            fence=root,
        )

    def with_suggested(self, refusal: str) -> FormOptions:
        """These with the options that a refusal says to add; the same where it says none."""
        labels, columns = list(self.labels), list(self.columns)
        words = iter(_words(refusal))
        for word in words:
            if word not in ("--label", "--column"):
                break
            chosen = labels if word == "--label" else columns
            option = next(words, "")
            chosen += [option] if option and option not in chosen else []
        return replace(self, labels=tuple(labels), columns=tuple(columns))


def lines_of(text: str) -> tuple[str, ...]:
    """The options of a text field, one a line, with or without `--label` before them."""
    lines = (each.strip() for each in text.splitlines())
    plain = (each.removeprefix("--label ").removeprefix("--column ") for each in lines)
    return tuple(each.strip().strip('"') for each in plain if each.strip())


def _words(refusal: str) -> Sequence[str]:
    _before, found, options = refusal.partition(_ADD)
    if not found:
        return ()
    try:
        return shlex.split(options)
    except ValueError:
        return ()
