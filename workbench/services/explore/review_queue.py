"""The review queue: the misclassified images that nobody has judged."""

from __future__ import annotations

import numpy as np

from workbench.services.explore.columns import columns_of
from workbench.services.explore.decisions import judged_rows


def to_judge(version_id: int) -> int:
    """How many misclassified images have no verdict that stands."""
    columns = columns_of(version_id)
    return int(np.count_nonzero(columns.wrong & ~judged_rows(columns)))


def queue(version_id: int, after_image: int | None = None) -> int | None:
    """The next misclassified image that nobody has judged, the most wrong first.

    `after_image` goes on behind that image instead of at the front, whether it is judged by now
    or skipped. None where nothing is left there.
    """
    columns = columns_of(version_id)
    waiting = np.flatnonzero(columns.wrong & ~judged_rows(columns))
    wrongness = np.abs(columns.logits[waiting])
    last = columns.rows_of(np.array([after_image or 0]))
    if len(last) and columns.wrong[last[0]]:
        own = np.abs(columns.logits[last[0]])
        behind = (wrongness < own) | ((wrongness == own) & (waiting > last[0]))
        waiting, wrongness = waiting[behind], wrongness[behind]
    return int(columns.image_ids[waiting[np.argmax(wrongness)]]) if len(waiting) else None
