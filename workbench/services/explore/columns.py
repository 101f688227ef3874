"""What a version says of every image, as columns in one file that is mapped into memory.

Filters, orders and counts of the pages look at every image of a collection, and a database that
is asked to do so needs seconds for a million. A finished version never changes, so its answers
are laid out once as arrays: then each question is a pass over an array (ADR 23). The file lies in
the cache: where it is missing, it is made again from the database.
"""

from __future__ import annotations

import json
import time
from collections.abc import Collection, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property, lru_cache
from itertools import pairwise
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np
from flask_babel import gettext
from numpy.typing import NDArray
from sqlalchemy import func, select

from workbench.analysis.layout.cells import COLUMNS, LEVELS_AT_MOST, ROWS, stratified_order
from workbench.config import Settings
from workbench.services import app_settings
from workbench.services.errors import NotFoundError
from workbench.services.models.arrays import activations_of
from workbench.services.models.finished import is_finished
from workbench.store.artifacts import (
    ArtifactDamagedError,
    map_arrays,
    pack_arrays,
    write_whole,
)
from workbench.store.database import session
from workbench.store.images import LABELS, Image
from workbench.store.results import OUTCOMES, Cell, Pattern, PixelGroup, Prediction
from workbench.store.versions import ModelVersion

FINEST = LEVELS_AT_MOST - 1
"""Places are kept as squares of this level; those of a coarser one are found by shifting."""
_FORMAT = 3
_CHUNK = 20_000
_making = Lock()

Rows = NDArray[np.bool_]
"""Which images, one entry an image in the order of `Columns.image_ids`."""


@dataclass(frozen=True)
class Columns:
    """One entry an image, by ascending id; then the patterns with the images that have them."""

    version_id: int
    collection_id: int
    image_ids: NDArray[np.int64]
    labels: NDArray[np.uint8]
    """Index into `LABELS`: the final label when the version was made."""
    outcomes: NDArray[np.uint8]
    """Index into `OUTCOMES`."""
    p: NDArray[np.float32]
    logits: NDArray[np.float32]
    sensitivity: NDArray[np.float32]
    """In logits; NaN where it was not measured."""
    generators: NDArray[np.uint16]
    """Index into `generator_names`."""
    held_out: NDArray[np.bool_]
    fine_column: NDArray[np.uint16]
    fine_row: NDArray[np.uint16]
    """Square of level `FINEST` in the layout."""
    order_uncertain: NDArray[np.int32]
    """All rows from the least certain on; ties go by row, here and in the other orders."""
    order_wrong: NDArray[np.int32]
    """The misclassified from the surest on, then the others from the least certain on."""
    order_fake: NDArray[np.int32]
    order_real: NDArray[np.int32]
    order_diverse: NDArray[np.int32]
    """Every beginning of it is spread over the layout."""
    order_random: NDArray[np.int32]
    activations: NDArray[np.float32]
    """(K, image)."""
    names: NDArray[np.uint8]
    """File names without case, in UTF-8, each ended by a line feed."""
    name_ends: NDArray[np.int64]
    pattern_ids: NDArray[np.int64]
    pattern_starts: NDArray[np.int64]
    """(pattern + 1): where each pattern's part of the `member_` columns begins."""
    member_rows: NDArray[np.int32]
    """Images with the pattern, as rows; the most typical first."""
    member_groups: NDArray[np.int64]
    """The image's most typical pixel group of the pattern."""
    member_contributions: NDArray[np.float32]
    """Of all its pixel groups of the pattern, in logits; + toward fake."""
    generator_names: tuple[str, ...]
    largest_sensitivity: tuple[float, ...]
    """Of the cells of each level of the layout, in logits."""

    @property
    def count(self) -> int:
        """How many images there are."""
        return len(self.image_ids)

    @property
    def levels(self) -> int:
        """How many levels the layout has."""
        return len(self.largest_sensitivity)

    @cached_property
    def wrong(self) -> Rows:
        """Where label and decision of the model differ."""
        return np.asarray((self.outcomes == 1) | (self.outcomes == 3))

    @cached_property
    def name_signs(self) -> NDArray[np.int64]:
        """How often each byte stands in the file names."""
        return np.bincount(self.names, minlength=256)

    def row_of(self, image_id: int) -> int:
        """Row of an image. Raises NotFoundError for one that the version has not scored."""
        row = int(np.searchsorted(self.image_ids, image_id))
        if row == self.count or self.image_ids[row] != image_id:
            raise NotFoundError(gettext("This version has not scored this image."))
        return row

    def rows_of(self, image_ids: NDArray[np.int64]) -> NDArray[np.int64]:
        """Rows of these images, without those that the version has not scored."""
        rows = np.searchsorted(self.image_ids, image_ids)
        known = rows < self.count
        known[known] = self.image_ids[rows[known]] == image_ids[known]
        return rows[known]

    def squares_at(self, rows: NDArray[np.integer[Any]] | slice, level: int) -> NDArray[np.int64]:
        """The square of a level's grid that these images lie in, counted row by row."""
        shift = FINEST - level
        down = (self.fine_row[rows] >> shift).astype(np.int64)
        return down * (COLUMNS << level) + (self.fine_column[rows] >> shift)

    def within(self, level: int, column: int, row: int, columns: int, rows: int) -> Rows:
        """The images in a window of a level's grid."""
        shift = FINEST - level
        # Differences wrap around below zero, so that one comparison tests both sides.
        across = self.fine_column - np.uint16(column << shift)
        down = self.fine_row - np.uint16(row << shift)
        inside = (across < (columns << shift)) & (down < (rows << shift))
        return np.asarray(inside)

    def pattern_index(self, pattern_id: int) -> int:
        """Place of a pattern among `pattern_ids`. Raises NotFoundError for another version's."""
        found = np.flatnonzero(self.pattern_ids == pattern_id)
        if not len(found):
            raise NotFoundError(gettext("This version has no such pattern."))
        return int(found[0])

    def members(self, index: int) -> slice:
        """A pattern's part of the `member_` columns."""
        return slice(int(self.pattern_starts[index]), int(self.pattern_starts[index + 1]))

    def entries_of(self, rows: Rows) -> NDArray[np.int64]:
        """The entries of the `member_` columns that are of these images."""
        return np.flatnonzero(rows.take(self.member_rows))

    def parts_of(self, entries: NDArray[np.int64]) -> list[slice]:
        """Each pattern's part of some entries of the `member_` columns."""
        return [slice(*edges) for edges in pairwise(entries.searchsorted(self.pattern_starts))]


