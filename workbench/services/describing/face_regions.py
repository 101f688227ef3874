"""Faces in some of a version's images, for words like *mouth* and *hair*. Optional (ADR 37)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import structlog
from numpy.typing import NDArray
from PIL import Image as Picture
from sqlalchemy import select

from workbench.analysis.faces.finder import FaceFinder
from workbench.analysis.faces.models import FacesUnavailableError
from workbench.analysis.faces.regions import Face
from workbench.config import Settings
from workbench.services.encoding.pixels import read_copy
from workbench.store.database import session
from workbench.store.image_files import LostImageError
from workbench.store.images import Image

LOOKED_AT = 64
"""Most images that faces are looked for in; each takes some 30 ms."""
GIVEN_UP_AFTER = 24
"""Where none of so many images has a face, the others are not looked at."""
LEAST_SHARE = 0.1
"""Where fewer of the images have a face, nothing is said of regions."""
_FINE = 8
"""Points across a patch that are looked at."""

log = structlog.get_logger()


@dataclass(frozen=True)
class Faces:
    """The largest face of each image that has one, by image id."""

    looked_at: int
    found: Mapping[int, Face]

    @property
    def enough(self) -> bool:
        """Whether so many images have a face that its regions describe a collection."""
        return bool(self.found) and len(self.found) >= LEAST_SHARE * self.looked_at

    def patch_shares(self, image_id: int, grid: tuple[int, int]) -> NDArray[np.float64]:
        """The share (patch, region) of each region in each patch of a face's image."""
        face, (rows, columns) = self.found[image_id], grid
        size = (columns * _FINE, rows * _FINE)
        fitted = cv2.resize(face.regions, size, interpolation=cv2.INTER_NEAREST)
        return Face(face.landmarks, np.asarray(fitted, np.uint8)).shares(rows, columns)


def find_faces(
    image_ids: Sequence[int], settings: Settings, advance: Callable[[int, int], None]
) -> Faces:
    """Look for faces in the first `LOOKED_AT` of these images; none without the package."""
    try:
        finder = FaceFinder()
    except FacesUnavailableError as error:
        log.info("no regions of faces", reason=str(error))
        return Faces(0, {})
    looked = 0
    found: dict[int, Face] = {}
    wanted = list(image_ids[:LOOKED_AT])
    hashes = _hashes(wanted)
    for image_id in wanted:
        advance(looked, len(wanted))
        if looked >= GIVEN_UP_AFTER and not found:
            break
        try:
            pixels = read_copy(settings.image_dir, hashes[image_id])
        except LostImageError:
            continue
        looked += 1
        face = finder.find(Picture.fromarray(pixels))
        if face is not None:
            found[image_id] = face
    return Faces(looked, found)


def _hashes(image_ids: Sequence[int]) -> dict[int, str]:
    rows = session().execute(select(Image.id, Image.pixel_hash).where(Image.id.in_(image_ids)))
    found = dict(rows.tuples().all())
    session().rollback()
    return found
