"""The options that a table needs before it can be read, found in its headers and first rows."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import PurePosixPath
from typing import Final

from workbench.services.sources.entries import display
from workbench.services.sources.labels import LabelNames, options_for, reading_of

SAMPLE: Final = 1000
"""Rows that are looked at."""

_MOST_LABELS: Final = 20
_OFTEN_PATHS: Final = ("name", "id", "img", "image_name", "image_path", "img_path", "url", "src")
_OFTEN_LABELS: Final = ("target", "class", "kind", "type", "category", "is_fake", "fake", "y", "gt")
_IMAGES: Final = frozenset(
    (
        *(".jpg", ".jpeg", ".png", ".webp", ".gif", ".bmp", ".tif", ".tiff"),
        *(".heic", ".heif", ".avif", ".jp2", ".j2k"),
    )
)


def advice(
    header: Sequence[str],
    sample: Sequence[Sequence[str]],
    missing: Collection[str],
    given: dict[str, int],
    names: LabelNames,
) -> str:
    """What to add so that a table without these columns can be read; empty where none is seen."""
    options: list[str] = []
    if "path" in missing and (column := _path_column(header, sample, given)) is not None:
        options.append(_option("path", header[column]))
    label = given.get("label")
    if "label" in missing:
        label = _label_column(header, sample, given, names)
        options += [] if label is None else [_option("label", header[label])]
    found = [] if label is None else unknown_labels(sample, label, names)
    options += [options_for(found)] if found else []
    return f". Add: {' '.join(options)}{reading_of(found)}" if options else ""


def unknown_labels(rows: Sequence[Sequence[str]], column: int, names: LabelNames) -> list[str]:
    """The labels of some rows, sorted, where every one of them is unknown."""
    written = _values(rows, column)
    known = any(names.label_of(each) for each in written)
    return [] if known or len(written) > _MOST_LABELS else sorted(written)


def _path_column(
    header: Sequence[str], rows: Sequence[Sequence[str]], given: dict[str, int]
) -> int | None:
    free = [column for column in range(len(header)) if column not in given.values()]
    named = (column for column in free if header[column].strip().casefold() in _OFTEN_PATHS)
    by_content = (column for column in free if _names_images(_values(rows, column)))
    return next(by_content, next(named, None))


def _label_column(
    header: Sequence[str],
    rows: Sequence[Sequence[str]],
    given: dict[str, int],
    names: LabelNames,
) -> int | None:
    free = [column for column in range(len(header)) if column not in given.values()]
    named = (column for column in free if header[column].strip().casefold() in _OFTEN_LABELS)
    by_content = (
        column
        for column in free
        if (values := _values(rows, column)) and all(_means_a_label(each, names) for each in values)
    )
    return next(by_content, next(named, None))


def _means_a_label(written: str, names: LabelNames) -> bool:
    return bool(names.label_of(written) or reading_of([written]))


def _names_images(values: Collection[str]) -> bool:
    endings = [PurePosixPath(each).suffix.casefold() in _IMAGES for each in values]
    return sum(endings) > len(endings) / 2


def _values(rows: Sequence[Sequence[str]], column: int) -> set[str]:
    return {value for row in rows if column < len(row) and (value := row[column].strip())}


def _option(what: str, header: str) -> str:
    shown = display(header.strip())
    return f'--column "{what}={shown}"' if " " in shown else f"--column {what}={shown}"
