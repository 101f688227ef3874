"""Lay a version's images out in the plane, starting from its parent's layout."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import select, update

from workbench.analysis.layout import umap
from workbench.config import Settings
from workbench.services.pipeline.scores import Scores
from workbench.services.progress import Progress
from workbench.store.chunks import write_in_chunks
from workbench.store.database import session
from workbench.store.results import Prediction

STAGE = "Computing layout"


def lay_out(
    version_id: int, parent_id: int | None, scores: Scores, settings: Settings, progress: Progress
) -> Scores:
    """The scores with coordinates for each image, written in chunks.

    A layout that is there is kept; one that was written in part is computed again.
    """
    progress.advance(0, 1, STAGE)
    if np.isnan(scores.coordinates).any():
        coordinates = umap.lay_out(
            scores.activations,
            seed=settings.seed,
            parent=_coordinates(parent_id, scores.image_ids) if parent_id else None,
        )
        rows = [
            {"version_id": version_id, "image_id": int(image_id), "x": x, "y": y}
            for image_id, (x, y) in zip(scores.image_ids, coordinates.tolist(), strict=True)
        ]
        write_in_chunks(rows, lambda write, chunk: write.execute(update(Prediction), chunk))
        scores = replace(scores, coordinates=coordinates)
    progress.advance(1, 1, STAGE)
    return scores


def _coordinates(version_id: int, image_ids: NDArray[np.int64]) -> NDArray[np.float64]:
    """(image, 2) in a version's layout; NaN for images that it has not laid out."""
    rows = session().execute(
        select(Prediction.image_id, Prediction.x, Prediction.y).where(
            Prediction.version_id == version_id, Prediction.x.is_not(None)
        )
    )
    known = {image_id: (x, y) for image_id, x, y in rows}
    session().rollback()
    unknown = (np.nan, np.nan)
    return np.array([known.get(int(image_id), unknown) for image_id in image_ids], dtype=float)
