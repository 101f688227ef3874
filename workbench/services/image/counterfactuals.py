"""Counterfactuals tried live: an edit, p(fake) before and after, and the random control."""

from __future__ import annotations

import io
import threading
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, Literal

import numpy as np
from flask_babel import gettext, lazy_gettext
from numpy.typing import NDArray
from PIL import Image as Picture
from sqlalchemy import select

from workbench.analysis.layout.cells import place_in_grid
from workbench.analysis.regions.counterfactual import (
    FILLS,
    Fill,
    dimension_changes,
    exceeds_controls,
    other_dimensions,
    remove_region,
    with_controls,
)
from workbench.analysis.regions.pixel_groups import decode_mask
from workbench.config import Settings
from workbench.services import app_settings, audit
from workbench.services.encoding.pixels import read_pixels
from workbench.services.errors import InvalidError, NotFoundError, UnavailableError
from workbench.services.explore.layout import find_cell
from workbench.services.models.arrays import logit_weights_of, rows_of
from workbench.services.models.dimensions import check_dimension
from workbench.services.review.notes import (
    NoteView,
    check_words,
    note_view,
    withdraw_note,
)
from workbench.store.database import session, transaction
from workbench.store.images import Image
from workbench.store.judgements import CounterfactualNote
from workbench.store.results import Cell, PixelGroup, Prediction

CONTROLS = 10
PATIENCE_SECONDS = 10
# Each encodes eleven images: without a bound, a few of them would hold every thread of the server.
_tries = threading.BoundedSemaphore(2)
_FILLED = {
    "clone": lazy_gettext("group %(number)s covered with texture from elsewhere"),
    "inpaint": lazy_gettext("group %(number)s inpainted"),
    "blur": lazy_gettext("group %(number)s blurred"),
    "mean": lazy_gettext("group %(number)s filled with the mean colour"),
}

__all__ = [
    "FILLS",
    "DimensionEdit",
    "Edit",
    "Fill",
    "Outcome",
    "RegionEdit",
    "preview",
    "save_note",
    "try_edit",
    "withdraw_note",
]


@dataclass(frozen=True)
class RegionEdit:
    """A pixel group taken away."""

    group_id: int
    fill: Fill


@dataclass(frozen=True)
class DimensionEdit:
    """A distilled dimension set to 0, or to the mean of a cell.

    `to` names the cell by its id; `own` is the one of level 0 that the image lies in.
    """

    dimension: int
    to: int | Literal["zero", "own"] = "zero"


Edit = RegionEdit | DimensionEdit


@dataclass(frozen=True)
class Outcome:
    """What an edit does. Logit changes are + toward fake.

    A region's controls are like regions elsewhere in the image; a dimension's are the same edit of
    other dimensions (`analysis.counterfactual.other_dimensions`). Any edit disturbs a fake
    detector, often toward fake: so what counts is whether this one moves the logit otherwise than
    its controls do. `exceeds_control` says whether it lies outside of their 95 % prediction
    interval; None where they are too few to tell.
    """

    edit_label: str
    p_before: float
    p_after: float
    delta_logit: float
    control_mean: float | None
    control_spread: float | None
    controls: tuple[float, ...]
    exceeds_control: bool | None


def try_edit(version_id: int, image_id: int, edit: Edit) -> Outcome:
    """Score the edited image, and beside it up to ten like edits as control.

    Raises NotFoundError for a group of another image or version and for a cell of another version,
    InvalidError for an unknown fill or dimension, UnavailableError where the encoder of the version
    cannot be had.
    """
    outcome = _tried(version_id, image_id, edit, app_settings.settings())
    return replace(outcome, edit_label=_edit_label(version_id, image_id, edit))


@lru_cache(maxsize=256)
def _tried(version_id: int, image_id: int, edit: Edit, settings: Settings) -> Outcome:
    # Nothing here changes once written, so that the same question has the same answer. What the
    # edit is called depends on who asks, so it is left empty.
    prediction = session().get(Prediction, (version_id, image_id))
    if prediction is None:
        raise NotFoundError(gettext("This version has not scored this image."))
    if isinstance(edit, DimensionEdit):
        return _with_dimension_set(version_id, prediction, edit, settings)
    return _without_region(version_id, image_id, edit, settings)


def _with_dimension_set(
    version_id: int, prediction: Prediction, edit: DimensionEdit, settings: Settings
) -> Outcome:
    activations, _maps = rows_of(version_id, prediction.image_id, settings)
    weights = logit_weights_of(version_id, settings)
    check_dimension(edit.dimension, len(weights))
    cell = _reference_cell(prediction, edit)
    reference = np.array(cell.mean_activation if cell else np.zeros(len(weights)), np.float32)
    changes = dimension_changes(activations, weights, reference)
    others = other_dimensions(edit.dimension, activations, reference, CONTROLS)
    return _outcome(
        prediction.logit,
        float(changes[edit.dimension]),
        changes[others].astype(float),
    )


def _reference_cell(prediction: Prediction, edit: DimensionEdit) -> Cell | None:
    """The cell whose mean is taken; None for 0."""
    if edit.to == "zero":
        return None
    if edit.to != "own":
        return find_cell(prediction.version_id, edit.to)
    rows, columns = place_in_grid(np.array([[prediction.x, prediction.y]], dtype=float), 0)
    return (
        session()
        .scalars(
            select(Cell).where(
                Cell.version_id == prediction.version_id,
                Cell.level == 0,
                Cell.row == int(rows[0]),
                Cell.column == int(columns[0]),
            )
        )
        .one()
    )


