"""Writing a label set in one of the formats, a part at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import IO, Final

from workbench.services.interchange.archive import COCO, CVAT, IMAGEFOLDER, Layout, write_archive
from workbench.services.interchange.coco import coco
from workbench.services.interchange.cvat import cvat
from workbench.services.interchange.frozen import FrozenRow, FrozenSet
from workbench.services.interchange.jsonl import jsonl
from workbench.services.interchange.label_studio import label_studio
from workbench.services.interchange.parquet import write_parquet
from workbench.services.interchange.pictures import refuse_without_room
from workbench.services.interchange.table import table
from workbench.services.label_sets.blind import refuse_blind
from workbench.services.progress import Progress

AT_ONCE: Final = 5_000
"""Sets of so many images are written while somebody waits."""
STAGE: Final = "Exporting images"
Write = Callable[[FrozenSet, IO[bytes]], None]


@dataclass(frozen=True)
class Format:
    """A format: its file's ending and type, how often it goes through the images.

    pictures: whether it holds them, so that it takes as much room, and the worker to write it.
    """

    suffix: str
    mimetype: str
    passes: int
    write: Write
    pictures: bool = False


def _zipped(layout: Layout) -> Write:
    return partial(write_archive, layout)


def _in_parts(parts: Callable[[FrozenSet], Iterator[bytes]]) -> Write:
    def write(frozen: FrozenSet, out: IO[bytes]) -> None:
        out.writelines(parts(frozen))

    return write


FORMATS: Final = {
    "jsonl": Format(".jsonl", "application/x-ndjson", 1, _in_parts(jsonl)),
    "csv": Format(".csv", "text/csv", 1, _in_parts(table)),
    "parquet": Format(".parquet", "application/vnd.apache.parquet", 1, write_parquet),
    "coco": Format(".coco.json", "application/json", 2, _in_parts(coco)),
    "label_studio": Format(".label-studio.json", "application/json", 1, _in_parts(label_studio)),
    "cvat": Format(".cvat.xml", "application/xml", 1, _in_parts(cvat)),
    "imagefolder": Format(".zip", "application/zip", 3, _zipped(IMAGEFOLDER), pictures=True),
    "coco_zip": Format(".coco.zip", "application/zip", 3, _zipped(COCO), pictures=True),
    "cvat_zip": Format(".cvat.zip", "application/zip", 2, _zipped(CVAT), pictures=True),
}
"""By name."""
PICTURED: Final = {"jsonl": "imagefolder", "coco": "coco_zip", "cvat": "cvat_zip"}
"""The formats that have pictures beside what these hold."""


class _Watched(FrozenSet):
    """A label set that says how far somebody has gone through it."""

    def __init__(self, label_set_id: int, passes: int, progress: Progress | None) -> None:
        super().__init__(label_set_id)
        self._progress = progress
        self._total = passes * self.images
        self._done = 0

    def __iter__(self) -> Iterator[FrozenRow]:
        for row in super().__iter__():
            yield row
            self._done += 1
            if self._progress is not None:
                self._progress.advance(min(self._done, self._total), self._total, STAGE)


def check_room(label_set_id: int, form: str, folder: Path) -> None:
    """Raises InvalidError where what a format holds has no room on the disk of a folder."""
    if FORMATS[form].pictures:
        refuse_without_room(label_set_id, folder)


def write_label_set(
    label_set_id: int, form: str, out: IO[bytes], progress: Progress | None = None
) -> None:
    """Write a label set to a file, in constant memory.

    Raises KeyError for an unknown format; ForbiddenError where the reader, if there is one, has to
    judge some of its images blind yet.
    """
    chosen = FORMATS[form]
    refuse_blind(label_set_id)
    chosen.write(_Watched(label_set_id, chosen.passes, progress), out)


def file_name(collection: str, number: int, form: str) -> str:
    """What an exported file is called."""
    plain = "".join(sign if sign.isascii() and sign.isalnum() else "-" for sign in collection)
    return f"{plain.strip('-') or 'labels'}-labels-{number}{FORMATS[form].suffix}"
