"""Cut a version's layouts into cells: the squares of each level, with what lies in them."""

from __future__ import annotations

from sqlalchemy import delete, insert

from workbench.analysis.layout.cells import summarise_cells
from workbench.services.models.scores import Scores
from workbench.store.chunks import change_in_chunks, write_in_chunks
from workbench.store.outcomes import OUTCOMES
from workbench.store.results import Cell


def write_cells(version_id: int, scores: Scores) -> None:
    """Write a version's cells afresh, in chunks."""
    rows = [
        {
            "version_id": version_id,
            "layout": layout,
            "level": cell.level,
            "row": cell.row,
            "column": cell.column,
            **dict(zip(OUTCOMES, cell.counts, strict=True)),
            "mean_p": cell.mean_p,
            "sensitivity": cell.sensitivity,
            "measured": cell.measured,
            "mean_activation": [float(f"{value:.6g}") for value in cell.mean_activation],
            "exemplar_id": int(scores.image_ids[cell.exemplar]),
        }
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
