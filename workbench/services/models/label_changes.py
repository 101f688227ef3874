"""Images whose labels were changed between the import and a version, as its run listed them."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import aliased

from workbench.services.models.learned import KEY
from workbench.services.models.versions import finished_version
from workbench.store.database import session
from workbench.store.images import Image
from workbench.store.versions import CuratedItem, ModelVersion


@dataclass(frozen=True)
class LabelChange:
    """An image whose label was changed on the way from the import to a version."""

    image_id: int
    name: str
    imported: str | None
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