def columns_of(version_id: int) -> Columns:
    """A finished version's columns. Raises NotFoundError where there is no such version."""
    return _opened(app_settings.settings(), version_id)


def write_columns(version_id: int, settings: Settings) -> None:
    """Lay a version's answers out as columns, once they are complete."""
    write_whole(_path(settings, version_id), _packed(version_id, settings))
    session().rollback()


def forget_columns(version_id: int, settings: Settings) -> None:
    """Remove a version's columns; they are made again when they are asked for."""
    _path(settings, version_id).unlink(missing_ok=True)
    _mapped.cache_clear()


def remove_columns_but(version_ids: Collection[int], settings: Settings, young: timedelta) -> int:
    """Remove the columns of all other versions, and of other forms; how many files went."""
    kept = {_path(settings, each).name for each in version_ids}
    oldest = time.time() - young.total_seconds()
    removed = 0
    for path in (settings.cache_dir / "columns").glob("*"):
        with suppress(FileNotFoundError):  # another process was quicker
            if path.name not in kept and path.stat().st_mtime <= oldest:
                path.unlink()
                removed += 1
    return removed


def _path(settings: Settings, version_id: int) -> Path:
    return settings.cache_dir / "columns" / f"{version_id}-{_FORMAT}.safetensors"


def _opened(settings: Settings, version_id: int) -> Columns:
    path = _path(settings, version_id)
    try:
        return _mapped(path, version_id)
    except (OSError, ArtifactDamagedError):
        pass
    if not is_finished(version_id):
        raise NotFoundError(gettext("There is no such version."))
    with _making:
        try:
            return _mapped(path, version_id)
        except (OSError, ArtifactDamagedError):
            path.unlink(missing_ok=True)
        write_columns(version_id, settings)
        return _mapped(path, version_id)


@lru_cache(maxsize=16)
def _mapped(path: Path, version_id: int) -> Columns:
    arrays, facts = map_arrays(path)
    return Columns(
        version_id=version_id,
        collection_id=int(facts["collection_id"]),
        generator_names=tuple(json.loads(facts["generator_names"])),
        largest_sensitivity=tuple(json.loads(facts["largest_sensitivity"])),
        **arrays,  # type: ignore[arg-type]  # each is of the kind that _packed gave it
    )


def _packed(version_id: int, settings: Settings) -> bytes:
    version = session().get(ModelVersion, version_id)
    if version is None:
        raise NotFoundError(gettext("There is no such version."))
    collection_id, dimensions = version.collection_id, version.dimensions
    arrays, generators = _of_images(version_id, dimensions, settings)
    arrays |= _of_patterns(version_id, arrays["image_ids"])
    facts = {
        "collection_id": str(collection_id),
        "generator_names": json.dumps(generators),
        "largest_sensitivity": json.dumps(_largest_sensitivity(version_id)),
    }
    return pack_arrays(arrays, facts)


