"""Write a version's column store: its answers, read from the database once."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from flask_babel import gettext
from numpy.typing import NDArray
from sqlalchemy import func, select

from workbench.analysis.layout.cells import FINEST_LEVEL, block_of, grid_size, stratified_order
from workbench.analysis.layout.mixtures import DEFAULT_LAYOUT
from workbench.config import Settings
from workbench.files import write_sealed
from workbench.services.columns.properties import OF_IMAGES, PROPERTIES, note_bits, properties_of
from workbench.services.errors import NotFoundError
from workbench.services.models.arrays import activations_of
from workbench.store.artifacts import pack_arrays
from workbench.store.database import session
from workbench.store.folding import folded
from workbench.store.images import Image, label_code
from workbench.store.outcomes import are_wrong, code_of
from workbench.store.results import Cell, Pattern, PixelGroup, Placement, Prediction
from workbench.store.versions import ModelVersion

_FORMAT = 14
_CHUNK = 20_000
_OF_MEMBERS: dict[str, type[np.generic]] = {
    "member_rows": np.int32,
    "member_groups": np.int64,
    "typical_contributions": np.float32,
    "member_counts": np.uint8,
    "member_contributions": np.float64,
    "member_squares": np.float64,
}


def write_columns(
    version_id: int,
    settings: Settings,
    within: Callable[[], AbstractContextManager[object]] = nullcontext,
) -> None:
    """Lay a version's answers out as columns, once they are complete.

    The file gets its name while `within()` is entered: a run checks there that it is still its own.
    """
    packed = _packed(version_id, settings)
    session().rollback()
    write_sealed(path_of(settings, version_id), packed, within)


def path_of(settings: Settings, version_id: int) -> Path:
    """The file of a version's columns."""
    return settings.cache_dir / "columns" / f"{version_id}-{_FORMAT}.columns"


def _packed(version_id: int, settings: Settings) -> bytes:
    version = session().get(ModelVersion, version_id)
    if version is None:
        raise NotFoundError(gettext("Model version not found."))
    collection_id, dimensions = version.collection_id, version.dimensions
    arrays, generators, formats = _of_images(version_id, dimensions, settings)
    layouts = _of_layouts(version_id, arrays["image_ids"], settings)
    arrays |= layouts.arrays
    arrays |= _of_patterns(version_id, arrays["image_ids"])
    arrays |= _of_groups(version_id, arrays["image_ids"], arrays["pattern_ids"])
    facts = {
        "collection_id": str(collection_id),
        "generator_names": json.dumps(generators),
        "format_names": json.dumps(formats),
        "layouts": json.dumps(layouts.facts),
    }
    return pack_arrays(arrays, facts)


def _of_images(
    version_id: int, dimensions: int, settings: Settings
) -> tuple[dict[str, NDArray[np.generic]], list[str], list[str]]:
    count = (
        session().scalar(
            select(func.count()).select_from(Prediction).where(Prediction.version_id == version_id)
        )
        or 0
    )
    arrays: dict[str, NDArray[np.generic]] = {
        "image_ids": np.empty(count, np.int64),
        "labels": np.empty(count, np.uint8),
        "imported_labels": np.empty(count, np.uint8),
        "outcomes": np.empty(count, np.uint8),
        "p": np.empty(count, np.float32),
        "logits": np.empty(count, np.float32),
        "sensitivity": np.empty(count, np.float32),
        "generators": np.empty(count, np.uint16),
        "formats": np.empty(count, np.uint8),
        "properties": np.empty((len(PROPERTIES), count), np.float32),
        "held_out": np.empty(count, np.bool_),
        "import_notes": np.empty(count, np.uint16),
        "groups": np.empty(count, np.int32),
        "activations": np.empty((dimensions, count), np.float32),
        "name_ends": np.empty(count, np.int64),
    }
    names = bytearray()
    generators: dict[str, int] = {}
    formats: dict[str, int] = {}
    groups: dict[str, int] = {}
    start = 0
    for chunk in _chunks(version_id):
        part = slice(start, start + len(chunk))
        start = part.stop
        arrays["image_ids"][part] = [row.image_id for row in chunk]
        arrays["labels"][part] = [label_code(row.label) for row in chunk]
        arrays["imported_labels"][part] = [label_code(row.imported) for row in chunk]
        arrays["outcomes"][part] = [code_of(row.outcome) for row in chunk]
        arrays["p"][part] = [row.p for row in chunk]
        arrays["logits"][part] = [row.logit for row in chunk]
        arrays["sensitivity"][part] = [row.sensitivity for row in chunk]
        arrays["generators"][part] = _codes([row.generator for row in chunk], generators)
        arrays["formats"][part] = _codes([row.format for row in chunk], formats)
        arrays["properties"][:, part] = properties_of(chunk)
        arrays["groups"][part] = _codes([row.group_key for row in chunk], groups)
        arrays["held_out"][part] = [row.held_out for row in chunk]
        arrays["import_notes"][part] = [note_bits(row.import_notes) for row in chunk]
        found = activations_of([(row.shard_id, row.row) for row in chunk], settings)
        arrays["activations"][:, part] = found.reshape(len(chunk), dimensions).T
        for index, row in enumerate(chunk, part.start):
            names += folded(row.name).encode() + b"\n"
            arrays["name_ends"][index] = len(names)
    arrays["names"] = np.frombuffer(bytes(names), np.uint8)
    arrays |= _orders(arrays["logits"], arrays["outcomes"])
    arrays["order_random"] = (
        np.random.default_rng(settings.seed).permutation(count).astype(np.int32)
    )
    return arrays, list(generators), list(formats)


