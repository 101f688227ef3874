"""How far images' logits move when their strongest pixel groups are removed: measured on pixels."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import select, update

from workbench.analysis.distiller.head import DistilledHead
from workbench.analysis.encoders.protocol import Encoder
from workbench.analysis.layout.cells import stratified_order
from workbench.analysis.regions.counterfactual import MEASURING_FILL, with_controls
from workbench.analysis.regions.pixel_groups import decode_mask
from workbench.config import Settings
from workbench.services.encoding.pixels import read_pixels
from workbench.services.models.inference import logits_of
from workbench.services.progress import Progress
from workbench.store.database import session, transaction
from workbench.store.images import Image
from workbench.store.results import PixelGroup, Prediction

STRONGEST = 3
"""So many of an image's pixel groups are removed, all at once."""
STAGE = "Measuring sensitivity"
_EDITS = 2
"""Pictures encoded for an image: without its groups, and without regions like them elsewhere."""


@dataclass(frozen=True)
class _Example:
    """An image to measure, with the run lengths of its strongest pixel groups."""

    image_id: int
    pixel_hash: str
    logit: float
    groups: tuple[str, ...]


def measure_sensitivity(
    version_id: int,
    encoder: Encoder,
    head: DistilledHead,
    settings: Settings,
    progress: Progress,
) -> None:
    """Measure what is not measured yet of the images chosen; each batch is durable at once.

    Chosen are `sensitivity_images` of those that have a place, spread evenly over the layout's
    cells; the same ones whenever the call is repeated. The three strongest groups are removed
    together, and as control the region that they make, moved elsewhere in the image. An image
    without pixel groups has nothing to remove: both changes are 0.
    """
    chosen = _chosen(version_id, settings)
    missing = _missing(version_id, chosen)
    done = len(chosen) - len(missing)
    progress.advance(done, len(chosen), STAGE)
    for batch, pictures in _edited_ahead(version_id, missing, settings):
        after = np.array(logits_of(pictures, encoder, head) if pictures else [])
        _store(version_id, batch, after.reshape(-1, _EDITS))
        done += len(batch)
        progress.advance(done, len(chosen), STAGE)


def _chosen(version_id: int, settings: Settings) -> list[int]:
    rows = (
        session()
        .execute(
            select(Prediction.image_id, Prediction.x, Prediction.y)
            .where(Prediction.version_id == version_id, Prediction.x.is_not(None))
            .order_by(Prediction.image_id)
        )
        .all()
    )
    session().rollback()
    places = np.array([(row.x, row.y) for row in rows], dtype=float).reshape(-1, 2)
    order = stratified_order(places, seed=settings.seed)[: settings.sensitivity_images]
    return [rows[place].image_id for place in order]


def _missing(version_id: int, chosen: list[int]) -> list[int]:
    measured = frozenset(
        session().scalars(
            select(Prediction.image_id).where(
                Prediction.version_id == version_id, Prediction.removed_change.is_not(None)
            )
        )
    )
    session().rollback()
    return [image_id for image_id in chosen if image_id not in measured]


def _edited_ahead(
    version_id: int, image_ids: list[int], settings: Settings
) -> Iterator[tuple[list[_Example], list[NDArray[np.uint8]]]]:
    """Batches with their edited pictures, an image's beside each other; edited one batch ahead."""
    size = max(settings.batch_size // _EDITS, 1)
    waiting: deque[tuple[list[_Example], list[Future[list[NDArray[np.uint8]]]]]] = deque()
    with ThreadPoolExecutor(max_workers=2) as pool:
        for start in range(0, len(image_ids), size):
            batch = _examples(version_id, image_ids[start : start + size])
            edits = [pool.submit(_edits, each, settings) for each in batch if each.groups]
            waiting.append((batch, edits))
            if len(waiting) > 1:
                yield _finished(*waiting.popleft())
        while waiting:
            yield _finished(*waiting.popleft())


def _finished(
    batch: list[_Example], edits: list[Future[list[NDArray[np.uint8]]]]
) -> tuple[list[_Example], list[NDArray[np.uint8]]]:
    return batch, [picture for edit in edits for picture in edit.result()]


def _examples(version_id: int, image_ids: list[int]) -> list[_Example]:
    strongest: dict[int, list[str]] = {}
    for image_id, rle in session().execute(
        select(PixelGroup.image_id, PixelGroup.rle)
        .where(
            PixelGroup.version_id == version_id,
            PixelGroup.image_id.in_(image_ids),
            PixelGroup.number < STRONGEST,
        )
        .order_by(PixelGroup.image_id, PixelGroup.number)
    ):
        strongest.setdefault(image_id, []).append(rle)
    rows = session().execute(
        select(Prediction.image_id, Image.pixel_hash, Prediction.logit)
        .join(Image, Image.id == Prediction.image_id)
        .where(Prediction.version_id == version_id, Prediction.image_id.in_(image_ids))
        .order_by(Prediction.image_id)
    )
    examples = [
        _Example(image_id, pixel_hash, logit, tuple(strongest.get(image_id, ())))
        for image_id, pixel_hash, logit in rows
    ]
    session().rollback()
    return examples


def _edits(example: _Example, settings: Settings) -> list[NDArray[np.uint8]]:
    pixels = read_pixels(settings.image_dir, example.pixel_hash)
    masks = [decode_mask(rle, pixels.shape[0]) for rle in example.groups]
    together = np.maximum.reduce(masks)
    return with_controls(
        pixels, together, MEASURING_FILL, controls=_EDITS - 1, seed=settings.seed + example.image_id
    )


def _store(version_id: int, batch: list[_Example], after: NDArray[np.float64]) -> None:
    """`after` has the logits of the edited images, (image with groups, 2), in the batch's order."""
    edited = iter(after)
    changes = [
        next(edited) - example.logit if example.groups else np.zeros(_EDITS) for example in batch
    ]
    with transaction() as current:
        current.execute(
            update(Prediction),
            [
                {
                    "version_id": version_id,
                    "image_id": example.image_id,
                    "removed_change": float(removed),
                    "control_change": float(control),
                }
                for example, (removed, control) in zip(batch, changes, strict=True)
            ],
        )