def _of_images(
    version_id: int, dimensions: int, settings: Settings
) -> tuple[dict[str, NDArray[np.generic]], list[str]]:
    count = (
        session().scalar(
            select(func.count()).select_from(Prediction).where(Prediction.version_id == version_id)
        )
        or 0
    )
    arrays: dict[str, NDArray[np.generic]] = {
        "image_ids": np.empty(count, np.int64),
        "labels": np.empty(count, np.uint8),
        "outcomes": np.empty(count, np.uint8),
        "p": np.empty(count, np.float32),
        "logits": np.empty(count, np.float32),
        "sensitivity": np.empty(count, np.float32),
        "generators": np.empty(count, np.uint16),
        "held_out": np.empty(count, np.bool_),
        "activations": np.empty((dimensions, count), np.float32),
        "name_ends": np.empty(count, np.int64),
    }
    places = np.empty((count, 2))
    names = bytearray()
    codes: dict[str, int] = {}
    start = 0
    for chunk in _chunks(version_id):
        part = slice(start, start + len(chunk))
        start = part.stop
        arrays["image_ids"][part] = [row.image_id for row in chunk]
        arrays["labels"][part] = [LABELS.index(row.label) for row in chunk]
        arrays["outcomes"][part] = [OUTCOMES.index(row.outcome) for row in chunk]
        arrays["p"][part] = [row.p for row in chunk]
        arrays["logits"][part] = [row.logit for row in chunk]
        arrays["sensitivity"][part] = [row.sensitivity for row in chunk]
        arrays["generators"][part] = [codes.setdefault(row.generator, len(codes)) for row in chunk]
        arrays["held_out"][part] = [row.held_out for row in chunk]
        found = activations_of([(row.shard_id, row.row) for row in chunk], settings)
        arrays["activations"][:, part] = found.reshape(len(chunk), dimensions).T
        places[part] = [(row.x or 0.0, row.y or 0.0) for row in chunk]
        for place, row in enumerate(chunk, part.start):
            names += row.name.casefold().replace("\n", " ").encode() + b"\n"
            arrays["name_ends"][place] = len(names)
    arrays["names"] = np.frombuffer(bytes(names), np.uint8)
    # Grids are powers of two finer than level 0, so that shifting gives the very squares that
    # `cells.cell_indices` gives.
    arrays["fine_column"] = (places[:, 0] * (COLUMNS << FINEST)).astype(np.uint16)
    arrays["fine_row"] = (places[:, 1] * (ROWS << FINEST)).astype(np.uint16)
    diverse = stratified_order(places, seed=settings.seed)
    arrays |= _orders(arrays["logits"], arrays["outcomes"])
    arrays["order_diverse"] = diverse.astype(np.int32)
    arrays["order_random"] = (
        np.random.default_rng(settings.seed).permutation(count).astype(np.int32)
    )
    return arrays, list(codes)


def _orders(
    logits: NDArray[np.generic], outcomes: NDArray[np.generic]
) -> dict[str, NDArray[np.generic]]:
    """Rows by what the model says; a page of an order is then a short walk along it."""
    certainty = np.abs(np.asarray(logits, np.float32))
    wrong = np.isin(outcomes, (1, 3))
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
            func.abs(Prediction.removed_change - Prediction.control_change).label("sensitivity"),
            Prediction.x,
            Prediction.y,
            Prediction.shard_id,
            Prediction.row,
            Image.generator,
            Image.held_out,
            Image.name,
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
    rows, groups, contributions = [], [], []
    starts = [0]
    for pattern_id in ids:
        found = _members(int(pattern_id))
        images, first = np.unique(found[:, 0].astype(np.int64), return_index=True)
        total = np.zeros(len(images))
        np.add.at(total, np.searchsorted(images, found[:, 0]), found[:, 2])
        order = np.argsort(first, kind="stable")
        rows.append(np.searchsorted(image_ids, images[order]).astype(np.int32))
        groups.append(found[first[order], 1].astype(np.int64))
        contributions.append(total[order].astype(np.float32))
        starts.append(starts[-1] + len(images))
    return {
        "pattern_ids": ids,
        "pattern_starts": np.array(starts, np.int64),
        "member_rows": np.concatenate([np.empty(0, np.int32), *rows]),
        "member_groups": np.concatenate([np.empty(0, np.int64), *groups]),
        "member_contributions": np.concatenate([np.empty(0, np.float32), *contributions]),
    }


def _members(pattern_id: int) -> NDArray[np.float64]:
    """Image, group and contribution of a pattern's groups, the most typical first."""
    found = session().execute(
        select(PixelGroup.image_id, PixelGroup.id, PixelGroup.contribution)
        .where(PixelGroup.pattern_id == pattern_id)
        .order_by(PixelGroup.typicality, PixelGroup.id)
    )
    return np.array([tuple(row) for row in found], np.float64).reshape(-1, 3)


def _largest_sensitivity(version_id: int) -> list[float]:
    rows = session().execute(
        select(Cell.level, func.max(Cell.sensitivity))
        .where(Cell.version_id == version_id)
        .group_by(Cell.level)
        .order_by(Cell.level)
    )
    return [largest or 0.0 for _level, largest in rows]
