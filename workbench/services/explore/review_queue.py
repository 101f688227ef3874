"""The review queue: the misclassified images that nobody has judged, the most wrong first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from workbench.services.columns.store import ColumnStore, column_store
from workbench.services.explore.decisions import judged_rows


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
        """The most wrong one's id; None where none waits."""
        return self._most_wrong(self.waiting)

    def after(self, image_id: int) -> int | None:
        """The next one behind an image, whether that is judged by now or skipped.

        Behind the last one the queue begins again: what was skipped comes back. None where no other
        image waits. An image that is not misclassified stands before all.
        """
        row = self.store.rows_of([image_id])
        if not len(row) or not self.store.wrong[row[0]]:
            return self.first()
        own = np.abs(self.store.logits[row[0]])
        wrongness = np.abs(self.store.logits[self.waiting])
        behind = (wrongness < own) | ((wrongness == own) & (self.waiting > row[0]))
        following = self._most_wrong(self.waiting[behind])
        if following is None:
            following = self.first()
        return following if following != image_id else None

    def before(self, image_id: int, judged: Sequence[int] = ()) -> int | None:
        """The one before an image, of those that wait and those that a person has just `judged`.

        The image that they have come from, that is, whether they judged it or skipped it. None at
        the front.
        """
        row = self.store.rows_of([image_id])
        if not len(row) or not self.store.wrong[row[0]]:
            return None
        own = self.store.rows_of(judged)
        rows = np.union1d(self.waiting, own[self.store.wrong[own]])
        wrongness = np.abs(self.store.logits[rows])
        here = np.abs(self.store.logits[row[0]])
        ahead = rows[(wrongness > here) | ((wrongness == here) & (rows < row[0]))]
        if not len(ahead):
            return None
        # Of equally wrong ones the last, as `after` goes through them from the first.
        nearest = np.lexsort((-ahead, np.abs(self.store.logits[ahead])))[0]
        return int(self.store.image_ids[ahead[nearest]])

    def _most_wrong(self, rows: NDArray[np.int64]) -> int | None:
        if not len(rows):
            return None
        return int(self.store.image_ids[rows[np.argmax(np.abs(self.store.logits[rows]))]])


def review_queue(version_id: int) -> ReviewQueue:
    """A version's queue. One query, which reads who judged what; hand the result on."""
    store = column_store(version_id)
    return ReviewQueue(store, np.flatnonzero(store.wrong & ~judged_rows(store)))
