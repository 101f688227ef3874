"""The superpixels of an image, from which people choose regions by keyboard."""

from __future__ import annotations

import io

import numpy as np
from numpy.typing import NDArray
from PIL import Image as Picture
from sqlalchemy import select

from workbench.analysis.regions import pixel_groups
from workbench.services import app_settings
from workbench.services.encoding.label_maps import SUPERPIXELS, unpacked
from workbench.services.encoding.part_cache import read_part
from workbench.services.image.media import content_of, image_of
from workbench.store.database import session
from workbench.store.images import Image
from workbench.store.results import CachedPart, Embedding


def superpixel_map(image_id: int) -> bytes:
    """Whose pixel is whose, over the normalised image: a PNG whose grey levels are their numbers.

    Raises NotFoundError, and UnavailableError where the image's file is lost.
    """
    image = image_of(image_id)
    labels = _cached(image)
    if labels is None:
        picture = Picture.open(io.BytesIO(content_of(image))).convert("RGB")
        labels = pixel_groups.superpixels(np.asarray(picture))
    content = io.BytesIO()
    Picture.fromarray(labels, "L").save(content, "PNG")
    return content.getvalue()


def _cached(image: Image) -> NDArray[np.uint8] | None:
    """As the encoder's last run had them; None where the cache has lost them."""
    rows = session().execute(
        select(CachedPart, Embedding.row)
        .join(Embedding, Embedding.shard_id == CachedPart.shard_id)
        .where(Embedding.pixel_hash == image.pixel_hash, CachedPart.part == SUPERPIXELS)
        .order_by(CachedPart.id.desc())
    )
    directory = app_settings.settings().part_dir
    for part, row in rows:
        arrays = read_part(directory, part.facts)
        if arrays is not None:
            return unpacked(arrays, row)
    return None
