"""What patterns do, measured: their groups removed from images, beside controls."""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from itertools import islice

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import and_, select

from workbench.analysis.cross_fitting.folds import NO_FOLD
from workbench.analysis.cross_fitting.heads import CrossFittedHeads, Head
from workbench.analysis.encoders.protocol import Encoder
from workbench.analysis.images.normalise import NORMAL_SIZE
from workbench.analysis.regions.counterfactual import (
    MEASURING_FILL,
    Effect,
    paired_effect,
    with_controls,
)
from workbench.analysis.regions.looks import is_precise, looks
from workbench.analysis.regions.patterns import UNCLUSTERED
from workbench.analysis.regions.pixel_groups import decode_mask
from workbench.config import Settings
from workbench.services.encoding.pixels import SOURCE, PixelSource, read_pixels
from workbench.services.errors import UnavailableError
from workbench.services.lookahead import ahead
from workbench.services.models.inference import logits_of
from workbench.services.progress import Progress
from workbench.store.database import session
from workbench.store.image_files import LostImageError
from workbench.store.images import Image
from workbench.store.regions import Region
from workbench.store.results import PixelGroup, Prediction

CONTROLS = 1
"""Regions like the group, elsewhere in the same image. A second one agrees with the first (ADR 13),
and costs as much as another image."""
STAGE = "Measuring effect sizes"


@dataclass(frozen=True)
class Example:
    """An image, a region of it (0 or 1), the logit that it has as it is, and whose head gave it."""

    pixels: NDArray[np.uint8]
    mask: NDArray[np.uint8]
    logit: float
    fold: int


@dataclass(frozen=True)
class _Chosen:
    """A pixel group to measure its pattern's effect on; `seed` chooses its controls."""

    number: int
    rle: str
    source: PixelSource
    logit: float
    fold: int
    seed: int


@dataclass(frozen=True)
class _Edited:
    """An example's pattern, and its pictures without the group and without its controls."""

    number: int
    logit: float
    fold: int
    pictures: list[NDArray[np.uint8]]


def drawn_groups(
    group_ids: NDArray[np.int64],
    image_ids: NDArray[np.int64],
    numbers: NDArray[np.int64],
    settings: Settings,
) -> list[list[int]]:
    """Ids of the pixel groups that each pattern's effect is measured on at most, in their order.

    The arrays have one entry a pixel group; `numbers` says which pattern it belongs to.
    """
    drawn: list[list[int]] = []
    for number in range(int(numbers.max(initial=UNCLUSTERED)) + 1):
        members = np.flatnonzero(numbers == number)
        ours = one_an_image(image_ids[members], settings.effect_images, seed=settings.seed + number)
        drawn.append(group_ids[members[ours]].tolist())
    return drawn


def measure_effects(
    drawn: list[list[int]],
    tolerance: float,
    encoder: Encoder,
    heads: CrossFittedHeads[Head],
    settings: Settings,
    progress: Progress,
) -> dict[int, Effect]:
    """The measured effect of each pattern, by its number, on the pixel groups that are drawn of it.

    Measured in rounds, see `looks`: a pattern whose interval reaches no farther than `tolerance`
    takes no part in the next. Pictures are edited ahead, and encoded in whole batches whichever
    patterns they are of.
    """
    changes: list[list[NDArray[np.float64]]] = [[] for _ in drawn]
    going = dict(enumerate(drawn))
    begin, total = 0, sum(len(each) for each in drawn)
    for end in looks(settings.effect_images):
        left_out = total - sum(len(each) - begin for each in going.values())
        progress.advance(left_out, total, STAGE)
        edited = ahead(
            partial(_edited, side=encoder.image_size, settings=settings),
            _looked_up({number: each[begin:end] for number, each in going.items()}, settings.seed),
            threads=2,
            depth=2 * settings.batch_size,
        )
        measured = _changes(edited, encoder, heads, settings.batch_size)
        for done, (number, change) in enumerate(measured, start=left_out + 1):
            changes[number].append(change)
            progress.advance(done, total, STAGE)
        begin = end
        going = {
            number: each
            for number, each in going.items()
            if len(each) > end and not (changes[number] and _is_precise(changes[number], tolerance))
        }
    progress.advance(total, total, STAGE)
    return {number: _effect(each) for number, each in enumerate(changes)}


