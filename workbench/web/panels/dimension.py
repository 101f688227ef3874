"""The panel of the dimension that is picked: what it shows, its regions, its part in errors."""

from __future__ import annotations

from dataclasses import dataclass

from workbench.services.explore import descriptions, dimension_errors, dimensions
from workbench.services.explore.descriptions import DescribedImages
from workbench.services.explore.dimension_errors import PartInErrors
from workbench.services.explore.dimensions import Carriers
from workbench.services.explore.filters import Chosen
from workbench.web.panels.dimensions import DimensionsPanel
from workbench.web.presenters.dimensions import DrawnDimension
from workbench.web.request.view import View


@dataclass(frozen=True)
class DimensionPanel:
    """One dimension, over the two sides of the violins."""

    drawn: DrawnDimension
    described: DescribedImages | None
    """None in versions from before dimensions were described."""
    carriers: Carriers
    errors: tuple[tuple[str, PartInErrors], ...]
    """Of each side, by its name; one where both are the same images."""


def dimension_panel(
    view: View, version_id: int, chosen: Chosen, sides: DimensionsPanel
) -> DimensionPanel | None:
    """The view's dimension; None where it picks none. Raises InvalidError for an unknown one."""
    if view.dimension is None:
        return None
    carriers = dimensions.carriers(chosen, view.dimension, view.a, view.b)
    parts = dimension_errors.parts_in_errors(chosen, view.dimension, view.a, view.b)
    names = (sides.left_name, sides.right_name)
    return DimensionPanel(
        drawn=next(each for each in sides.dimensions if each.index == view.dimension),
        described=descriptions.described_images(version_id),
        carriers=carriers,
        errors=tuple(zip(names, parts, strict=False)),
    )
