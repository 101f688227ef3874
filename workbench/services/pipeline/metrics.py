"""The figures of a version: on its test set, and cross-validated on its training images."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import structlog
import torch
from numpy.typing import NDArray
from scipy.special import expit
from sqlalchemy import and_, select

from workbench.analysis.cross_fitting.calibration import expected_calibration_error
from workbench.analysis.distiller.dimensions import match_dimensions
from workbench.analysis.metrics import accuracy, auc, auc_with_interval
from workbench.config import Settings
from workbench.services.errors import UnavailableError
from workbench.services.models.arrays import activations_of
from workbench.services.models.figures import ALL_LABELLED
from workbench.services.models.outside import outside_of
from workbench.services.models.scores import Scores
from workbench.store.database import session
from workbench.store.images import Image
from workbench.store.results import Prediction
from workbench.store.versions import CuratedItem, ModelVersion

log = structlog.get_logger()


def figures(
    fake: NDArray[np.bool_], logit: NDArray[np.float32], group: NDArray[np.generic], *, seed: int
) -> dict[str, object]:
    """AUC and accuracy with their 95% intervals over groups, calibration error, number of images.

    All but the number are None where the images cannot tell.
    """
    found = auc_with_interval(fake, logit, group, seed=seed)
    right = accuracy(fake, logit, group)
    return {
        "n": len(fake),
        "auc": found.value if found else None,
        "auc_low": found.low if found else None,
        "auc_high": found.high if found else None,
        "accuracy": right.value if right else None,
        "accuracy_low": right.low if right else None,
        "accuracy_high": right.high if right else None,
        "calibration_error": expected_calibration_error(expit(logit), fake),
    }


def figures_of_version(version_id: int, scores: Scores, settings: Settings) -> dict[str, object]:
    """A scored version's figures by the names that pages read them by.

    Test set: `n`, `held_out_auc`, … with final labels. `held_out_as_imported`: the same images and
    those that people excluded, with their labels as imported, so that what relabelling does to a
    figure can be told from what training does. `cross_validated`: the training images, each by the
    head that has not seen it. `parent_auc`: the parent on the test set with today's labels.
    Of scores from outside `all_labelled` instead of the last two: all labelled images.
    """
    version = session().get_one(ModelVersion, version_id)
    parent, images = version.parent_id, _labelled(version)
    outside = outside_of(version.metrics) is not None
    session().rollback()
    curated = [each for each in images if each.label is not None]
    held_out = [each for each in curated if each.held_out]
    training = [each for each in curated if not each.held_out]
    imported = [
        replace(each, label=each.imported)
        for each in images
        if each.held_out and each.imported is not None
    ]
    tested = _figures(held_out, scores, settings)
    found = {("held_out_auc" if name == "auc" else name): each for name, each in tested.items()}
    found["held_out_as_imported"] = _figures(imported, scores, settings)
    if outside:
        return found | {ALL_LABELLED: _figures(curated, scores, settings)}
    found["cross_validated"] = _figures(training, scores, settings)
    if parent is not None:
        found |= _beside_parent(held_out, scores, parent, settings)
    return found


@dataclass(frozen=True)
class _Labelled:
    """An image with its label as imported, and the version's final one."""

    id: int
    group: str
    imported: str | None
    held_out: bool
    label: str | None
    """None where the version's dataset has it not: it was excluded, had no label, or came later."""


def _labelled(version: ModelVersion) -> list[_Labelled]:
    rows = session().execute(
        select(Image.id, Image.group_key, Image.label, Image.held_out, CuratedItem.label)
        .outerjoin(
            CuratedItem,
            and_(CuratedItem.image_id == Image.id, CuratedItem.dataset_id == version.dataset_id),
        )
        .where(Image.collection_id == version.collection_id)
        .order_by(Image.id)
    )
    return [_Labelled(*row) for row in rows]


def _figures(images: list[_Labelled], scores: Scores, settings: Settings) -> dict[str, object]:
    """Of those of the images that were scored."""
    rows = scores.rows_of([each.id for each in images])
    known = np.flatnonzero(rows >= 0)
    group = np.unique([each.group for each in images], return_inverse=True)[1]
    logits = scores.logits[rows[known]].astype(np.float32)
    return figures(_fake(images)[known], logits, group[known], seed=settings.seed)


def _fake(images: Sequence[_Labelled]) -> NDArray[np.bool_]:
    return np.array([each.label == "fake" for each in images], dtype=bool)


def _beside_parent(
    held_out: list[_Labelled], scores: Scores, parent_id: int, settings: Settings
) -> dict[str, object]:
    places = {
        image_id: (logit, (shard_id, row))
        for image_id, logit, shard_id, row in session().execute(
            select(
                Prediction.image_id, Prediction.logit, Prediction.shard_id, Prediction.row
            ).where(Prediction.version_id == parent_id)
        )
    }
    session().rollback()
    rows = scores.rows_of([each.id for each in held_out])
    both = [
        each for each, row in zip(held_out, rows, strict=True) if row >= 0 and each.id in places
    ]
    logits = np.array([places[each.id][0] for each in both])
    found: dict[str, object] = {"parent_auc": auc(_fake(both), logits)}
    try:
        before = activations_of([places[each.id][1] for each in both], settings)
    except UnavailableError as error:
        log.warning("the parent's results are lost", version=parent_id, error=str(error))
        return found
    match = _match(before, scores.activations[scores.rows_of([each.id for each in both])])
    return found if match is None else found | {"dimension_match": match}


def _match(before: NDArray[np.float32], after: NDArray[np.float32]) -> float | None:
    """The mean correlation of matched dimensions; None where they cannot be compared."""
    if not len(before) or before.shape != after.shape:
        return None
    # One that is silent in both versions has no meaning to keep, and must not count as lost.
    moving = max(int((z != z[:1]).any(axis=0).sum()) for z in (before, after))
    if not moving:
        return None
    matched = match_dimensions(torch.from_numpy(before), torch.from_numpy(after))
    return float(matched.sum()) / moving