def _codes(values: list[str], known: dict[str, int]) -> list[int]:
    """Each value's code, from 0 on in the order of their first appearance."""
    return [known.setdefault(value, len(known)) for value in values]


def _orders(
    logits: NDArray[np.generic], outcomes: NDArray[np.generic]
) -> dict[str, NDArray[np.generic]]:
    """Rows by what the model says; a page of an order is then a short walk along it."""
    certainty = np.abs(np.asarray(logits, np.float32))
    wrong = are_wrong(np.asarray(outcomes, np.uint8))
    keys = {
        "order_uncertain": certainty,
        "order_wrong": np.where(wrong, -certainty, certainty),
        "order_fake": -np.asarray(logits, np.float32),
        "order_real": np.asarray(logits, np.float32),
    }
    return {name: np.argsort(key, kind="stable").astype(np.int32) for name, key in keys.items()}


def _chunks(version_id: int) -> Iterator[list]:  # type: ignore[type-arg]  # rows have no other name
    query = (
        select(
            Prediction.image_id,
            Prediction.label,
            Prediction.outcome,
            Prediction.p,
            Prediction.logit,
            (Prediction.removed_change - Prediction.control_change).label("sensitivity"),
            Prediction.shard_id,
            Prediction.row,
            Image.label.label("imported"),
            Image.generator,
            Image.held_out,
            Image.import_notes,
            Image.group_key,
            Image.name,
            *OF_IMAGES,
        )
        .join(Image)
        .where(Prediction.version_id == version_id)
        .order_by(Prediction.image_id)
        .limit(_CHUNK)
    )
    last = -1
    while rows := session().execute(query.where(Prediction.image_id > last)).all():
        yield list(rows)
        last = rows[-1].image_id


def _of_patterns(version_id: int, image_ids: NDArray[np.generic]) -> dict[str, NDArray[np.generic]]:
    pattern_ids = session().scalars(
        select(Pattern.id).where(Pattern.version_id == version_id).order_by(Pattern.number)
    )
    ids = np.array(pattern_ids.all(), np.int64)
    members = [_of_members(int(each), image_ids) for each in ids]
    starts = np.cumsum([0, *(len(each["member_rows"]) for each in members)])
    return {
        "pattern_ids": ids,
        "pattern_starts": starts.astype(np.int64),
        **{
            name: np.concatenate(
                [np.empty(0, kind), *(each[name].astype(kind) for each in members)]
            )
            for name, kind in _OF_MEMBERS.items()
        },
    }


