"""The dimensions panel: the distribution of each dimension's activation in two sets of images."""

from __future__ import annotations

from dataclasses import dataclass

from flask_babel import gettext

from workbench.services.explore import descriptions, dimensions
from workbench.services.explore.filters import Chosen
from workbench.web.presenters.dimensions import DrawnDimension, drawn
from workbench.web.request.view import View
from workbench.web.site.description_words import short_words


@dataclass(frozen=True)
class DimensionsPanel:
    """The violins in the view's order, and what their two sides are over."""

    dimensions: tuple[DrawnDimension, ...]
    left_name: str
    right_name: str

    @property
    def names(self) -> tuple[str, ...]:
        """What each dimension shows, by index, in a few words; empty where nothing is known."""
        ordered = sorted(self.dimensions, key=lambda each: each.index)
        return tuple(short_words(each.shown) for each in ordered)


def dimensions_panel(view: View, version_id: int, chosen: Chosen) -> DimensionsPanel:
    """All dimensions of a version. Raises NotFoundError for another version's cell."""
    return DimensionsPanel(
        dimensions=drawn(
            dimensions.violins(chosen, view.a, view.b),
            descriptions.dimension_views(version_id),
            view.by,
        ),
        left_name=_left_name(view),
        right_name=_right_name(view),
    )


def _left_name(view: View) -> str:
    if view.a:
        return "A"
    if view.cell:
        return gettext("the selected cell")
    if view.lasso or view.pattern:
        return gettext("the selected images")
    return _right_name(view.changed(b=None))


def _right_name(view: View) -> str:
    if view.b:
        return "B"
    return gettext("all that match the filters") if view.filters.any else gettext("all images")