def one_an_image(image_ids: NDArray[np.int64], most: int, *, seed: int) -> NDArray[np.int64]:
    """Indices of at most `most` entries of different images, drawn at random."""
    order = np.random.default_rng(seed).permutation(len(image_ids))
    first = np.sort(np.unique(image_ids[order], return_index=True)[1])[:most]
    return order[first]


def effect_of(
    examples: Sequence[Example],
    encoder: Encoder,
    heads: CrossFittedHeads[Head],
    *,
    batch_size: int,
    seed: int,
) -> Effect:
    """The measured effect of removing one region from each of some images, beside controls."""
    edited = (
        _Edited(0, each.logit, each.fold, _pictures(each.pixels, each.mask, seed + index))
        for index, each in enumerate(examples)
    )
    return _effect([change for _number, change in _changes(edited, encoder, heads, batch_size)])


def _is_precise(changes: list[NDArray[np.float64]], tolerance: float) -> bool:
    return is_precise(_effect(changes), tolerance)


def _effect(changes: list[NDArray[np.float64]]) -> Effect:
    if not changes:
        raise UnavailableError(
            "The normalised images of all examples of a pattern are lost. "
            "Import their originals again."
        )
    return paired_effect(np.array(changes)[:, 0], np.array(changes)[:, 1:])


def _changes(
    edited: Generator[_Edited | None] | Generator[_Edited],
    encoder: Encoder,
    heads: CrossFittedHeads[Head],
    batch_size: int,
) -> Generator[tuple[int, NDArray[np.float64]]]:
    """Each example's pattern, and how far its logit moves: by the removal, and by its controls.

    None, in the place of an example whose image is lost, is left out.
    """
    size = max(batch_size // (1 + CONTROLS), 1)
    with closing(edited):
        there = (each for each in edited if each is not None)
        while batch := list(islice(there, size)):
            pictures = [picture for each in batch for picture in each.pictures]
            folds = np.repeat([each.fold for each in batch], 1 + CONTROLS)
            after = np.array(logits_of(pictures, encoder, heads, folds)).reshape(-1, 1 + CONTROLS)
            for each, logits in zip(batch, after, strict=True):
                yield each.number, logits - each.logit


def _looked_up(chosen: Mapping[int, list[int]], seed: int) -> Generator[_Chosen]:
    """The pixel groups chosen of each pattern, by ascending id."""
    for number, group_ids in chosen.items():
        rows = session().execute(
            select(Region.rle, Prediction.logit, Prediction.fold, *SOURCE)
            .select_from(PixelGroup)
            .join(PixelGroup.region)
            .join(Image, Image.id == PixelGroup.image_id)
            .join(
                Prediction,
                and_(
                    Prediction.image_id == PixelGroup.image_id,
                    Prediction.version_id == PixelGroup.version_id,
                ),
            )
            .where(PixelGroup.id.in_(group_ids))
            .order_by(PixelGroup.id)
        )
        found = rows.tuples().all()
        session().rollback()
        for index, (rle, logit, fold, pixels, uri, content, alike) in enumerate(found):
            of_fold = NO_FOLD if fold is None else fold
            source = PixelSource.of(pixels, uri, content, alike)
            yield _Chosen(number, rle, source, logit, of_fold, seed + index)


def _edited(chosen: _Chosen, *, side: int, settings: Settings) -> _Edited | None:
    """None where the image is lost."""
    try:
        pixels = read_pixels(chosen.source, side, settings)
    except LostImageError:
        return None
    mask = decode_mask(chosen.rle, NORMAL_SIZE)
    pictures = _pictures(pixels, mask, chosen.seed)
    return _Edited(chosen.number, chosen.logit, chosen.fold, pictures)


def _pictures(
    pixels: NDArray[np.uint8], mask: NDArray[np.uint8], seed: int
) -> list[NDArray[np.uint8]]:
    return with_controls(pixels, mask, MEASURING_FILL, controls=CONTROLS, seed=seed)