def _of_groups(
    version_id: int, image_ids: NDArray[np.generic], pattern_ids: NDArray[np.generic]
) -> dict[str, NDArray[np.generic]]:
    rows = session().execute(
        select(
            PixelGroup.region_id,
            PixelGroup.id,
            PixelGroup.image_id,
            # No pattern has this id.
            func.coalesce(PixelGroup.pattern_id, 0),
        ).where(PixelGroup.version_id == version_id)
    )
    parts = [np.array([tuple(row) for row in some], np.int64) for some in rows.partitions(_CHUNK)]
    found = np.concatenate([np.empty((0, 4), np.int64), *parts])
    found = found[np.argsort(found[:, 0])]
    order = np.argsort(pattern_ids)
    at = np.searchsorted(pattern_ids, found[:, 3], sorter=order)
    return {
        "pixel_group_regions": found[:, 0],
        "pixel_group_ids": found[:, 1],
        "pixel_group_rows": np.searchsorted(image_ids, found[:, 2]).astype(np.int32),
        "pixel_group_patterns": np.where(
            found[:, 3] > 0, np.append(order, 0)[np.minimum(at, len(order))], -1
        ).astype(np.int32),
    }


def _of_members(pattern_id: int, image_ids: NDArray[np.generic]) -> dict[str, NDArray[np.generic]]:
    """A pattern's part of the `member_` columns: one entry an image, the most typical first."""
    found = _members(pattern_id)
    images, first, entry = np.unique(
        found[:, 0].astype(np.int64), return_index=True, return_inverse=True
    )
    order = np.argsort(first, kind="stable")
    typical = found[first[order]]
    contributions = found[:, 2]
    return {
        "member_rows": np.searchsorted(image_ids, images[order]),
        "member_groups": typical[:, 1],
        "typical_contributions": typical[:, 2],
        "member_counts": np.bincount(entry)[order],
        "member_contributions": np.bincount(entry, contributions)[order],
        "member_squares": np.bincount(entry, contributions**2)[order],
    }


def _members(pattern_id: int) -> NDArray[np.float64]:
    """Image, group and contribution of a pattern's groups, the most typical first."""
    found = session().execute(
        select(PixelGroup.image_id, PixelGroup.id, PixelGroup.contribution)
        .where(PixelGroup.pattern_id == pattern_id)
        .order_by(PixelGroup.typicality, PixelGroup.id)
    )
    return np.array([tuple(row) for row in found], np.float64).reshape(-1, 3)


@dataclass(frozen=True)
class _Layouts:
    """A version's layouts, the one that pages begin with first."""

    arrays: dict[str, NDArray[np.generic]]
    facts: list[dict[str, Any]]


def _of_layouts(version_id: int, image_ids: NDArray[np.generic], settings: Settings) -> _Layouts:
    largest = _largest_sensitivity(version_id)
    names = sorted(largest, key=lambda name: (name != DEFAULT_LAYOUT, name))
    fine = np.zeros((2, len(names), len(image_ids)), np.uint16)
    facts, diverse = [], np.arange(len(image_ids))
    for index, name in enumerate(names):
        coordinates = _coordinates(version_id, name, image_ids)
        # Grids are powers of two finer than level 0, so that shifting gives the very squares that
        # `cells.cell_indices` gives.
        fine[:, index] = (coordinates * grid_size(FINEST_LEVEL)).T.astype(np.uint16)
        block = block_of(coordinates)
        facts.append(
            {
                "name": name,
                "block": [block.columns, block.rows],
                "largest_sensitivity": largest[name],
            }
        )
        if not index:
            diverse = stratified_order(coordinates, seed=settings.seed)
    return _Layouts(
        {
            "fine_column": fine[0],
            "fine_row": fine[1],
            "order_diverse": diverse.astype(np.int32),
        },
        facts,
    )


def _coordinates(
    version_id: int, layout: str, image_ids: NDArray[np.generic]
) -> NDArray[np.float64]:
    coordinates = np.zeros((len(image_ids), 2))
    rows = session().execute(
        select(Placement.image_id, Placement.x, Placement.y).where(
            Placement.version_id == version_id, Placement.layout == layout
        )
    )
    for chunk in rows.partitions(_CHUNK):
        found = np.array([tuple(row) for row in chunk], np.float64)
        coordinates[np.searchsorted(image_ids, found[:, 0])] = found[:, 1:]
    return coordinates


def _largest_sensitivity(version_id: int) -> dict[str, dict[int, float]]:
    """By layout and level."""
    rows = session().execute(
        select(Cell.layout, Cell.level, func.max(func.abs(Cell.sensitivity)))
        .where(Cell.version_id == version_id)
        .group_by(Cell.layout, Cell.level)
        .order_by(Cell.layout, Cell.level)
    )
    found: dict[str, dict[int, float]] = {}
    for layout, level, largest in rows:
        found.setdefault(layout, {})[level] = largest or 0.0
    return found
