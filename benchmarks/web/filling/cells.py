"""Cells of the layout, on all levels, as an analysis cuts them."""

from __future__ import annotations

from itertools import islice

from benchmarks.web.filling.bulk import insert
from benchmarks.web.filling.writing import CHUNK, Filling, as_json
from workbench.analysis.layout.cells import CellSummary, summarise_cells
from workbench.analysis.layout.mixtures import DEFAULT_LAYOUT, LAYOUTS
from workbench.store.outcomes import OUTCOMES
from workbench.store.results import Cell


def write_cells(filling: Filling) -> None:
    """All levels of each layout, as an analysis cuts them; the one that pages begin with first."""
    first = 1
    for name in sorted(LAYOUTS, key=lambda each: each != DEFAULT_LAYOUT):
        first = _write_layout(filling, name, first)


def _write_layout(filling: Filling, name: str, first: int) -> int:
    made = filling.made
    cells = summarise_cells(
        made.coordinates,
        made.outcome,
        made.p,
        made.sensitivity,
        filling.kinds.activations[made.kind],
        kinds=len(OUTCOMES),
    )
    while some := list(islice(cells, CHUNK)):
        _write_some(filling, name, some, first)
        first += len(some)
    return first


def _write_some(filling: Filling, layout: str, some: list[CellSummary], first: int) -> None:
    insert(
        filling.bulk,
        Cell.__table__,
        {
            "id": list(range(first, first + len(some))),
            "version_id": filling.ids.version,
            "layout": layout,
            **{
                name: [getattr(cell, name) for cell in some]
                for name in ("level", "row", "column", "mean_p", "sensitivity", "measured")
            },
            **{
                name: [cell.counts[outcome] for cell in some]
                for outcome, name in enumerate(OUTCOMES)
            },
            "mean_activation": [as_json(cell.mean_activation.tolist()) for cell in some],
            "exemplar_id": [cell.exemplar + 1 for cell in some],
        },
    )
