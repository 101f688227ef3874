"""What a version says of every image, as columns in one file that is mapped into memory.

Filters, orders and counts of the pages look at every image of a collection, and a database that
is asked to do so needs seconds for a million. A finished version never changes, so its answers
are laid out once as arrays: then each question is a pass over an array (ADR 23). The file lies in
the cache: where it is missing, it is made again from the database.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property, lru_cache
from itertools import pairwise
from pathlib import Path
from threading import Lock

import numpy as np
import structlog
from flask_babel import gettext
from numpy.typing import NDArray

from workbench.analysis.layout.cells import Block
from workbench.config import Settings
from workbench.files import DamagedError
from workbench.services import app_settings
from workbench.services.columns.build import path_of, write_columns
from workbench.services.columns.layouts import LayoutColumns
from workbench.services.columns.properties import PROPERTIES
from workbench.services.errors import NotFoundError, UnavailableError
from workbench.services.models.versions import finished_version
from workbench.store.artifacts import map_arrays
from workbench.store.outcomes import are_wrong

log = structlog.get_logger()
_making = Lock()

Rows = NDArray[np.bool_]
"""Which images, one entry an image in the order of `Columns.image_ids`."""


@dataclass(frozen=True, eq=False)
class ColumnStore:
    """One entry an image, by ascending id; then the patterns with the images that have them."""

    version_id: int
    collection_id: int
    image_ids: NDArray[np.int64]
    labels: NDArray[np.uint8]
    """Code of the final label when the version was made (`label_code`)."""
    imported_labels: NDArray[np.uint8]
    """Code of the label that the image was imported with."""
    outcomes: NDArray[np.uint8]
    """Index into `OUTCOMES`."""
    p: NDArray[np.float32]
    logits: NDArray[np.float32]
    sensitivity: NDArray[np.float32]
    """As `Prediction.sensitivity`; NaN where it was not measured."""
    generators: NDArray[np.uint16]
    """Index into `generator_names`."""
    formats: NDArray[np.uint8]
    """Index into `format_names`."""
    properties: NDArray[np.float32]
    """(property, image), in the order of `PROPERTIES`; NaN where an image has none."""
    held_out: NDArray[np.bool_]
    import_notes: NDArray[np.uint16]
    """Bit i: the i-th of `ImportNote`."""
    groups: NDArray[np.int32]
    """Code of the source group: images of one source have the same."""
    order_uncertain: NDArray[np.int32]
    """All rows from the least certain on; ties go by row, here and in the other orders."""
    order_wrong: NDArray[np.int32]
    """The misclassified from the surest on, then the others from the least certain on."""
    order_fake: NDArray[np.int32]
    order_real: NDArray[np.int32]
    order_diverse: NDArray[np.int32]
    """Every beginning of it is spread over the layout that pages begin with."""
    order_random: NDArray[np.int32]
    activations: NDArray[np.float32]
    """(K, image)."""
    names: NDArray[np.uint8]
    """File names, folded, in UTF-8, each ended by a line feed."""
    name_ends: NDArray[np.int64]
    pixel_group_regions: NDArray[np.int64]
    """The region of each pixel group, ascending; the other `pixel_group_` columns go with it."""
    pixel_group_ids: NDArray[np.int64]
    pixel_group_rows: NDArray[np.int32]
    """The image of each, as a row."""
    pixel_group_patterns: NDArray[np.int32]
    """Index into `pattern_ids`; -1 for a group of no pattern."""
    pattern_ids: NDArray[np.int64]
    pattern_starts: NDArray[np.int64]
    """(pattern + 1): where each pattern's part of the `member_` columns begins."""
    member_rows: NDArray[np.int32]
    """Images with the pattern, as rows; the most typical first."""
    member_groups: NDArray[np.int64]
    """The image's most typical pixel group of the pattern."""
    typical_contributions: NDArray[np.float32]
    """Of that pixel group, in logits; + toward fake."""
    member_counts: NDArray[np.uint8]
    """How many pixel groups of the pattern the image has."""
    member_contributions: NDArray[np.float64]
    """Sum over these, in logits."""
    member_squares: NDArray[np.float64]
    """Sum of their squares: a standard deviation needs no other figure."""
    generator_names: tuple[str, ...]
    format_names: tuple[str, ...]
    layouts: tuple[LayoutColumns, ...]
    """The one that pages begin with first."""

    @property
    def count(self) -> int:
        """How many images there are."""
        return len(self.image_ids)

    @cached_property
    def wrong(self) -> Rows:
        """Where label and decision of the model differ."""
        return are_wrong(self.outcomes)

    @cached_property
    def ungrouped(self) -> bool:
        """Whether every image is a source group of its own."""
        return int(self.groups.max(initial=-1)) + 1 == self.count

    @cached_property
    def name_signs(self) -> NDArray[np.int64]:
        """How often each byte stands in the file names."""
        return np.bincount(self.names, minlength=256)

    def property_of(self, name: str) -> NDArray[np.float32]:
        """A property of each image, one of `PROPERTIES`; NaN where it has none."""
        found: NDArray[np.float32] = self.properties[PROPERTIES.index(name)]
        return found

    def row_of(self, image_id: int) -> int:
        """Row of an image. Raises NotFoundError for one that the version has not scored."""
        row = int(np.searchsorted(self.image_ids, image_id))
        if row == self.count or self.image_ids[row] != image_id:
            raise NotFoundError(gettext("This version has no prediction for this image."))
        return row

    def rows_of(self, ids: Sequence[int] | NDArray[np.int64]) -> NDArray[np.int64]:
        """Rows of these images, without those that the version has not scored."""
        image_ids = np.asarray(ids, np.int64)
        return np.searchsorted(self.image_ids, image_ids[self.has_images(image_ids)])

    def has_images(self, ids: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Which of these images the version has scored."""
        rows = np.searchsorted(self.image_ids, ids)
        known = rows < self.count
        known[known] = self.image_ids[rows[known]] == ids[known]
        return known

    def layout(self, name: str | None = None) -> LayoutColumns:
        """A layout; the one that pages begin with for None, or for one that the version lacks."""
        return next((each for each in self.layouts if each.name == name), self.layouts[0])

    def pattern_index(self, pattern_id: int) -> int:
        """Index of a pattern among `pattern_ids`. Raises NotFoundError for another version's."""
        found = np.flatnonzero(self.pattern_ids == pattern_id)
        if not len(found):
            raise NotFoundError(gettext("Pattern not found in this version."))
        return int(found[0])

    def groups_on(self, regions: NDArray[np.int64]) -> NDArray[np.int64]:
        """Which pixel groups lie on these very regions, as indexes, ascending."""
        at = np.searchsorted(self.pixel_group_regions, regions)
        known = at < len(self.pixel_group_regions)
        known[known] = self.pixel_group_regions[at[known]] == regions[known]
        return np.unique(at[known])

    def groups_of(self, index: int) -> NDArray[np.int64]:
        """The pixel groups of a pattern, as indexes, ascending."""
        return self._by_pattern[self._pattern_edges[index] : self._pattern_edges[index + 1]]

    @cached_property
    def pattern_sizes(self) -> NDArray[np.int64]:
        """How many pixel groups each pattern has."""
        return np.diff(self._pattern_edges)

    @cached_property
    def _by_pattern(self) -> NDArray[np.int64]:
        return np.argsort(self.pixel_group_patterns, kind="stable")

    @cached_property
    def _pattern_edges(self) -> NDArray[np.int64]:
        ordered = self.pixel_group_patterns[self._by_pattern]
        return np.searchsorted(ordered, np.arange(len(self.pattern_ids) + 1))

    def members(self, index: int) -> slice:
        """A pattern's part of the `member_` columns."""
        return slice(int(self.pattern_starts[index]), int(self.pattern_starts[index + 1]))

    def having(self, pattern_id: int) -> Rows:
        """The images with a pattern. Raises NotFoundError for another version's."""
        found = np.zeros(self.count, np.bool_)
        found[self.member_rows[self.members(self.pattern_index(pattern_id))]] = True
        return found

    def mask_of(self, image_ids: Sequence[int] | NDArray[np.int64]) -> Rows:
        """These images, without those that the version has not scored."""
        found = np.zeros(self.count, np.bool_)
        found[self.rows_of(image_ids)] = True
        return found

    def entries_of(self, rows: Rows) -> NDArray[np.int64]:
        """The entries of the `member_` columns that are of these images."""
        return np.flatnonzero(rows.take(self.member_rows))

    def parts_of(self, entries: NDArray[np.int64]) -> list[slice]:
        """Each pattern's part of some entries of the `member_` columns."""
        return [slice(*edges) for edges in pairwise(entries.searchsorted(self.pattern_starts))]


def column_store(version_id: int) -> ColumnStore:
    """A finished version's columns. Raises NotFoundError where there is no such version."""
    return _opened(app_settings.settings(), version_id)


def forget_columns(version_id: int, settings: Settings) -> None:
    """Remove a version's columns; they are made again when they are asked for."""
    path_of(settings, version_id).unlink(missing_ok=True)
    _mapped.cache_clear()


def remove_columns_but(
    version_ids: Callable[[], Collection[int]], settings: Settings, young: timedelta
) -> int:
    """Remove the columns of all other versions, and of other forms; how many files went.

    `version_ids` is called once the files are listed: a file that comes later stays.
    """
    paths = list((settings.cache_dir / "columns").glob("*"))
    kept = {path_of(settings, each).name for each in version_ids()}
    oldest = time.time() - young.total_seconds()
    removed = 0
    for path in paths:
        with suppress(FileNotFoundError):  # another process was quicker
            if path.name not in kept and path.stat().st_mtime <= oldest:
                path.unlink()
                removed += 1
    return removed


def _opened(settings: Settings, version_id: int) -> ColumnStore:
    path = path_of(settings, version_id)
    if store := _whole(path, version_id):
        return store
    finished_version(version_id)
    with _making:
        if store := _whole(path, version_id):
            return store
        write_columns(version_id, settings)
        store = _whole(path, version_id)
    if store is None:
        raise UnavailableError(gettext("The column store could not be written. Try again."))
    return store


def _whole(path: Path, version_id: int) -> ColumnStore | None:
    """The columns in a file; None where it is missing or damaged, or is of an older form."""
    try:
        found = path.stat()
        return _mapped(path, version_id, (found.st_ino, found.st_size, found.st_mtime_ns))
    except FileNotFoundError:
        return None
    except DamagedError as error:
        log.warning("column store damaged, made again", path=str(path), error=str(error))
        return None


@lru_cache(maxsize=16)
def _mapped(path: Path, version_id: int, _identity: tuple[int, int, int]) -> ColumnStore:
    """The hash is computed once for a file that is there: a changed one is read as another."""
    arrays, facts = map_arrays(path)
    return ColumnStore(
        version_id=version_id,
        collection_id=int(facts["collection_id"]),
        generator_names=tuple(json.loads(facts["generator_names"])),
        format_names=tuple(json.loads(facts["format_names"])),
        layouts=tuple(
            LayoutColumns(
                name=each["name"],
                fine_column=column,
                fine_row=row,
                block=Block(*each["block"]),
                largest_sensitivity={
                    int(level): largest for level, largest in each["largest_sensitivity"].items()
                },
            )
            for each, column, row in zip(
                json.loads(facts["layouts"]),
                arrays.pop("fine_column"),
                arrays.pop("fine_row"),
                strict=True,
            )
        ),
        **arrays,  # type: ignore[arg-type]  # each is of the kind that _packed gave it
    )
