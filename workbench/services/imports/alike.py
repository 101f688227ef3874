"""A collection's images made alike: copies made anew from the originals, and back."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final

from sqlalchemy import select, update

from workbench.analysis.images.alike import Alike, made_alike
from workbench.analysis.images.file_types import UnusableImageError
from workbench.analysis.images.normalise import normalise
from workbench.config import Settings
from workbench.files import settle
from workbench.services.encoding.made_alike import alike_of, written_of
from workbench.services.errors import ConflictError
from workbench.services.progress import Progress
from workbench.services.review.decisions import excluded
from workbench.services.sources.originals import (
    Original,
    OriginalChangedError,
    OriginalMissingError,
    read_original,
)
from workbench.store.database import session, transaction
from workbench.store.image_files import store_normalised
from workbench.store.images import Collection, Image

_BATCH: Final = 256
_NAMED: Final = 3
STAGE: Final = "Making images alike"


def waiting(collection: Collection) -> int:
    """How many of its images have a copy that the next analysis makes anew."""
    return len(_pending(collection))


def bring_copies(collection_id: int, settings: Settings, progress: Progress) -> int:
    """Make the copies that are not as the collection's are to be; returns how many.

    From originals, a batch at a time: cut off, it goes on where it was. Images imported since are
    among them. Those that people left out stay as they are. Raises ConflictError, naming images,
    where originals are missing or have changed: a copy made of a copy would be told apart.
    """
    collection = session().get_one(Collection, collection_id, populate_existing=True)
    alike = alike_of(collection)
    pending = _pending(collection)
    session().rollback()
    done = 0
    missing: list[str] = []
    for start in range(0, len(pending), _BATCH):
        batch = pending[start : start + _BATCH]
        progress.advance(done, len(pending), STAGE)
        images = session().scalars(select(Image).where(Image.id.in_(batch))).all()
        session().expunge_all()
        session().rollback()
        if alike is None:
            rows = [_as_before(each) for each in images]
        else:
            with ThreadPoolExecutor(2) as pool:
                made = list(pool.map(lambda each: _made(each, alike, settings), images))
            rows = [each for each in made if each is not None]
            missing += [
                image.name for image, each in zip(images, made, strict=True) if each is None
            ]
            settle(settings.image_dir)
        if rows:
            with transaction() as write:
                write.execute(update(Image), rows)
        done += len(batch)
    if missing:
        raise ConflictError(missing_words(missing))
    return done


def missing_words(names: list[str]) -> str:
    """Which originals cannot be read, and what to do."""
    named = ", ".join(names[:_NAMED]) + (", …" if len(names) > _NAMED else "")
    return (
        f"The originals of {len(names)} images are missing or have changed ({named}), so these "
        "can't be made like the others. Put them back, or leave these images out."
    )


def _pending(collection: Collection) -> list[int]:
    """Images whose copy is not as the collection's are to be, but for those that were left out."""
    ids = session().scalars(
        select(Image.id)
        .where(
            Image.collection_id == collection.id,
            Image.made_alike.is_distinct_from(written_of(collection)),
        )
        .order_by(Image.id)
    )
    left_out = excluded(collection.id)
    return [each for each in ids if each not in left_out]


def _as_before(image: Image) -> dict[str, Any]:
    return {
        "id": image.id,
        "pixel_hash": image.plain_pixel_hash or image.pixel_hash,
        "plain_pixel_hash": None,
        "made_alike": None,
        # Measured again by the next check.
        "sharpness": None,
    }


def _made(image: Image, alike: Alike, settings: Settings) -> dict[str, Any] | None:
    """The row of the copy; None where there is no original to make it of."""
    try:
        source = Original(image.original_uri, image.content_hash)
        original = read_original(source, settings)
        file = made_alike(original, alike, max_pixels=settings.max_pixels)
        found = normalise(file, max_pixels=settings.max_pixels)
    except (OriginalMissingError, OriginalChangedError, UnusableImageError):
        return None
    pixel_hash, _written = store_normalised(settings.image_dir, found.content)
    return {
        "id": image.id,
        "pixel_hash": pixel_hash,
        "plain_pixel_hash": image.plain_pixel_hash or image.pixel_hash,
        "made_alike": alike.written,
        "perceptual_hash": found.perceptual_hash,
        **vars(found.exposure),
    }
