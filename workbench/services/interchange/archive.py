"""Labels with their pictures as a zip: what people train on, unpacked and ready.

Stored, not packed: pictures are packed already. The same set and files give the same bytes.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import IO, Final
from zipfile import ZIP_STORED, ZipFile, ZipInfo

from workbench.services import app_settings
from workbench.services.interchange.coco import coco
from workbench.services.interchange.cvat import cvat
from workbench.services.interchange.frozen import ChangedSet, FrozenRow, FrozenSet
from workbench.services.interchange.pictures import Pictures

SPLITS: Final = ("train", "test")
MANIFEST: Final = "manifest.json"
_LONG_AGO: Final = (1980, 1, 1, 0, 0, 0)
_FACTS: Final = ("image_id", "content_hash", "label", "decision", "rule", "generator", "class")
Files = Iterator[tuple[str, Iterator[bytes]]]


@dataclass(frozen=True)
class Layout:
    """Where a picture lies, and the files of labels beside them."""

    folder: Callable[[FrozenRow], str]
    files: Callable[[FrozenSet, Pictures], Files]


def write_archive(layout: Layout, frozen: FrozenSet, out: IO[bytes]) -> None:
    """Write the pictures, then the labels of those that were found, then what is in it."""
    pictures = Pictures(app_settings.settings())
    with ZipFile(out, "w", ZIP_STORED) as archive:
        for row, picture in pictures.found(frozen):
            archive.writestr(_entry(f"{layout.folder(row)}/{picture.name}"), picture.content)
        there = ChangedSet(frozen, pictures.there)
        for name, parts in layout.files(there, pictures):
            with archive.open(_entry(name), "w", force_zip64=True) as file:
                file.writelines(parts)
        archive.writestr(_entry(MANIFEST), _manifest(frozen, pictures))


def _entry(name: str) -> ZipInfo:
    entry = ZipInfo(name, _LONG_AGO)
    entry.create_system = 3
    entry.external_attr = 0o100644 << 16
    return entry


def _manifest(frozen: FrozenSet, pictures: Pictures) -> bytes:
    counts = pictures.counts
    found = {
        "label_set": frozen.number,
        "name": frozen.name,
        "pictures": {each: counts[each] for each in ("original", "normalised")},
        "left_out": {each: counts[each] for each in ("excluded", "missing")},
        "about": (
            "Pictures are the originals, byte by byte. Where an original was not at hand, its "
            "normalised copy stands for it, and sizes and regions are those over the copy."
        ),
    }
    return json.dumps(found, ensure_ascii=False, indent=2).encode() + b"\n"


def _metadata(there: FrozenSet, pictures: Pictures) -> Files:
    """A file for each part of the split that has images, beside them."""
    for split in SPLITS:
        lines = (_line(row, pictures) for row in there if row.split == split)
        first = next(lines, None)
        if first is not None:
            yield f"{split}/metadata.jsonl", _again(first, lines)


def _again(first: bytes, others: Iterator[bytes]) -> Iterator[bytes]:
    yield first
    yield from others


def _line(row: FrozenRow, pictures: Pictures) -> bytes:
    facts = row.facts
    found = {
        "file_name": row.file_name,
        **{name: facts[name] or "" for name in _FACTS},
        "tags": "; ".join(row.tags),
        "picture": pictures.kind(row),
    }
    return json.dumps(found, ensure_ascii=False).encode() + b"\n"


def _coco(there: FrozenSet, _pictures: Pictures) -> Files:
    yield "annotations.json", coco(there)


def _cvat(there: FrozenSet, _pictures: Pictures) -> Files:
    yield "annotations.xml", cvat(there)


IMAGEFOLDER: Final = Layout(lambda row: row.split, _metadata)
"""Of Hugging Face `datasets`. Fields without a value are empty: its types are guessed by file."""
COCO: Final = Layout(lambda _row: "images", _coco)
CVAT: Final = Layout(lambda _row: "images", _cvat)
