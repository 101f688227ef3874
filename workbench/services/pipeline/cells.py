"""Cut a version's layouts into cells: the squares of each level, with what lies in them."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import delete, insert

from workbench.analysis.layout.cells import CellSummary, summarise_cells
from workbench.services.models.scores import Scores
from workbench.store.chunks import change_in_chunks, write_in_chunks
from workbench.store.outcomes import OUTCOMES
from workbench.store.results import Cell


def write_cells(version_id: int, scores: Scores) -> None:
    """Write a version's cells afresh, in chunks."""
    rows = [
        {"version_id": version_id, "layout": layout} | values_of(cell, scores.image_ids)
        for layout, coordinates in scores.layouts.items()
        for cell in summarise_cells(
            coordinates,
            scores.outcomes,
            scores.p,
            scores.sensitivity,
            scores.activations,
            kinds=len(OUTCOMES),
        )
    ]
    change_in_chunks(delete(Cell), Cell.id, Cell.version_id == version_id)
    write_in_chunks(rows, lambda write, chunk: write.execute(insert(Cell), chunk))


def values_of(cell: CellSummary, image_ids: NDArray[np.int64]) -> dict[str, Any]:
    """A cell as its row holds it; `image_ids` are those of the images that it was made of."""
    return {
        "level": cell.level,
        "row": cell.row,
        "column": cell.column,
        **dict(zip(OUTCOMES, cell.counts, strict=True)),
        "mean_p": cell.mean_p,
        "sensitivity": cell.sensitivity,
        "measured": cell.measured,
        "mean_activation": [float(f"{value:.6g}") for value in cell.mean_activation],
        "exemplar_id": int(image_ids[cell.exemplar]),
    }
