"""Counterfactuals tried live: an edit, p(fake) before and after, and the random control."""

from __future__ import annotations

import io
import json
import threading
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import numpy as np
from flask_babel import gettext
from numpy.typing import NDArray
from PIL import Image as Picture

from workbench.analysis.images.normalise import NORMAL_SIZE
from workbench.analysis.regions.counterfactual import (
    Movement,
    dimension_changes,
    movement,
    other_dimensions,
    prediction_interval,
    remove_region,
    with_controls,
)
from workbench.analysis.regions.pixel_groups import decode_mask
from workbench.config import Settings
from workbench.services import app_settings
from workbench.services.errors import InvalidError, NotFoundError
from workbench.services.image.edits import (
    DimensionEdit,
    Edit,
    RegionEdit,
    description_of,
    group_of,
    pixels_of,
)
from workbench.services.models.arrays import logit_weights_of, rows_of
from workbench.services.models.dimensions import check_dimension
from workbench.services.models.outside import require_trained
from workbench.services.models.versions import IMAGE_SIZE, finished_version
from workbench.store.database import session
from workbench.store.images import Image
from workbench.store.results import Prediction
from workbench.store.versions import ModelVersion

CONTROLS = 10
# One takes all processors; two at once would take more than twice as long. Who may wait here is
# bounded by the slots for expensive requests (`web/site/slots.py`).
_encoding = threading.Lock()


@dataclass(frozen=True)
class Outcome:
    """What an edit does. Logit changes are + toward fake.

    A region's controls are like regions elsewhere in the image; a dimension's are the same edit of
    other dimensions (`analysis.counterfactual.other_dimensions`). Any edit disturbs a fake
    detector, often toward fake: so what counts is whether this one moves the logit otherwise than
    its controls do. `interval` is their 95% prediction interval; None where they are too few.
    """

    edit_label: str
    p_before: float
    p_after: float
    delta_logit: float
    control_mean: float | None
    control_std: float | None
    controls: tuple[float, ...]
    interval: tuple[float, float] | None

    @property
    def moved(self) -> Movement | None:
        """What the edit does to p(fake) by the interval; None where there is none."""
        return None if self.interval is None else movement(self.delta_logit, self.interval)

    @property
    def exceeds_control(self) -> bool | None:
        """Whether the edit's change lies outside of the interval; None where there is none."""
        return None if self.moved is None else self.moved != "stay"


def try_edit(version_id: int, image_id: int, edit: Edit) -> Outcome:
    """Score the edited image, and beside it up to ten like edits as control.

    Raises NotFoundError for a group of another image or version and for a cell of another version,
    InvalidError for an unknown fill or dimension, UnavailableError where the encoder of the version
    cannot be had.
    """
    return try_described(version_id, image_id, description_of(version_id, image_id, edit))


def try_described(version_id: int, image_id: int, described: Mapping[str, Any]) -> Outcome:
    """The same for an edit that is whole in itself, of a note, on any version."""
    what = {name: value for name, value in described.items() if name != "label"}
    settings = app_settings.settings()
    outcome = _tried(version_id, image_id, json.dumps(what, sort_keys=True), settings)
    return replace(outcome, edit_label=described["label"])


@lru_cache(maxsize=256)
def _tried(version_id: int, image_id: int, what: str, settings: Settings) -> Outcome:
    require_trained(finished_version(version_id))
    # Nothing here changes once written, so that the same question has the same answer. What the
    # edit is called depends on who asks, so it is left empty.
    prediction = session().get(Prediction, (version_id, image_id))
    if prediction is None:
        raise NotFoundError(gettext("This version has no prediction for this image."))
    described = json.loads(what)
    if described["kind"] == "dimension":
        return _with_dimension_set(version_id, prediction, described, settings)
    return _without_region(version_id, prediction, described, settings)


def _with_dimension_set(
    version_id: int, prediction: Prediction, described: Mapping[str, Any], settings: Settings
) -> Outcome:
    activations, _maps = rows_of(version_id, prediction.image_id, settings)
    weights = logit_weights_of(version_id, settings)
    dimension: int = described["dimension"]
    check_dimension(dimension, len(weights))
    reference = np.array(described.get("reference", np.zeros(len(weights))), np.float32)
    if len(reference) != len(weights):
        raise InvalidError(gettext("This version has another number of dimensions."))
    reference[dimension] = described["to"]
    changes = dimension_changes(activations, weights, reference)
    others = other_dimensions(dimension, activations, reference, CONTROLS)
    # Notes from before they kept the cell's other means have nothing to compare with.
    comparable = "reference" in described or described["to"] == 0
    return _outcome(
        prediction.logit,
        float(changes[dimension]),
        changes[others].astype(float) if comparable else np.zeros(0),
    )


def _outcome(before: float, change: float, controls: NDArray[np.float64]) -> Outcome:
    return Outcome(
        edit_label="",
        p_before=_p(before),
        p_after=_p(before + change),
        delta_logit=change,
        control_mean=float(controls.mean()) if len(controls) else None,
        control_std=float(controls.std(ddof=1)) if len(controls) > 1 else None,
        controls=tuple(controls.tolist()),
        interval=prediction_interval(controls),
    )


def _without_region(
    version_id: int, prediction: Prediction, described: Mapping[str, Any], settings: Settings
) -> Outcome:
    metrics = session().get_one(ModelVersion, version_id).metrics
    side = metrics.get(IMAGE_SIZE, NORMAL_SIZE)
    pixels = pixels_of(session().get_one(Image, prediction.image_id), side, settings)
    mask = decode_mask(described["rle"], NORMAL_SIZE)
    edited = with_controls(
        pixels, mask, described["fill"], controls=CONTROLS, seed=described["group_id"]
    )
    before, after, *controls = _logits(version_id, prediction.fold, [pixels, *edited], settings)
    return _outcome(before, after - before, np.array(controls) - before)


def _logits(
    version_id: int, fold: int | None, pictures: list[NDArray[np.uint8]], settings: Settings
) -> list[float]:
    # Here and not above: loading torch takes seconds, and no other page needs it.
    from workbench.services.models.inference import logits_under  # noqa: PLC0415

    with _encoding:
        return logits_under(version_id, fold, pictures, settings)


def _p(logit: float) -> float:
    return float(1.0 / (1.0 + np.exp(-np.float64(logit))))


def preview(version_id: int, image_id: int, edit: Edit) -> bytes:
    """The edited image as JPEG. A dimension's edit shows the image as it is."""
    settings = app_settings.settings()
    group = None if isinstance(edit, DimensionEdit) else group_of(version_id, image_id, edit)
    image = session().get(Image, image_id)
    if image is None:
        raise NotFoundError(gettext("Image not found."))
    pixels = pixels_of(image, NORMAL_SIZE, settings)
    if group is not None and isinstance(edit, RegionEdit):
        pixels = remove_region(pixels, decode_mask(group.region.rle, NORMAL_SIZE), edit.fill)
    content = io.BytesIO()
    Picture.fromarray(pixels).save(content, "JPEG", quality=92)
    return content.getvalue()
