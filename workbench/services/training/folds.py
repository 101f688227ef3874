"""Folds of a collection's images: divided at a training, kept by the versions that follow."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from sqlalchemy import exists, select

from workbench.analysis.cross_fitting.folds import NO_FOLD, Folds, divide
from workbench.store.database import session
from workbench.store.images import Image
from workbench.store.results import Prediction
from workbench.store.versions import CuratedItem, ModelVersion


@dataclass(frozen=True)
class ToDivide:
    """A training image: its final label, its source group."""

    image_id: int
    fake: bool
    group_key: str


def divided(
    images: list[ToDivide], known: Mapping[int, int], *, seed: int
) -> tuple[dict[int, int], Folds]:
    """The fold of each training image by its id, and how they were divided.

    known: folds of images in the version that training starts from; groups keep theirs.
    """
    found = divide(
        np.array([each.fake for each in images], dtype=bool),
        np.unique([each.group_key for each in images], return_inverse=True)[1],
        np.array([known.get(each.image_id, NO_FOLD) for each in images], dtype=np.int64),
        seed=seed,
    )
    ids = [each.image_id for each in images]
    return dict(zip(ids, found.by_image.tolist(), strict=True)), found


def folds_of(version_id: int | None) -> dict[int, int]:
    """The folds of a version's images by image id; empty before cross-fitting, and for None.

    Of excluded images too: a retrain starts from heads that may have seen them before.
    """
    found = session().execute(
        select(Prediction.image_id, Prediction.fold).where(
            Prediction.version_id == version_id, Prediction.fold.is_not(None)
        )
    )
    return {image_id: fold for image_id, fold in found if fold is not None}


def folds_of_others(version: ModelVersion) -> dict[int, int]:
    """The folds of images that the version's dataset has not, excluded ones and new ones, by id.

    That of their group, or else the one that they had in the parent version: the final head has
    seen what is like them, or started from weights that have. Others have none.
    """
    listed = exists().where(
        CuratedItem.dataset_id == version.dataset_id, CuratedItem.image_id == Image.id
    )
    others = session().execute(
        select(Image.id, Image.group_key, Prediction.fold)
        .outerjoin(
            Prediction,
            (Prediction.image_id == Image.id) & (Prediction.version_id == version.parent_id),
        )
        .where(Image.collection_id == version.collection_id, ~Image.held_out, ~listed)
    )
    rows = others.tuples().all()
    by_group = _folds_of_groups(version, {group for _id, group, _fold in rows})
    found = {image_id: by_group.get(group, fold) for image_id, group, fold in rows}
    return {image_id: fold for image_id, fold in found.items() if fold is not None}


def _folds_of_groups(version: ModelVersion, groups: set[str]) -> dict[str, int]:
    if not groups:
        return {}
    found = session().execute(
        select(Image.group_key, CuratedItem.fold)
        .join(CuratedItem, CuratedItem.image_id == Image.id)
        .where(
            CuratedItem.dataset_id == version.dataset_id,
            CuratedItem.fold.is_not(None),
            Image.collection_id == version.collection_id,
            Image.group_key.in_(groups),
        )
        .distinct()
    )
    return {group: fold for group, fold in found if fold is not None}
