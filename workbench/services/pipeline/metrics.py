"""The figures of a version: on its test set, and cross-validated on its training images."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import structlog
import torch
from numpy.typing import NDArray
from scipy.special import expit
from sqlalchemy import Row, select

from workbench.analysis.distiller.calibration import expected_calibration_error
from workbench.analysis.distiller.dimensions import match_dimensions
from workbench.analysis.metrics import accuracy, auc, auc_with_interval
from workbench.config import Settings
from workbench.services.pipeline.scores import Scores, load_scores
from workbench.store.artifacts import ArtifactDamagedError
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
    """
    version = session().get_one(ModelVersion, version_id)
    curated = _curated(version.dataset_id)
    held_out = [(each.image_id, each.label, each.group_key) for each in curated if each.held_out]
    training = [
        (each.image_id, each.label, each.group_key) for each in curated if not each.held_out
    ]
    imported = _held_out_as_imported(version.collection_id)
    parent = version.parent_id
    session().rollback()
    tested = _figures(held_out, scores, settings)
    found = {("held_out_auc" if name == "auc" else name): each for name, each in tested.items()}
    found["held_out_as_imported"] = _figures(imported, scores, settings)
    found["cross_validated"] = _figures(training, scores, settings)
    if parent is not None:
        found |= _beside_parent(held_out, scores, parent, settings)
    return found


_Labelled = tuple[int, str, str]
"""An image's id, its label, its source group."""


def _figures(images: list[_Labelled], scores: Scores, settings: Settings) -> dict[str, object]:
    """Of those of the images that were scored."""
    rows = scores.rows_of([image_id for image_id, _label, _group in images])
    known = np.flatnonzero(rows >= 0)
    fake = np.array([label == "fake" for _id, label, _group in images], dtype=bool)
    group = np.unique([group for _id, _label, group in images], return_inverse=True)[1]
    logits = scores.logits[rows[known]].astype(np.float32)
    return figures(fake[known], logits, group[known], seed=settings.seed)


def _beside_parent(
    held_out: list[_Labelled], scores: Scores, parent_id: int, settings: Settings
) -> dict[str, object]:
    logits = _logits(parent_id)
    both = [each for each in held_out if each[0] in logits]
    fake = np.array([label == "fake" for _id, label, _group in both], dtype=bool)
    known = np.array([logits[image_id] for image_id, _label, _group in both])
    found: dict[str, object] = {"parent_auc": auc(fake, known)}
    try:
        parent = load_scores(parent_id, settings)
    except ArtifactDamagedError as error:
        log.warning("the parent's results are lost", version=parent_id, error=str(error))
        return found
    match = _match([image_id for image_id, _label, _group in both], scores, parent)
    return found if match is None else found | {"dimension_match": match}


def _match(image_ids: list[int], scores: Scores, parent: Scores) -> float | None:
    """The mean correlation of matched dimensions on the images that both versions scored."""
    rows, known = scores.rows_of(image_ids), parent.rows_of(image_ids)
    both = (rows >= 0) & (known >= 0)
    before, after = parent.activations[known[both]], scores.activations[rows[both]]
    if not both.any() or before.shape != after.shape:
        return None
    # One that is silent in both versions has no meaning to keep, and must not count as lost.
    moving = max(int((z != z[:1]).any(axis=0).sum()) for z in (before, after))
    if not moving:
        return None
    matched = match_dimensions(torch.from_numpy(before), torch.from_numpy(after))
    return float(matched.sum()) / moving


def _logits(version_id: int) -> dict[int, float]:
    found = session().execute(
        select(Prediction.image_id, Prediction.logit).where(Prediction.version_id == version_id)
    )
    return dict(found.tuples().all())


def _curated(dataset_id: int) -> Sequence[Row[tuple[int, str, bool, str]]]:
    return (
        session()
        .execute(
            select(CuratedItem.image_id, CuratedItem.label, CuratedItem.held_out, Image.group_key)
            .join(Image, Image.id == CuratedItem.image_id)
            .where(CuratedItem.dataset_id == dataset_id)
            .order_by(CuratedItem.image_id)
        )
        .all()
    )


def _held_out_as_imported(collection_id: int) -> list[_Labelled]:
    """The collection's test set with its labels as imported, excluded images among it."""
    found = session().execute(
        select(Image.id, Image.label, Image.group_key)
        .where(Image.collection_id == collection_id, Image.held_out)
        .order_by(Image.id)
    )
    return list(found.tuples().all())
