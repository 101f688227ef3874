"""What an import of a source would take, and what not: no image is read, nothing is written."""

from __future__ import annotations

import math
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final

from workbench.config import Settings
from workbench.services.collections import check_name
from workbench.services.imports.changes import Change
from workbench.services.imports.comparison import Comparison, compared
from workbench.services.sources.dates import read_date
from workbench.services.sources.entries import Candidate, Refusal
from workbench.services.sources.open import open_source
from workbench.services.sources.options import SourceOptions

FIRST: Final = 5
"""So many rows are shown as they would be imported."""
_SHARE_TO_RECOGNISE: Final = 1 / 3
"""Of the time: for finding out whether anything has a label."""
_NAMED: Final = 3
_MOST_REASONS: Final = 100


@dataclass(frozen=True)
class PreviewedImage:
    """One image as it would be imported."""

    name: str
    label: str
    generator: str
    class_name: str
    split: str
    group: str


@dataclass
class Ignored:
    """What would not be imported for one reason."""

    count: int = 0
    names: list[str] = field(default_factory=list)
    """The first few."""


@dataclass(frozen=True)
class Preview:
    """Counts of what would be imported; files may still turn out to be damaged or duplicates."""

    collection: str
    images: int
    by_label: Mapping[str, int]
    by_generator: Mapping[str, int]
    """Of fake images; an empty name where the source has none."""
    by_class: Mapping[str, int]
    by_split: Mapping[str, int]
    """`drawn` where the source leaves the split open."""
    dated: int
    """Of how many the source gives a date; those of files are read by the import."""
    unread_dates: Mapping[str, int]
    """Dates that cannot be read, as the source writes them; the first 100."""
    first: tuple[PreviewedImage, ...]
    ignored: Mapping[str, Ignored]
    """By reason, the most frequent first."""
    already: int = 0
    """Of the images, how many the collection has from the same place."""
    moved: int = 0
    """How many it has from another place, where the file is no longer."""
    changes: tuple[Change, ...] = ()
    """What the source says otherwise of images that were imported earlier; the first 1000."""
    partial: bool = False
    """Whether the time was up before all files were looked at."""

    @property
    def changed(self) -> int:
        """How many files these changes are of."""
        return len({each.name for each in self.changes})

    def as_json(self) -> dict[str, Any]:
        """As one object for JSON."""
        return asdict(self)


def preview_import(
    source: Path | Sequence[Path],
    *,
    collection: str,
    settings: Settings,
    options: SourceOptions | None = None,
    begun: bool = False,
    seconds: float = math.inf,
) -> Preview:
    """Tell what an import would take. Raises what the import would raise before it begins.

    Where the collection exists (`begun` says whether any can), it is compared with the source.
    After so many `seconds` it tells of the files that were looked at until then.
    """
    check_name(collection)
    began = time.monotonic()
    ends = began + seconds
    images = open_source(source, settings.image_root, options)
    # Only whether it is a source at all; what is in it is told below, in the time that is left.
    images.count(began + seconds * _SHARE_TO_RECOGNISE)
    labels, generators, classes, splits, unread = (Counter[str]() for _ in range(5))
    dated = 0
    first: list[PreviewedImage] = []
    ignored: dict[str, Ignored] = {}
    comparison = Comparison.of(collection, settings.image_root) if begun else None
    partial = False
    for entry in compared(images, comparison):
        if partial := time.monotonic() > ends:
            break
        if isinstance(entry, Refusal):
            _note(ignored, entry)
            continue
        split = _split(entry)
        labels[entry.label] += 1
        splits[split] += 1
        classes[entry.class_name] += 1
        if read_date(entry.date):
            dated += 1
        elif entry.date and (entry.date in unread or len(unread) < _MOST_REASONS):
            unread[entry.date] += 1
        if entry.label == "fake":
            generators[entry.generator] += 1
        if len(first) < FIRST:
            first.append(_previewed(entry, split))
    return Preview(
        collection=collection,
        images=labels.total(),
        by_label=dict(labels),
        by_generator=dict(generators.most_common()),
        by_class=dict(classes.most_common()),
        by_split=dict(splits),
        dated=dated,
        unread_dates=dict(unread.most_common()),
        first=tuple(first),
        ignored=dict(sorted(ignored.items(), key=lambda each: -each[1].count)),
        already=comparison.counts["already"] if comparison else 0,
        moved=comparison.counts["moved"] if comparison else 0,
        changes=comparison.changes() if comparison else (),
        partial=partial,
    )


def _note(ignored: dict[str, Ignored], refusal: Refusal) -> None:
    full = len(ignored) >= _MOST_REASONS and refusal.reason not in ignored
    kept = ignored.setdefault("other reasons" if full else refusal.reason, Ignored())
    kept.count += 1
    if len(kept.names) < _NAMED:
        kept.names.append(refusal.shown)


def _split(image: Candidate) -> str:
    if image.held_out is None:
        return "drawn"
    return "test" if image.held_out else "training"


def _previewed(image: Candidate, split: str) -> PreviewedImage:
    return PreviewedImage(
        image.shown, image.label, image.generator, image.class_name, split, image.group
    )
