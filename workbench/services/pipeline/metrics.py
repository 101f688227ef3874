"""The figures of a version: on its test set, and cross-validated on its training images."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch
from jaxtyping import Float
from numpy.typing import NDArray
from scipy.special import expit
from sqlalchemy import select
from torch import Tensor

from workbench.analysis.distiller.calibration import expected_calibration_error
from workbench.analysis.distiller.dimensions import match_dimensions
from workbench.analysis.distiller.folds import NO_FOLD
from workbench.analysis.distiller.head import DistilledHead
from workbench.analysis.distiller.train import Trained
from workbench.analysis.distiller.training_set import TrainingSet
from workbench.analysis.metrics import accuracy, auc, auc_with_interval
from workbench.store.database import session
from workbench.store.images import Image


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


def figures_of_version(
    trained: Trained,
    training: TrainingSet,
    held_out: TrainingSet,
    as_imported: TrainingSet,
    parent: DistilledHead | None,
    *,
    seed: int,
) -> dict[str, object]:
    """A version's figures by the names that pages read them by.

    Test set: `n`, `held_out_auc`, … with final labels. `held_out_as_imported`: the same images and
    those that people excluded, with their labels as imported, so that what relabelling does to a
    figure can be told from what training does. `cross_validated`: the training images, each by the
    head that has not seen it. `parent_auc`: the parent on the test set with today's labels.
    """
    logit = trained.head.logit(held_out.embedding)
    tested = figures(held_out.labels, logit.numpy(), held_out.group, seed=seed)
    found = {("held_out_auc" if name == "auc" else name): each for name, each in tested.items()}
    found["held_out_as_imported"] = figures(
        as_imported.labels,
        trained.head.logit(as_imported.embedding).numpy(),
        as_imported.group,
        seed=seed,
    )
    found["cross_validated"] = figures(
        training.labels,
        trained.logit.numpy(),
        training.group,
        seed=seed,
    )
    if parent is not None:
        found |= _beside_parent(trained.head, parent, held_out)
    return found


def _beside_parent(
    head: DistilledHead, parent: DistilledHead, held_out: TrainingSet
) -> dict[str, object]:
    x = held_out.embedding
    found: dict[str, object] = {"parent_auc": auc(held_out.labels, parent.logit(x).numpy())}
    both = (parent.activation(x), head.activation(x))
    # One that is silent in both versions has no meaning to keep, and must not count as lost.
    moving = max(int((z != z[:1]).any(dim=0).sum()) for z in both)
    if moving:
        found["dimension_match"] = float(match_dimensions(*both).sum()) / moving
    return found


def as_imported(
    collection_id: int, rows: Mapping[int, int], embedding: Float[Tensor, "image feature"]
) -> TrainingSet:
    """The collection's test set with its labels as imported, excluded images among it.

    rows: row in the embedding by image id.
    """
    found = [
        row
        for row in session().execute(
            select(Image.id, Image.label, Image.group_key)
            .where(Image.collection_id == collection_id, Image.held_out)
            .order_by(Image.id)
        )
        if row.id in rows
    ]
    count = len(found)
    return TrainingSet(
        embedding=embedding[[rows[each.id] for each in found]],
        fake=torch.tensor([float(each.label == "fake") for each in found]),
        weight=torch.ones(count),
        group=np.unique([each.group_key for each in found], return_inverse=True)[1],
        fold=np.full(count, NO_FOLD),
    )
