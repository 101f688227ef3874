"""What a version learned: how its labels differ from what came before, and what that changed.

A version is compared with its parent; one without a parent with the labels as imported. The run
counts it once (`pipeline/learning.py`) and keeps it in the version's metrics.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

KEY = "learned"
"""Where a version's metrics keep it."""


@dataclass(frozen=True)
class Learned:
    """What differs from the parent, or from the labels as imported; counted in images."""

    parent: int | None
    """The parent's number."""
    training_labels: int
    test_labels: int
    """Changed labels of held-out images: they correct the test set, and nothing learns them."""
    halved: int
    """Training images that count half from now on, because people are unsure."""
    restored: int
    """Training images that count in full again."""
    excluded: int
    included: int
    """Excluded under the parent, and no longer."""
    new_images: int
    """Images that the parent has not scored."""
    flipped: int
    """Images that are called the other label than by the parent, of those that both scored."""
    flipped_held_out: int
    comparable: bool
    """Whether both versions scored their training images in the same way: by heads that were not
    trained on them, or not. If not, only the flips of held-out images tell something."""


def learned_of(metrics: Mapping[str, Any]) -> Learned | None:
    """What was counted; None for a version from before it was."""
    kept = metrics.get(KEY)
    if kept is None:
        return None
    return Learned(**{each.name: kept[each.name] for each in fields(Learned)})
