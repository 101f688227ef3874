"""What a version learned: how its labels differ from what came before, and what that changed.

A version is compared with its parent; one without a parent with the labels as imported. The run
counts it once (`pipeline/learning.py`) and keeps it in the version's metrics.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import aliased

from workbench.services.models.versions import finished_version
from workbench.store.database import session
from workbench.store.images import Image
from workbench.store.versions import CuratedItem, ModelVersion

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


@dataclass(frozen=True)
class LabelChange:
    """An image whose label was changed on the way from the import to a version."""

    image_id: int
    name: str
    imported: str
    before: str | None
    """Its label in the parent; None without a parent, or where it was not in the parent's data."""
    label: str

    @property
    def is_new(self) -> bool:
        """Whether this version is the first with this label."""
        return self.label != (self.before or self.imported)


@dataclass(frozen=True)
class LabelChanges:
    """Images whose labels in a version differ from the imported or the parent's, in image order.

    Of each split those that the run has listed, and how many there are.
    """

    training: tuple[LabelChange, ...]
    test: tuple[LabelChange, ...]
    training_total: int
    test_total: int


def learned_of(metrics: Mapping[str, Any]) -> Learned | None:
    """What was counted; None for a version from before it was."""
    kept = metrics.get(KEY)
    if kept is None:
        return None
    return Learned(**{each.name: kept[each.name] for each in fields(Learned)})


def label_changes(version_id: int) -> LabelChanges | None:
    """The changed labels of a finished version. Two queries, bounded.

    None for a version from before they were listed. Raises NotFoundError for an unfinished one.
    """
    version = finished_version(version_id)
    kept = version.metrics.get(KEY)
    if kept is None:
        return None
    ids = kept["changed"]
    found = _changes(version, [*ids["training"], *ids["test"]])
    training, test = (
        tuple(found[each] for each in ids[side] if each in found) for side in ("training", "test")
    )
    return LabelChanges(training, test, ids["training_total"], ids["test_total"])


def _changes(version: ModelVersion, image_ids: list[int]) -> dict[int, LabelChange]:
    item, before = aliased(CuratedItem), aliased(CuratedItem)
    parent_dataset = (
        select(ModelVersion.dataset_id)
        .where(ModelVersion.id == version.parent_id)
        .scalar_subquery()
    )
    rows = session().execute(
        select(Image.id, Image.name, Image.label, before.label, item.label)
        .join(item, item.image_id == Image.id)
        .outerjoin(before, (before.image_id == Image.id) & (before.dataset_id == parent_dataset))
        .where(item.dataset_id == version.dataset_id, Image.id.in_(image_ids))
    )
    return {row[0]: LabelChange(*row) for row in rows}
