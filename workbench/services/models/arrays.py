"""What of a version lies in artifact files, read back for its pages."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

import numpy as np
from flask_babel import gettext
from numpy.typing import NDArray
from sqlalchemy import select
from sqlalchemy.orm import joinedload

from workbench.config import Settings
from workbench.services.errors import NotFoundError, UnavailableError
from workbench.store.artifacts import (
    Artifact,
    ArtifactDamagedError,
    load_arrays,
    load_rows,
)
from workbench.store.database import session
from workbench.store.results import Prediction, ResultShard
from workbench.store.versions import ModelVersion


def activations_of(rows: Sequence[tuple[int, int]], settings: Settings) -> NDArray[np.float32]:
    """Activations (image, K) of these rows, each (shard id, row in it); a shard is read once."""
    shards = {
        shard.id: shard.artifact
        for shard in session().scalars(
            select(ResultShard)
            .options(joinedload(ResultShard.artifact))
            .where(ResultShard.id.in_({shard for shard, _row in rows}))
        )
    }
    arrays = {
        shard_id: _array(settings.artifact_dir, artifact, "activations")
        for shard_id, artifact in shards.items()
    }
    return np.array([arrays[shard_id][row] for shard_id, row in rows], dtype=np.float32)


def all_activations(
    version_id: int, settings: Settings
) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """Ids of a version's images, ascending, and their activations (image, K).

    Raises UnavailableError where a file is lost or damaged.
    """
    places = session().execute(
        select(Prediction.image_id, Prediction.shard_id, Prediction.row)
        .where(Prediction.version_id == version_id)
        .order_by(Prediction.image_id)
    )
    rows = places.tuples().all()
    found = activations_of([(shard_id, row) for _id, shard_id, row in rows], settings)
    session().rollback()
    return np.array([image_id for image_id, _shard, _row in rows], np.int64), found


def logit_weights_of(version_id: int, settings: Settings) -> NDArray[np.float32]:
    """w, the weight of each dimension in the logit; + toward fake."""
    version = session().get_one(ModelVersion, version_id)
    return _array(settings.artifact_dir, version.weights, "logit_weight")


def readings_of(version_id: int) -> tuple[str, ...]:
    """What each dimension reads of the embedding, in words; empty for versions before that."""
    version = session().get_one(ModelVersion, version_id)
    found = version.metrics.get("readings") or [""] * version.dimensions
    return tuple(found)


def rows_of(
    version_id: int, image_id: int, settings: Settings
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """One image's activations (K) and token map (K, patch) under a version."""
    prediction = session().get(Prediction, (version_id, image_id))
    if prediction is None:
        raise NotFoundError(gettext("This version has no prediction for this image."))
    return rows_at(prediction, settings)


def rows_at(
    prediction: Prediction, settings: Settings
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """The same of an image whose prediction is read already."""
    artifact = prediction.shard.artifact
    try:
        activations, maps = (
            load_rows(settings.artifact_dir, artifact, name, prediction.row)
            for name in ("activations", "token_maps")
        )
    except ArtifactDamagedError as error:
        raise UnavailableError(
            gettext(
                "The heatmap of this image is missing or damaged. Retrain to compute it again."
            ),
            detail=f"{error}.",
        ) from error
    return activations.astype(np.float32), maps.astype(np.float32)


def _array(directory: Path, artifact: Artifact, name: str) -> NDArray[np.float32]:
    return _cached_array(
        directory, artifact.id, artifact.path, artifact.sha256, artifact.kind, name
    )


@lru_cache(maxsize=512)
def _cached_array(
    directory: Path, _id: int, path: str, sha256: str, kind: str, name: str
) -> NDArray[np.float32]:
    try:
        arrays = load_arrays(directory, Artifact(path=path, sha256=sha256, kind=kind))
    except ArtifactDamagedError as error:
        raise UnavailableError(
            gettext("A file of this version is missing or damaged. Retrain to compute it again."),
            detail=f"{error}.",
        ) from error
    return arrays[name].astype(np.float32)
