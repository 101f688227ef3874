"""What a version says of every image, read once and handed from step to step of its run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import select

from workbench.analysis.cross_fitting.folds import NO_FOLD
from workbench.analysis.layout.mixtures import DEFAULT_LAYOUT, LAYOUTS
from workbench.config import Settings
from workbench.store.artifacts import load_arrays
from workbench.store.database import session
from workbench.store.outcomes import are_wrong, code_of
from workbench.store.results import Placement, Prediction, ResultShard


@dataclass(frozen=True)
class Scores:
    """A version's predictions: arrays with one entry an image, by ascending id."""

    image_ids: NDArray[np.int64]
    fake: NDArray[np.bool_]
    """Whether its final label is fake."""
    outcomes: NDArray[np.int64]
    """Index into `OUTCOMES`."""
    p: NDArray[np.float64]
    logits: NDArray[np.float64]
    sensitivity: NDArray[np.float64]
    """As `Prediction.sensitivity`; NaN where it was not measured."""
    layouts: Mapping[str, NDArray[np.float64]]
    """By name: (image, 2), x and y in [0, 1); NaN where an image has none yet."""
    folds: NDArray[np.int64]
    """Whose head scored the image; `NO_FOLD` for the final one."""
    shard_ids: NDArray[np.int64]
    """The result shard that the image's arrays lie in."""
    shard_rows: NDArray[np.int64]
    activations: NDArray[np.float32]
    """(image, K)."""

    def rows_of(self, image_ids: Sequence[int]) -> NDArray[np.int64]:
        """The entry of each of these images; -1 for one without a prediction."""
        ids = np.array(image_ids, dtype=np.int64)
        if not len(self.image_ids):
            return np.full(len(ids), -1)
        at = np.minimum(np.searchsorted(self.image_ids, ids), len(self.image_ids) - 1)
        return np.where(self.image_ids[at] == ids, at, -1)

    @property
    def coordinates(self) -> NDArray[np.float64]:
        """In the layout that pages begin with."""
        return self.layouts[DEFAULT_LAYOUT]

    @property
    def wrong(self) -> NDArray[np.bool_]:
        """Where the model's decision differs from the label."""
        return are_wrong(self.outcomes)


def load_scores(version_id: int, settings: Settings) -> Scores:
    """Read a version's predictions. Raises ArtifactDamagedError where a result file is lost."""
    rows = (
        session()
        .execute(
            select(
                Prediction.image_id,
                Prediction.label,
                Prediction.outcome,
                Prediction.p,
                Prediction.logit,
                (Prediction.removed_change - Prediction.control_change).label("sensitivity"),
                Prediction.fold,
                Prediction.shard_id,
                Prediction.row,
            )
            .where(Prediction.version_id == version_id)
            .order_by(Prediction.image_id)
        )
        .all()
    )
    shards = of_shards(version_id, "activations", settings)
    activations = [shards[row.shard_id][row.row] for row in rows]
    return Scores(
        image_ids=np.array([row.image_id for row in rows], dtype=np.int64),
        fake=np.array([row.label == "fake" for row in rows], dtype=bool),
        outcomes=np.array([code_of(row.outcome) for row in rows], dtype=np.int64),
        p=np.array([row.p for row in rows], dtype=np.float64),
        logits=np.array([row.logit for row in rows], dtype=np.float64),
        sensitivity=np.array([row.sensitivity for row in rows], dtype=np.float64),
        layouts=layouts_of(version_id, np.array([row.image_id for row in rows], dtype=np.int64)),
        folds=np.array([NO_FOLD if row.fold is None else row.fold for row in rows], dtype=np.int64),
        shard_ids=np.array([row.shard_id for row in rows], dtype=np.int64),
        shard_rows=np.array([row.row for row in rows], dtype=np.int64),
        activations=np.stack(activations).astype(np.float32),
    )


def layouts_of(version_id: int, image_ids: NDArray[np.int64]) -> dict[str, NDArray[np.float64]]:
    """A version's layouts by name: (image, 2) for these images; NaN where one has no place."""
    found = {}
    for name in LAYOUTS:
        rows = session().execute(
            select(Placement.image_id, Placement.x, Placement.y).where(
                Placement.version_id == version_id, Placement.layout == name
            )
        )
        known = {image_id: (x, y) for image_id, x, y in rows}
        places = [known.get(int(image_id), (np.nan, np.nan)) for image_id in image_ids]
        found[name] = np.array(places, dtype=np.float64).reshape(-1, 2)
    session().rollback()
    return found


def of_shards(version_id: int, name: str, settings: Settings) -> dict[int, NDArray[np.generic]]:
    """One array of each of the version's result shards."""
    found = {
        shard.id: load_arrays(settings.artifact_dir, shard.artifact)[name]
        for shard in session().scalars(
            select(ResultShard).where(ResultShard.version_id == version_id)
        )
    }
    session().rollback()
    return found
