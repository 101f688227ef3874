"""The review queue: what nobody has judged of the misclassified images, then of those unlabelled.

The misclassified come first, the most wrong at the front; then the images without a label, from
the least certain on.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from workbench.services.columns.store import ColumnStore, Rows, column_store
from workbench.services.explore.decisions import judged_rows
from workbench.store.images import label_code


@dataclass(frozen=True)
class Waiting:
    """An image that waits for a verdict. wrong: misclassified; else it has no label."""

    image_id: int
    p: float
    wrong: bool


@dataclass(frozen=True)
class ReviewQueue:
    """The images of a version that wait for a verdict, as they were when it was read."""

    store: ColumnStore
    waiting: NDArray[np.int64]
    """As rows."""

    @property
    def count(self) -> int:
        """How many images wait."""
        return len(self.waiting)

    def first(self) -> int | None:
        """The most urgent one's id; None where none waits."""
        return self._most_urgent(self.waiting)

    def after(self, image_id: int) -> int | None:
        """The next one behind an image, whether that is judged by now or skipped.

        Behind the last one the queue begins again: what was skipped comes back. None where no other
        image waits. An image that is never queued stands before all.
        """
        row = self.store.rows_of([image_id])
        if not len(row) or not _queued(self.store)[row[0]]:
            return self.first()
        own = _urgency(self.store, row)[0]
        urgency = _urgency(self.store, self.waiting)
        behind = (urgency < own) | ((urgency == own) & (self.waiting > row[0]))
        following = self._most_urgent(self.waiting[behind])
        if following is None:
            following = self.first()
        return following if following != image_id else None

    def some(self, after: int | None, most: int) -> tuple[Waiting, ...]:
        """So many of those that wait, the most urgent first; behind one, or from the front."""
        rows = self.waiting
        urgency = _urgency(self.store, rows)
        row = self.store.rows_of([] if after is None else [after])
        if len(row):
            own = _urgency(self.store, row)[0]
            behind = (urgency < own) | ((urgency == own) & (rows > row[0]))
            rows, urgency = rows[behind], urgency[behind]
        chosen = rows[np.lexsort((rows, -urgency))[:most]]
        return tuple(
            Waiting(
                int(self.store.image_ids[each]),
                float(self.store.p[each]),
                bool(self.store.wrong[each]),
            )
            for each in chosen
        )

    def before(self, image_id: int, judged: Sequence[int] = ()) -> int | None:
        """The one before an image, of those that wait and those that a person has just `judged`.

        The image that they have come from, that is, whether they judged it or skipped it. None at
        the front.
        """
        row = self.store.rows_of([image_id])
        queued = _queued(self.store)
        if not len(row) or not queued[row[0]]:
            return None
        own = self.store.rows_of(judged)
        rows = np.union1d(self.waiting, own[queued[own]])
        urgency = _urgency(self.store, rows)
        here = _urgency(self.store, row)[0]
        ahead = rows[(urgency > here) | ((urgency == here) & (rows < row[0]))]
        if not len(ahead):
            return None
        # Of equally urgent ones the last, as `after` goes through them from the first.
        nearest = np.lexsort((-ahead, _urgency(self.store, ahead)))[0]
        return int(self.store.image_ids[ahead[nearest]])

    def _most_urgent(self, rows: NDArray[np.int64]) -> int | None:
        if not len(rows):
            return None
        return int(self.store.image_ids[rows[np.argmax(_urgency(self.store, rows))]])


def _queued(store: ColumnStore) -> Rows:
    """The images that are in the queue as long as nobody judges them."""
    queued: Rows = store.wrong | (store.labels == label_code(None))
    return queued


def _urgency(store: ColumnStore, rows: NDArray[np.int64]) -> NDArray[np.float32]:
    """Rank queued images: the larger, the sooner; below -1 where there is no label."""
    certainty = np.abs(store.logits[rows])
    return np.where(store.wrong[rows], certainty, -1 - certainty)


def review_queue(version_id: int) -> ReviewQueue:
    """A version's queue. One query, which reads who judged what; hand the result on."""
    store = column_store(version_id)
    return ReviewQueue(store, np.flatnonzero(_queued(store) & ~judged_rows(store)))
