"""A Hugging Face image folder: images with a table of them beside."""

from __future__ import annotations

import math
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import numpy as np

from workbench.services.sources.entries import Entry, Refusal, display
from workbench.services.sources.manifest import ManifestSource

METADATA: Final = ("metadata.csv", "metadata.jsonl", "metadata.parquet")
"""What such a folder has beside its images."""
_UNRELATED: Final = (".ds_store", "thumbs.db", "desktop.ini", *METADATA)


class ImageFolder:
    """The rows of the table, then the files that it does not name, which are not imported."""

    def __init__(self, table: ManifestSource, path: Path, root: Path) -> None:
        self._table = table
        self._path = path
        self._root = root

    def count(self, ends: float = math.inf) -> int:
        """Of the rows alone: which other files there are is known when all rows were read."""
        return self._table.count(ends)

    def __iter__(self) -> Iterator[Entry]:
        # Eight bytes a row instead of its path: tables may have millions.
        named = bytearray()
        for entry in self._table:
            named += hash(str(entry.path)).to_bytes(8, "little", signed=True)
            yield entry
        known = np.sort(np.frombuffer(named, np.int64))
        reason = f"not in {display(self._path.name)}"
        for path in _files_below(str(self._path.parent)):
            at = known.searchsorted(hash(path))
            if at == len(known) or known[at] != hash(path):
                yield Refusal(Path(path), display(os.path.relpath(path, self._root)), reason)


def is_unrelated(name: str) -> bool:
    """Whether a file of this name is no image that somebody could miss."""
    folded = name.casefold()
    return folded in _UNRELATED or folded.startswith("._") or folded.endswith(".csv")


def _files_below(folder: str) -> Iterator[str]:
    for above, folders, names in os.walk(folder):
        folders[:] = sorted(each for each in folders if not each.startswith("."))
        for name in sorted(names):
            if not is_unrelated(name):
                yield os.path.join(above, name)  # noqa: PTH118 - hashed as the finder writes it
