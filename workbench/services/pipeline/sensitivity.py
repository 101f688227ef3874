"""How far images' logits move when their strongest pixel groups are removed: measured on pixels."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import closing
from dataclasses import dataclass, replace
from functools import partial
from itertools import islice

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import select, update

from workbench.analysis.cross_fitting.heads import CrossFittedHeads, Head
from workbench.analysis.encoders.protocol import Encoder
from workbench.analysis.images.normalise import NORMAL_SIZE
from workbench.analysis.layout.cells import stratified_order
from workbench.analysis.regions.counterfactual import MEASURING_FILL, with_controls
from workbench.analysis.regions.pixel_groups import decode_mask
from workbench.config import Settings
from workbench.services.encoding.pixels import PixelSource, read_pixels, sources_of
from workbench.services.lookahead import ahead
from workbench.services.models.inference import logits_of
from workbench.services.models.scores import Scores
from workbench.services.progress import Progress
from workbench.store.database import session, transaction
from workbench.store.image_files import LostImageError
from workbench.store.regions import Region
from workbench.store.results import PixelGroup, Prediction

STRONGEST = 3
"""So many of an image's pixel groups are removed, all at once."""
STAGE = "Measuring sensitivity"
_EDITS = 2
"""Pictures encoded for an image: without its groups, and without regions like them elsewhere."""


@dataclass(frozen=True)
class _Example:
    """An image to measure: its row in the scores, and the run lengths of its strongest groups."""

    row: int
    image_id: int
    source: PixelSource
    logit: float
    fold: int
    groups: tuple[str, ...]


Edited = tuple[_Example, list[NDArray[np.uint8]] | None]
"""An image with its `_EDITS` edited pictures; with none where it has no groups, None where its
pixels are lost."""


def measure_sensitivity(
    version_id: int,
    scores: Scores,
    encoder: Encoder,
    heads: CrossFittedHeads[Head],
    settings: Settings,
    progress: Progress,
) -> Scores:
    """Measure what is not measured yet of the images chosen; each batch is durable at once.

    Chosen are `sensitivity_images` of those that are laid out, spread evenly over the layout's
    cells; the same ones whenever the call is repeated. The three strongest groups are removed
    together, and as control the region that they make, moved elsewhere in the image. An image
    without pixel groups has nothing to remove: both changes are 0. Returns the scores with what
    was measured.
    """
    chosen = _chosen(scores, settings)
    missing = chosen[np.isnan(scores.sensitivity[chosen])]
    sensitivity = scores.sensitivity.copy()
    done = len(chosen) - len(missing)
    progress.advance(done, len(chosen), STAGE)
    size = max(settings.batch_size // _EDITS, 1)
    with closing(
        _edited_ahead(version_id, scores, missing, size, encoder.image_size, settings)
    ) as stream:
        while batch := list(islice(stream, size)):
            done += len(batch)
            measured = [(example, edits) for example, edits in batch if edits is not None]
            if not measured:
                continue
            examples = [example for example, _edits in measured]
            pictures = [picture for _example, edits in measured for picture in edits]
            folds = np.repeat([each.fold for each in examples if each.groups], _EDITS)
            after = np.array(logits_of(pictures, encoder, heads, folds) if pictures else [])
            changes = _changes(examples, after.reshape(-1, _EDITS))
            _store(version_id, examples, changes)
            rows = [example.row for example in examples]
            sensitivity[rows] = changes[:, 0] - changes[:, 1]
            progress.advance(done, len(chosen), STAGE)
    return replace(scores, sensitivity=sensitivity)


def _chosen(scores: Scores, settings: Settings) -> NDArray[np.int64]:
    """Rows of the scores."""
    laid_out = np.flatnonzero(~np.isnan(scores.coordinates[:, 0]))
    order = stratified_order(scores.coordinates[laid_out], seed=settings.seed)
    chosen: NDArray[np.int64] = laid_out[order[: settings.sensitivity_images]]
    return chosen


def _edited_ahead(
    version_id: int,
    scores: Scores,
    rows: NDArray[np.int64],
    size: int,
    side: int,
    settings: Settings,
) -> Generator[Edited]:
    """These images with their edited pictures, of this side; edited a batch ahead."""
    examples = _examples(version_id, scores, rows, size)
    return ahead(
        partial(_edited, side=side, settings=settings), examples, threads=2, depth=2 * size
    )


def _examples(
    version_id: int, scores: Scores, rows: NDArray[np.int64], size: int
) -> Generator[_Example]:
    """The images of these rows, looked up so many at a time; of each lot by ascending id."""
    for start in range(0, len(rows), size):
        lot = np.sort(rows[start : start + size]).tolist()
        image_ids = scores.image_ids[lot].tolist()
        sources, strongest = sources_of(image_ids), _strongest(version_id, image_ids)
        session().rollback()
        for row, image_id in zip(lot, image_ids, strict=True):
            yield _Example(
                row=row,
                image_id=image_id,
                source=sources[image_id],
                logit=float(scores.logits[row]),
                fold=int(scores.folds[row]),
                groups=tuple(strongest.get(image_id, ())),
            )


def _strongest(version_id: int, image_ids: list[int]) -> dict[int, list[str]]:
    """Run lengths of the strongest pixel groups of each of these images that has any."""
    strongest: dict[int, list[str]] = {}
    for image_id, rle in session().execute(
        select(PixelGroup.image_id, Region.rle)
        .join(PixelGroup.region)
        .where(
            PixelGroup.version_id == version_id,
            PixelGroup.image_id.in_(image_ids),
            PixelGroup.number < STRONGEST,
        )
        .order_by(PixelGroup.image_id, PixelGroup.number)
    ):
        strongest.setdefault(image_id, []).append(rle)
    return strongest


def _edited(example: _Example, *, side: int, settings: Settings) -> Edited:
    if not example.groups:
        return example, []
    try:
        pixels = read_pixels(example.source, side, settings)
    except LostImageError:
        return example, None
    masks = [decode_mask(rle, NORMAL_SIZE) for rle in example.groups]
    together = np.maximum.reduce(masks)
    seed = settings.seed + example.image_id
    return example, with_controls(pixels, together, MEASURING_FILL, controls=_EDITS - 1, seed=seed)


def _changes(examples: list[_Example], after: NDArray[np.float64]) -> NDArray[np.float64]:
    """How far each image's logit moved without its groups, and by the control (image, 2).

    `after` has the logits of the edited images (image with groups, 2), in the same order.
    """
    edited = iter(after)
    return np.array(
        [next(edited) - each.logit if each.groups else np.zeros(_EDITS) for each in examples]
    )


def _store(version_id: int, examples: list[_Example], changes: NDArray[np.float64]) -> None:
    with transaction() as write:
        write.execute(
            update(Prediction),
            [
                {
                    "version_id": version_id,
                    "image_id": example.image_id,
                    "removed_change": removed,
                    "control_change": control,
                }
                for example, (removed, control) in zip(examples, changes.tolist(), strict=True)
            ],
        )
