"""The overview panel: the cells of the view's window as glyphs, with the marked ones."""

from __future__ import annotations

from dataclasses import dataclass

from workbench.services.explore import cell_card, grid
from workbench.services.explore.cell_card import CellDetail
from workbench.services.explore.filters import Chosen
from workbench.services.explore.grid import Overview
from workbench.web.presenters.overview import Drawing, drawing
from workbench.web.request.view import View


@dataclass(frozen=True)
class MarkedCells:
    """The cells that stand out; None where the view names none."""

    selected: CellDetail | None
    a: CellDetail | None
    b: CellDetail | None


@dataclass(frozen=True)
class OverviewPanel:
    """The cells of one window, and how they are drawn."""

    overview: Overview
    drawing: Drawing


def marked_cells(view: View, chosen: Chosen) -> MarkedCells:
    """The selected and the pinned cells. Raises NotFoundError for another version's cell."""
    details = {
        cell_id: cell_card.detail_of(chosen, cell_id)
        for cell_id in {view.cell, view.a, view.b}
        if cell_id is not None
    }
    selected, a, b = (
        details[cell_id] if cell_id is not None else None for cell_id in (view.cell, view.a, view.b)
    )
    return MarkedCells(selected, a, b)


def overview_panel(view: View, chosen: Chosen, marked: MarkedCells) -> OverviewPanel:
    """The view's window. Raises InvalidError for a level or window that the layout lacks."""
    overview = grid.overview(chosen, view.level, view.window, view.layout)
    framed = {
        mark: detail.cell
        for mark, detail in (("", marked.selected), ("A", marked.a), ("B", marked.b))
        if detail is not None and detail.cell.layout == overview.layout
    }
    return OverviewPanel(overview, drawing(overview, framed, view.lasso))
