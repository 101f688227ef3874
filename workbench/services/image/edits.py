"""Edits of an image that a counterfactual tries: what they are, what they change, their names."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from flask_babel import gettext, lazy_gettext
from numpy.typing import NDArray

from workbench.analysis.regions.counterfactual import (
    FILLS,
    Fill,
)
from workbench.config import Settings
from workbench.services.columns.store import column_store
from workbench.services.encoding.pixels import PixelSource, read_pixels
from workbench.services.errors import InvalidError, NotFoundError, UnavailableError
from workbench.services.explore.layout import company_of, find_cell, level_number
from workbench.services.image.media import lost_words
from workbench.services.models.dimensions import check_dimension
from workbench.services.models.outside import require_trained
from workbench.services.models.versions import finished_version
from workbench.store.database import session
from workbench.store.image_files import LostImageError
from workbench.store.images import Image
from workbench.store.results import Cell, PixelGroup, Prediction

_FILLED = {
    "clone": lazy_gettext("group %(number)s filled with cloned texture"),
    "inpaint": lazy_gettext("group %(number)s inpainted"),
    "blur": lazy_gettext("group %(number)s blurred"),
    "mean": lazy_gettext("group %(number)s filled with the mean colour"),
}


@dataclass(frozen=True)
class RegionEdit:
    """A pixel group taken away."""

    group_id: int
    fill: Fill


@dataclass(frozen=True)
class DimensionEdit:
    """A distilled dimension set to 0, or to the mean of a cell.

    `to` names the cell by its id; `own` is the one that the image lies in, see `company_of`.
    """

    dimension: int
    to: int | Literal["zero", "own"] = "zero"


Edit = RegionEdit | DimensionEdit


def reference_cell(prediction: Prediction, edit: DimensionEdit) -> Cell | None:
    """The cell whose mean is taken; None for 0."""
    if edit.to == "zero":
        return None
    if edit.to != "own":
        return find_cell(prediction.version_id, edit.to)
    return company_of(column_store(prediction.version_id), prediction.image_id)


def label_of(version_id: int, image_id: int, edit: Edit) -> str:
    """What an edit that was tried is called, in the language of whoever tried it."""
    if isinstance(edit, RegionEdit):
        number = session().get_one(PixelGroup, edit.group_id).number + 1
        return str(_FILLED[edit.fill]) % {"number": number}
    cell = reference_cell(session().get_one(Prediction, (version_id, image_id)), edit)
    if cell is None:
        return str(gettext("dimension %(index)s set to 0", index=edit.dimension))
    mean = f"{cell.mean_activation[edit.dimension]:.2f}"
    if edit.to == "own":
        return str(
            gettext(
                "dimension %(index)s set to %(mean)s (mean of its own cell)",
                index=edit.dimension,
                mean=mean,
            )
        )
    return str(
        gettext(
            "dimension %(index)s set to %(mean)s (mean of the cell in column %(column)s, "
            "row %(row)s of level %(level)s)",
            index=edit.dimension,
            mean=mean,
            column=cell.column + 1,
            row=cell.row + 1,
            level=level_number(cell.level),
        )
    )


def group_of(version_id: int, image_id: int, edit: RegionEdit) -> PixelGroup:
    """The pixel group that an edit removes.

    Raises InvalidError for an unknown fill, NotFoundError for a group of another image or version.
    """
    if edit.fill not in FILLS:
        raise InvalidError(f"Unknown fill “{edit.fill}”. Use one of: {', '.join(FILLS)}.")
    group = session().get(PixelGroup, edit.group_id)
    if group is None or (group.version_id, group.image_id) != (version_id, image_id):
        raise NotFoundError(gettext("Pixel group not found in this image under this version."))
    return group


def pixels_of(image: Image, side: int, settings: Settings) -> NDArray[np.uint8]:
    """An image's normalised pixels for an encoder of this side, see `read_pixels`.

    Raises UnavailableError where they are lost.
    """
    source = PixelSource.of(
        image.pixel_hash, image.original_uri, image.content_hash, image.made_alike
    )
    try:
        return read_pixels(source, side, settings)
    except LostImageError as error:
        raise UnavailableError(lost_words(image)) from error


def description_of(version_id: int, image_id: int, edit: Edit) -> dict[str, Any]:
    """The edit, whole in itself: a later version has other groups, but the same pixels.

    Raises InvalidError for an unknown fill, NotFoundError for a group of another image or version
    and for an image that the version has not scored.
    """
    version = finished_version(version_id)
    require_trained(version)
    prediction = session().get(Prediction, (version_id, image_id))
    if prediction is None:
        raise NotFoundError(gettext("This version has no prediction for this image."))
    if isinstance(edit, DimensionEdit):
        check_dimension(edit.dimension, version.dimensions)
        cell = reference_cell(prediction, edit)
        means = {} if cell is None else {"reference": cell.mean_activation}
        return {
            "kind": "dimension",
            "label": label_of(version_id, image_id, edit),
            "dimension": edit.dimension,
            "to": cell.mean_activation[edit.dimension] if cell else 0.0,
            **means,
        }
    group = group_of(version_id, image_id, edit)
    return {
        "kind": "region",
        "label": label_of(version_id, image_id, edit),
        "group_id": group.id,
        "rle": group.region.rle,
        "fill": edit.fill,
    }