def _edit_label(version_id: int, image_id: int, edit: Edit) -> str:
    """What an edit that was tried is called, in the language of whoever tried it."""
    if isinstance(edit, RegionEdit):
        number = session().get_one(PixelGroup, edit.group_id).number + 1
        return str(_FILLED[edit.fill]) % {"number": number}
    cell = _reference_cell(session().get_one(Prediction, (version_id, image_id)), edit)
    if cell is None:
        return str(gettext("dimension %(index)s set to 0", index=edit.dimension))
    mean = f"{cell.mean_activation[edit.dimension]:.2f}"
    if edit.to == "own":
        return str(
            gettext(
                "dimension %(index)s set to %(mean)s, the mean of its own cell",
                index=edit.dimension,
                mean=mean,
            )
        )
    return str(
        gettext(
            "dimension %(index)s set to %(mean)s, the mean of the cell in column %(column)s, "
            "row %(row)s of level %(level)s",
            index=edit.dimension,
            mean=mean,
            column=cell.column + 1,
            row=cell.row + 1,
            level=cell.level,
        )
    )


def _outcome(before: float, change: float, controls: NDArray[np.float64]) -> Outcome:
    return Outcome(
        edit_label="",
        p_before=_p(before),
        p_after=_p(before + change),
        delta_logit=change,
        control_mean=float(controls.mean()) if len(controls) else None,
        control_spread=float(controls.std(ddof=1)) if len(controls) > 1 else None,
        controls=tuple(controls.tolist()),
        exceeds_control=exceeds_controls(change, controls),
    )


def _without_region(
    version_id: int, image_id: int, edit: RegionEdit, settings: Settings
) -> Outcome:
    group, pixels = _region(version_id, image_id, edit, settings)
    mask = decode_mask(group.rle, pixels.shape[0])
    edited = with_controls(pixels, mask, edit.fill, controls=CONTROLS, seed=group.id)
    before, after, *controls = _logits(version_id, [pixels, *edited], settings)
    return _outcome(before, after - before, np.array(controls) - before)


def _region(
    version_id: int, image_id: int, edit: RegionEdit, settings: Settings
) -> tuple[PixelGroup, NDArray[np.uint8]]:
    if edit.fill not in FILLS:
        raise InvalidError(f"{edit.fill} is no way to fill a region; {', '.join(FILLS)} are.")
    group = session().get(PixelGroup, edit.group_id)
    if group is None or (group.version_id, group.image_id) != (version_id, image_id):
        raise NotFoundError(gettext("This image has no such pixel group under this version."))
    return group, _pixels(session().get_one(Image, image_id), settings)


def _pixels(image: Image, settings: Settings) -> NDArray[np.uint8]:
    try:
        return read_pixels(settings.image_dir, image.pixel_hash)
    except OSError as error:
        raise UnavailableError(gettext("The normalised image is missing on disk.")) from error


def _logits(version_id: int, pictures: list[NDArray[np.uint8]], settings: Settings) -> list[float]:
    # Here and not above: loading torch takes seconds, and no other page needs it.
    from workbench.services.models.inference import logits_under  # noqa: PLC0415

    if not _tries.acquire(timeout=PATIENCE_SECONDS):
        raise UnavailableError(gettext("Others are trying edits right now; try again in a moment."))
    try:
        return logits_under(version_id, pictures, settings)
    finally:
        _tries.release()


def _p(logit: float) -> float:
    return float(1.0 / (1.0 + np.exp(-np.float64(logit))))


def preview(version_id: int, image_id: int, edit: Edit) -> bytes:
    """The edited image as JPEG. A dimension's edit shows the image as it is."""
    settings = app_settings.settings()
    if isinstance(edit, DimensionEdit):
        image = session().get(Image, image_id)
        if image is None:
            raise NotFoundError(gettext("There is no such image."))
        pixels = _pixels(image, settings)
    else:
        group, pixels = _region(version_id, image_id, edit, settings)
        pixels = remove_region(pixels, decode_mask(group.rle, pixels.shape[0]), edit.fill)
    content = io.BytesIO()
    Picture.fromarray(pixels).save(content, "JPEG", quality=92)
    return content.getvalue()


def save_note(
    user_id: int, version_id: int, image_id: int, edit: Edit, expectation: str, text: str
) -> NoteView:
    """Save a counterfactual with words. The figures are the server's own, not the page's."""
    check_words(expectation, text)
    outcome = try_edit(version_id, image_id, edit)
    described = _described(version_id, image_id, edit, outcome)
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
            control_spread=outcome.control_spread,
            expectation=expectation,
            text=text.strip(),
        )
        write.add(note)
        write.flush()
        audit.record(write, user_id, "note.save", f"note:{note.id}")
        return note_view(note)


def _described(version_id: int, image_id: int, edit: Edit, outcome: Outcome) -> dict[str, Any]:
    """The edit, whole in itself: a later version has other groups, but the same pixels."""
    if isinstance(edit, DimensionEdit):
        prediction = session().get_one(Prediction, (version_id, image_id))
        cell = _reference_cell(prediction, edit)
        return {
            "kind": "dimension",
            "label": outcome.edit_label,
            "dimension": edit.dimension,
            "to": cell.mean_activation[edit.dimension] if cell else 0.0,
        }
    group = session().get_one(PixelGroup, edit.group_id)
    return {
        "kind": "region",
        "label": outcome.edit_label,
        "group_id": group.id,
        "rle": group.rle,
        "fill": edit.fill,
    }
