"""Single files as a source: those that somebody names, or that a text file lists."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path, PurePosixPath

from workbench.services.errors import InvalidError
from workbench.services.sources.entries import Candidate, Entry, Refusal, display
from workbench.services.sources.finder import Finder
from workbench.services.sources.layouts import label_within
from workbench.services.sources.options import SourceOptions
from workbench.services.sources.tables import open_text


class ListSource:
    """Paths, one a file. Their label is that of `--label`, or of the nearest labelled folder.

    Nothing else is read from a path: it may be absolute, and what lies far above an image tells
    nothing of it.
    """

    def __init__(
        self,
        paths: Callable[[], Iterable[str]],
        base: Path,
        image_root: Path | None,
        options: SourceOptions,
    ) -> None:
        self._paths = paths
        self._finder = Finder((base,), image_root)
        self._names = options.labels

    def count(self, ends: float = math.inf) -> int:
        count, labelled = 0, False
        for written in self._paths():
            count += 1
            labelled = labelled or self._label(written) is not None
            if time.monotonic() > ends:
                break
        if count and not labelled:
            raise InvalidError(
                "nothing says which of these files are real or fake. "
                "Add --label real, fake or none, or list them in a CSV file with path,label"
            )
        return count

    def __iter__(self) -> Iterator[Entry]:
        return map(self._entry, self._paths())

    def _label(self, written: str) -> str | None:
        folders = PurePosixPath(written.replace("\\", "/")).parts[:-1]
        return self._names.all_are or label_within(folders, self._names.given)

    def _entry(self, written: str) -> Entry:
        label, shown = self._label(written), display(written)
        path, reason = self._finder.find(written)
        if label is None:
            return Refusal(path, shown, "not in a folder named real or fake")
        return Refusal(path, shown, reason) if reason else Candidate(path, shown, label)


def lines_of(path: Path) -> Callable[[], Iterator[str]]:
    """The paths that a text file lists, one a line."""

    def lines() -> Iterator[str]:
        with open_text(path) as file:
            yield from filter(None, (line.rstrip("\r\n") for line in file))

    return lines
