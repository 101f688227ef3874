"""How far a collection is worked through: images judged, patterns and pixel groups tagged."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from workbench.services.agreement.compared import Compared
from workbench.services.columns.store import ColumnStore
from workbench.services.tagged.groups import on_many, tagged_groups
from workbench.services.tagged.pattern_tags import tags_of_patterns


@dataclass(frozen=True)
class Coverage:
    """What is done, of all that there is. Patterns and pixel groups are the shown version's.

    judged: images with a standing verdict. compared: by two people or more; agreed: on which all
    of these say the same.
    """

    images: int
    judged: int
    compared: int
    agreed: int
    patterns: int
    patterns_tagged: int
    groups: int
    groups_tagged: int


def coverage(images: int, found: Compared, store: ColumnStore | None) -> Coverage:
    """Count what is covered. Seven queries at most, of which six where there is a version."""
    compared = int((found.answers.per_unit >= 2).sum())
    standing = on_many(store) if store else []
    tagged = tagged_groups(store, None, standing).values() if store else ()
    groups = [each.groups for each in tagged]
    bearing = tags_of_patterns(store, standing).values() if store else ()
    return Coverage(
        images=images,
        judged=len(found.image_ids),
        compared=compared,
        agreed=compared - len(found.answers.splitting()),
        patterns=len(store.pattern_ids) if store else 0,
        patterns_tagged=sum(1 for each in bearing if each.tags),
        groups=len(store.pixel_group_ids) if store else 0,
        groups_tagged=len(np.unique(np.concatenate(groups))) if groups else 0,
    )
