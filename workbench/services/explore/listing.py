"""A selection's images in an order: page by page, and where one of them stands."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from workbench.services.columns.store import ColumnStore, Rows
from workbench.services.errors import InvalidError
from workbench.services.explore.cards import ImageCard, cards_of
from workbench.services.explore.filters import Chosen
from workbench.services.pagination import key_text, parse_key

ORDERS = ("uncertain", "wrong", "fake", "real", "diverse", "random")
MOST_A_PAGE = 100
MOST_SHUFFLES = 1_000_000
FIRST_STEP = 1000
"""How far along an order a page is looked for at first."""


@dataclass(frozen=True)
class ImagePage:
    """Some cards of a selection; `after` is the key of the next page, None at the end."""

    cards: tuple[ImageCard, ...]
    total: int
    after: str | None


@dataclass(frozen=True)
class PositionInOrder:
    """Where an image stands in a selection's order.

    An image outside of the selection has its neighbours where it would stand, and no number.
    """

    previous_id: int | None
    next_id: int | None
    number: int | None
    """Counted from 1."""
    total: int


def images(
    chosen: Chosen, order: str, after: str | None = None, limit: int = 24, shuffle: int = 0
) -> ImagePage:
    """A page of a selection. Raises InvalidError for an unknown order or a broken key.

    `shuffle` chooses among the random orders.
    """
    store = chosen.store
    sequence = _sequence(store, order, shuffle)
    start = 0 if after is None else int(min(parse_key(after)[0], store.count)) + 1
    limit = min(max(limit, 1), MOST_A_PAGE)
    positions = _walk(sequence, chosen.selected, max(start, 0), limit + 1)
    more = len(positions) > limit
    ids = [int(each) for each in store.image_ids[sequence[positions[:limit]]]]
    following = key_text(positions[limit - 1], ids[-1]) if more else None
    return ImagePage(cards_of(store.version_id, ids), chosen.total, following)


def _sequence(store: ColumnStore, order: str, shuffle: int) -> NDArray[np.int32]:
    """All rows in an order; another random slice begins elsewhere in the one random order."""
    if order not in ORDERS:
        raise InvalidError(f"Unknown order “{order}”. Use one of: {', '.join(ORDERS)}.")
    sequence: NDArray[np.int32] = getattr(store, f"order_{order}")
    if order != "random" or not shuffle:
        return sequence
    # By the golden section, so that the first few slices overlap as little as can be.
    begin = int(store.count * (shuffle * 0.6180339887498949 % 1.0))
    return np.roll(sequence, -begin)


def _walk(
    sequence: NDArray[np.int32], selected: Rows, start: int, count: int, *, backward: bool = False
) -> list[int]:
    """The first positions from `start` on, or before it, whose images are selected."""
    found: list[int] = []
    step = FIRST_STEP
    while len(found) < count and (start > 0 if backward else start < len(sequence)):
        low, high = (max(start - step, 0), start) if backward else (start, start + step)
        hits = low + np.flatnonzero(selected[sequence[low:high]])
        found += [int(each) for each in (hits[::-1] if backward else hits)[: count - len(found)]]
        start = low if backward else high
        step *= 4
    return found


def position_in_order(
    chosen: Chosen, order: str, image_id: int, shuffle: int = 0
) -> PositionInOrder:
    """An image among a selection's. Raises NotFoundError for one that was not scored."""
    store = chosen.store
    row = store.row_of(image_id)
    sequence = _sequence(store, order, shuffle)
    position = int(np.flatnonzero(sequence == row)[0])
    selected = chosen.selected
    before = _walk(sequence, selected, position, 1, backward=True)
    behind = _walk(sequence, selected, position + 1, 1)
    ahead = int(np.count_nonzero(selected[sequence[:position]]))
    return PositionInOrder(
        previous_id=int(store.image_ids[sequence[before[0]]]) if before else None,
        next_id=int(store.image_ids[sequence[behind[0]]]) if behind else None,
        number=ahead + 1 if selected[row] else None,
        total=chosen.total,
    )
