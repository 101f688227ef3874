"""A pattern's images of which somebody says that the model is right for the wrong reason."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from workbench.services.columns.store import ColumnStore, column_store
from workbench.services.explore.cards import ImageCard, cards_of
from workbench.services.explore.decisions import wrong_reason_rows
from workbench.store.outcomes import RIGHT_CODES

SHOWN: Final = 24


@dataclass(frozen=True)
class WrongReasons:
    """How many images are said to be so, and what share of those that the model gets right.

    share: in [0, 1]; None where the model gets none right.
    """

    images: int
    share: float | None


@dataclass(frozen=True)
class ShownWrongReasons(WrongReasons):
    """The same with the first of these images, those that the model is surest of first."""

    shown: tuple[ImageCard, ...]


def of_patterns(version_id: int, pattern_ids: Sequence[int]) -> dict[int, WrongReasons]:
    """Those of several patterns, by their ids. One query."""
    store = column_store(version_id)
    said = wrong_reason_rows(store)
    right = {each: _right(store, each) for each in pattern_ids}
    return {
        each: WrongReasons(int(said[rows].sum()), _share(int(said[rows].sum()), len(rows)))
        for each, rows in right.items()
    }


def of_pattern(version_id: int, pattern_id: int) -> ShownWrongReasons:
    """Those of one pattern, with pictures. Three queries at most."""
    store = column_store(version_id)
    rows = _right(store, pattern_id)
    having = rows[wrong_reason_rows(store)[rows]]
    surest = having[np.lexsort((having, -np.abs(store.logits[having])))[:SHOWN]]
    ids = store.image_ids[surest].tolist()
    shown = cards_of(version_id, ids) if ids else ()
    return ShownWrongReasons(len(having), _share(len(having), len(rows)), shown)


def _right(store: ColumnStore, pattern_id: int) -> NDArray[np.int64]:
    """The indices of a pattern's images that the model classifies as they are labelled."""
    rows = np.unique(store.member_rows[store.members(store.pattern_index(pattern_id))])
    return np.asarray(rows[np.isin(store.outcomes[rows], RIGHT_CODES)], np.int64)


def _share(images: int, right: int) -> float | None:
    return images / right if right else None
