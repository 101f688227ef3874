"""Count what a version learned, at the end of its run: see `models/learned.py`.

Every figure is counted by the database, so that memory does not grow with the collection.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Select,
    SQLColumnExpression,
    case,
    exists,
    func,
    literal,
    or_,
    select,
)
from sqlalchemy.orm import aliased

from workbench.services.models.learned import Learned
from workbench.store.database import session
from workbench.store.images import Image
from workbench.store.outcomes import CALLED_FAKE
from workbench.store.results import Prediction
from workbench.store.versions import CuratedItem, ModelVersion

LISTED = 100
"""So many changed labels of each split are listed; pages read them with every version's metrics."""

_item, _before = aliased(CuratedItem), aliased(CuratedItem)
_score, _old_score = aliased(Prediction), aliased(Prediction)


def learned_in(version_id: int) -> dict[str, Any]:
    """What a version learned, and which labels changed, as its metrics keep them."""
    version = session().get_one(ModelVersion, version_id)
    parent = version.parent
    labels = _label_counts(version, parent)
    learned = Learned(
        parent=parent.number if parent else None,
        training_labels=labels["training_labels"],
        test_labels=labels["test_labels"],
        halved=labels["halved"],
        restored=labels["restored"],
        excluded=_excluded(version, parent),
        included=_included(version, parent) if parent else 0,
        new_images=_new_images(version, parent) if parent else 0,
        **(_flips(version, parent) if parent else {"flipped": 0, "flipped_held_out": 0}),
        comparable=parent is None
        or ("cross_validated" in parent.metrics) == ("cross_validated" in version.metrics),
    )
    changed = {
        "training_total": labels["training_changed"],
        "test_total": labels["test_changed"],
        "training": _listed(version, parent, labels["training_changed"], held_out=False),
        "test": _listed(version, parent, labels["test_changed"], held_out=True),
    }
    session().rollback()
    return asdict(learned) | {"changed": changed}


def has_one_score(version_id: int) -> bool:
    """Whether every image has the same score: the model found nothing that tells them apart."""
    least, most = (
        session()
        .execute(
            select(func.min(Prediction.logit), func.max(Prediction.logit)).where(
                Prediction.version_id == version_id
            )
        )
        .one()
    )
    session().rollback()
    return bool(least == most)


def _count(condition: ColumnElement[bool]) -> ColumnElement[int]:
    return func.count(case((condition, 1)))


def _labels_before(parent: ModelVersion | None) -> SQLColumnExpression[str | None]:
    """An image's label in the parent; its imported one, or null, where the parent has none."""
    if parent is None:
        return Image.label
    return func.coalesce(_before.label, Image.label)


def _changed(parent: ModelVersion | None) -> ColumnElement[bool]:
    """Whether the label differs from the imported one or from the parent's."""
    return or_(
        _item.label.is_distinct_from(Image.label),
        _item.label.is_distinct_from(_labels_before(parent)),
    )


def _items(query: Select[Any], version: ModelVersion, parent: ModelVersion | None) -> Select[Any]:
    """The query over the version's items, with their images and the parent's items."""
    joined = query.select_from(_item).join(Image, Image.id == _item.image_id)
    if parent is not None:
        joined = joined.outerjoin(
            _before,
            (_before.image_id == _item.image_id) & (_before.dataset_id == parent.dataset_id),
        )
    return joined.where(_item.dataset_id == version.dataset_id)


def _label_counts(version: ModelVersion, parent: ModelVersion | None) -> dict[str, int]:
    differs = _item.label.is_distinct_from(_labels_before(parent))
    weight = func.coalesce(_before.weight, 1.0) if parent else literal(1.0)
    training = _item.held_out.is_(False)
    wanted = {
        "training_labels": training & differs,
        "test_labels": _item.held_out & differs,
        "halved": training & (_item.weight < weight),
        "restored": training & (_item.weight > weight),
        "training_changed": training & _changed(parent),
        "test_changed": _item.held_out & _changed(parent),
    }
    row = session().execute(
        _items(select(*(_count(each) for each in wanted.values())), version, parent)
    )
    return dict(zip(wanted, row.one(), strict=True))


def _listed(
    version: ModelVersion, parent: ModelVersion | None, changed: int, *, held_out: bool
) -> list[int]:
    """The images of one split with a changed label, at most `LISTED`: what is new first."""
    if not changed:
        return []
    found = session().scalars(
        _items(select(_item.image_id), version, parent)
        .where(_item.held_out.is_(held_out), _changed(parent))
        .order_by(_item.label.is_not_distinct_from(_labels_before(parent)), _item.image_id)
        .limit(LISTED)
    )
    return list(found)


def _excluded(version: ModelVersion, parent: ModelVersion | None) -> int:
    if parent is None:
        return int(version.dataset.counts.get("excluded", 0))
    still = exists().where(
        _item.dataset_id == version.dataset_id, _item.image_id == _before.image_id
    )
    query = select(func.count()).select_from(_before)
    return session().scalar(query.where(_before.dataset_id == parent.dataset_id, ~still)) or 0


def _included(version: ModelVersion, parent: ModelVersion) -> int:
    """Images that the parent knew and did not learn from or test on, and this version does."""
    was_in = exists().where(
        _before.dataset_id == parent.dataset_id, _before.image_id == _item.image_id
    )
    query = (
        select(func.count())
        .select_from(_item)
        .join(_old_score, _old_score.image_id == _item.image_id)
        .where(_item.dataset_id == version.dataset_id, _old_score.version_id == parent.id, ~was_in)
    )
    return session().scalar(query) or 0


def _new_images(version: ModelVersion, parent: ModelVersion) -> int:
    known = exists().where(
        _old_score.version_id == parent.id, _old_score.image_id == _score.image_id
    )
    query = select(func.count()).select_from(_score)
    return session().scalar(query.where(_score.version_id == version.id, ~known)) or 0


def _flips(version: ModelVersion, parent: ModelVersion) -> dict[str, int]:
    other_side = _score.outcome.in_(CALLED_FAKE) != _old_score.outcome.in_(CALLED_FAKE)
    row = session().execute(
        select(func.count(), _count(Image.held_out.is_(True)))
        .select_from(_score)
        .join(_old_score, _old_score.image_id == _score.image_id)
        .join(Image, Image.id == _score.image_id)
        .where(_score.version_id == version.id, _old_score.version_id == parent.id, other_side)
    )
    return dict(zip(("flipped", "flipped_held_out"), row.one(), strict=True))
