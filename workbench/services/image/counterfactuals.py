"""Counterfactuals tried live: an edit, p(fake) before and after, and the random control."""

from __future__ import annotations

import io
import threading
from dataclasses import dataclass, replace
from functools import lru_cache

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
from workbench.services.errors import NotFoundError
from workbench.services.image.edits import (
    DimensionEdit,
    Edit,
    RegionEdit,
    description_of,
    label_of,
    pixels_of,
    reference_cell,
    region_of,
)
from workbench.services.models.arrays import logit_weights_of, rows_of
from workbench.services.models.dimensions import check_dimension
from workbench.services.models.outside import require_trained
from workbench.services.models.versions import IMAGE_SIZE, finished_version
from workbench.services.review.notes import (
    NoteView,
    check_words,
    note_view,
)
from workbench.store.database import session, transaction
from workbench.store.images import Image
from workbench.store.judgements import CounterfactualNote
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
    outcome = _tried(version_id, image_id, edit, app_settings.settings())
    return replace(outcome, edit_label=label_of(version_id, image_id, edit))


@lru_cache(maxsize=256)
def _tried(version_id: int, image_id: int, edit: Edit, settings: Settings) -> Outcome:
    require_trained(finished_version(version_id))
    # Nothing here changes once written, so that the same question has the same answer. What the
    # edit is called depends on who asks, so it is left empty.
    prediction = session().get(Prediction, (version_id, image_id))
    if prediction is None:
        raise NotFoundError(gettext("This version has no prediction for this image."))
    if isinstance(edit, DimensionEdit):
        return _with_dimension_set(version_id, prediction, edit, settings)
    return _without_region(version_id, image_id, edit, settings)


def _with_dimension_set(
    version_id: int, prediction: Prediction, edit: DimensionEdit, settings: Settings
) -> Outcome:
    activations, _maps = rows_of(version_id, prediction.image_id, settings)
    weights = logit_weights_of(version_id, settings)
    check_dimension(edit.dimension, len(weights))
    cell = reference_cell(prediction, edit)
    reference = np.array(cell.mean_activation if cell else np.zeros(len(weights)), np.float32)
    changes = dimension_changes(activations, weights, reference)
    others = other_dimensions(edit.dimension, activations, reference, CONTROLS)
    return _outcome(
        prediction.logit,
        float(changes[edit.dimension]),
        changes[others].astype(float),
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
    version_id: int, image_id: int, edit: RegionEdit, settings: Settings
) -> Outcome:
    metrics = session().get_one(ModelVersion, version_id).metrics
    side = metrics.get(IMAGE_SIZE, NORMAL_SIZE)
    group, pixels = region_of(version_id, image_id, edit, side, settings)
    mask = decode_mask(group.region.rle, NORMAL_SIZE)
    edited = with_controls(pixels, mask, edit.fill, controls=CONTROLS, seed=group.id)
    fold = session().get_one(Prediction, (version_id, image_id)).fold
    before, after, *controls = _logits(version_id, fold, [pixels, *edited], settings)
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
    if isinstance(edit, DimensionEdit):
        image = session().get(Image, image_id)
        if image is None:
            raise NotFoundError(gettext("Image not found."))
        pixels = pixels_of(image, NORMAL_SIZE, settings)
    else:
        group, pixels = region_of(version_id, image_id, edit, NORMAL_SIZE, settings)
        pixels = remove_region(pixels, decode_mask(group.region.rle, NORMAL_SIZE), edit.fill)
    content = io.BytesIO()
    Picture.fromarray(pixels).save(content, "JPEG", quality=92)
    return content.getvalue()


def save_note(
    user_id: int, version_id: int, image_id: int, edit: Edit, expectation: str, text: str
) -> NoteView:
    """Save a counterfactual with words and what was expected before its result was shown.

    The figures are the server's own, not the page's.
    """
    check_words(expectation, text)
    outcome = try_edit(version_id, image_id, edit)
    described = description_of(version_id, image_id, edit, outcome.edit_label)
    low, high = outcome.interval or (None, None)
    with transaction() as write:
        note = CounterfactualNote(
            image_id=image_id,
            version_id=version_id,
            user_id=user_id,
            edit=described,
            p_before=outcome.p_before,
            p_after=outcome.p_after,
            delta_logit=outcome.delta_logit,
            control_mean=outcome.control_mean,
            control_spread=outcome.control_std,
            control_low=low,
            control_high=high,
            expectation=expectation,
            text=text.strip(),
        )
        write.add(note)
        write.flush()
        return note_view(note)
