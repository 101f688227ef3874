"""One image's panels: what is known of it, and what its score is made of."""

from __future__ import annotations

from dataclasses import dataclass

from workbench.services.explore import descriptions
from workbench.services.explore.descriptions import DimensionView
from workbench.services.image import detail as image_detail
from workbench.services.image.detail import ImageDetail
from workbench.web.presenters.score import Breakdown, breakdown


@dataclass(frozen=True)
class ImagePanel:
    """An image under one version, with its score taken apart, and what its dimensions show."""

    detail: ImageDetail
    views: tuple[DimensionView, ...]
    score: Breakdown


def image_panel(version_id: int, image_id: int) -> ImagePanel:
    """An image of the version's collection. Raises NotFoundError for any other."""
    detail = image_detail.image_detail(version_id, image_id)
    views = descriptions.dimension_views(version_id)
    return ImagePanel(
        detail,
        views,
        breakdown(detail.base_logit, detail.logit, detail.dimensions, views, detail.groups),
    )
