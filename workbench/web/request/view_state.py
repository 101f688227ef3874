"""What somebody has set a collection's pages to: version, part of the layout, filters, orders."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any, Self

from workbench.services.explore.cells import Window
from workbench.services.explore.filters import Filters, Selection
from workbench.services.explore.lasso import Lasso
from workbench.web.request.windows import LevelWindow

DIMENSION_ORDERS = ("index", "difference")
MOST_DIMENSIONS = 64
UNBOUNDED = 1e6
"""No logit, activation or sensitivity comes near it."""


@dataclass(frozen=True)
class ViewState:
    """One collection under one model version, as somebody has set it up."""

    name: str
    version: int | None = None
    layout: str | None = None
    level: int = 0
    window: Window | None = None
    filters: Filters = field(default_factory=Filters)
    cell: int | None = None
    lasso: Lasso | None = None
    pattern: int | None = None
    a: int | None = None
    b: int | None = None
    order: str = "uncertain"
    shuffle: int = 0
    """Which of the random orders."""
    dimension: int | None = None
    sort: str = "contribution"
    """Order of the patterns."""
    by: str = "index"
    """Order of the dimensions."""
    queue: bool = False
    """Images come from the list of misclassified ones without a verdict, one after the other."""

    @property
    def selection(self) -> Selection:
        """The images that this view is about."""
        return Selection(
            filters=self.filters, cell_id=self.cell, lasso=self.lasso, pattern_id=self.pattern
        )

    @property
    def narrowed(self) -> bool:
        """Whether the images are fewer than the collection's."""
        return self.selection != Selection()

    def changed(self, **changes: Any) -> Self:
        """This view with some of its fields changed."""
        return replace(self, **changes)

    def filtered(self, **changes: Any) -> Self:
        """This view with some of its filters changed."""
        return replace(self, filters=replace(self.filters, **changes))

    def at(self, window: LevelWindow) -> Self:
        """This view of another part of the layout."""
        part = Window(window.column, window.row, window.columns, window.rows)
        return replace(self, level=window.level, window=part if window.level > 0 else None)
