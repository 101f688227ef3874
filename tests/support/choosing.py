"""Selections in one line."""

from __future__ import annotations

from typing import Any

from workbench.services.explore.filters import Chosen, Filters, Selection, choose
from workbench.services.explore.lasso import Lasso


def chosen(
    version_id: int,
    *,
    cell_id: int | None = None,
    lasso: Lasso | None = None,
    pattern_id: int | None = None,
    **filters: Any,
) -> Chosen:
    """The images of a cell, a lasso and a pattern that pass these filters; all by default."""
    selection = Selection(Filters(**filters), cell_id, lasso, pattern_id)
    return choose(version_id, selection)
