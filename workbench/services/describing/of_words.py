"""Directions of dimensions and patterns in the joint space of pictures and texts, for suggestions.

Only where the encoder has a text tower: what shows a dimension or pattern most is cut out of its
images and embedded, and the mean is kept.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import structlog
from numpy.typing import NDArray
from PIL import Image as Picture
from sqlalchemy import select

from workbench.analysis.encoders.protocol import Encoder, EncoderUnavailableError
from workbench.analysis.images.normalise import NORMAL_SIZE
from workbench.config import Settings
from workbench.services.similar.suggestions import suggest
from workbench.store.database import session, transaction
from workbench.store.descriptions import DimensionDescription, PatternDescription
from workbench.store.image_files import LostImageError, read_normalised
from workbench.store.images import Image
from workbench.store.results import Pattern, PixelGroup

CUT_OUT = 8
"""Pictures that show a dimension or pattern; each costs an encoding."""
PATCHES_WIDE = 6
"""A cut around a patch; a lone patch tells an encoder nothing."""
SMALLEST = 64
"""Side of a cut around a pixel group, in pixels."""

log = structlog.get_logger()


@dataclass(frozen=True, order=True)
class _Cut:
    """A square of an image, in pixels of the normalised one."""

    image_id: int
    x: int
    y: int
    side: int

    @staticmethod
    def around(image_id: int, x: int, y: int, side: int) -> _Cut:
        """The square around a point, moved so that it lies within the image."""
        side = min(side, NORMAL_SIZE)
        left, top = (min(max(at - side // 2, 0), NORMAL_SIZE - side) for at in (x, y))
        return _Cut(image_id, left, top, side)


def suggest_words(version_id: int, encoder: Encoder, settings: Settings) -> None:
    """Keep the directions of a version that is described, and words of the vocabulary for each."""
    tower = encoder.text_tower
    if tower is None:
        return
    dimensions, patterns = _of_dimensions(version_id), _of_patterns(version_id)
    cuts = {cut for some in (*dimensions.values(), *patterns.values()) for cut in some}
    vectors = dict(_embedded(sorted(cuts), encoder, tower.joint_slice, settings))
    with transaction() as write:
        for index, cut_out in dimensions.items():
            described = write.get_one(DimensionDescription, (version_id, index))
            described.direction = _mean(cut_out, vectors)
        for pattern_id, cut_out in patterns.items():
            of_pattern = write.get_one(PatternDescription, pattern_id)
            of_pattern.direction = _mean(cut_out, vectors)
    try:
        suggest(version_id, tower)
    except EncoderUnavailableError as error:
        log.info("no suggestions", version=version_id, reason=str(error))


def _of_dimensions(version_id: int) -> dict[int, list[_Cut]]:
    found = session().scalars(
        select(DimensionDescription).where(DimensionDescription.version_id == version_id)
    )
    cuts = {}
    for each in found:
        side = NORMAL_SIZE // max(len(each.mean_map), 1)
        cuts[each.dimension] = [
            _Cut.around(
                image_id, column * side + side // 2, row * side + side // 2, PATCHES_WIDE * side
            )
            for image_id, row, column in each.strongest[:CUT_OUT]
        ]
    session().rollback()
    return cuts


def _of_patterns(version_id: int) -> dict[int, list[_Cut]]:
    """Around the most typical pixel groups of each pattern."""
    patterns = session().scalars(select(Pattern.id).where(Pattern.version_id == version_id))
    cuts = {}
    for pattern_id in patterns.all():
        groups = session().scalars(
            select(PixelGroup)
            .where(PixelGroup.pattern_id == pattern_id)
            .order_by(PixelGroup.typicality, PixelGroup.id)
            .limit(CUT_OUT)
        )
        cuts[pattern_id] = [
            _Cut.around(
                each.image_id,
                each.left + each.width // 2,
                each.top + each.height // 2,
                max(each.width, each.height, SMALLEST),
            )
            for each in (group.region for group in groups)
        ]
    session().rollback()
    return cuts


def _embedded(
    cuts: Sequence[_Cut], encoder: Encoder, joint: slice, settings: Settings
) -> Iterator[tuple[_Cut, NDArray[np.float64]]]:
    """Unit vectors in the joint space, of the cuts whose images are there."""
    for start in range(0, len(cuts), settings.batch_size):
        pictures = dict(_pictures(cuts[start : start + settings.batch_size], settings))
        if pictures:
            state = encoder.encode(encoder.preprocess(list(pictures.values())), frozenset())
            vectors = state.embedding[:, joint].double().numpy()
            length = np.linalg.norm(vectors, axis=1, keepdims=True)
            yield from zip(pictures, vectors / np.maximum(length, 1e-12), strict=True)


def _pictures(cuts: Sequence[_Cut], settings: Settings) -> Iterator[tuple[_Cut, Picture.Image]]:
    ids = {cut.image_id for cut in cuts}
    rows = session().execute(select(Image.id, Image.pixel_hash).where(Image.id.in_(ids)))
    hashes = dict(rows.tuples().all())
    session().rollback()
    for cut in cuts:
        try:
            content = read_normalised(settings.image_dir, hashes[cut.image_id])
        except LostImageError:
            continue
        with Picture.open(io.BytesIO(content)) as picture:
            box = (cut.x, cut.y, cut.x + cut.side, cut.y + cut.side)
            yield cut, picture.convert("RGB").crop(box)


def _mean(cuts: Sequence[_Cut], vectors: Mapping[_Cut, NDArray[np.float64]]) -> list[float] | None:
    """The mean direction of these cuts, to four digits; None where none is there."""
    found = [vectors[each] for each in cuts if each in vectors]
    if not found:
        return None
    return [float(f"{value:.4g}") for value in np.mean(found, axis=0)]
