"""Which collections images are in, asked once in a transaction."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from workbench.store.images import Image

_KNOWN = "collections_of_images"
# Made once, as every decision asks it.
_OF_IMAGES = select(Image.id, Image.collection_id).where(
    Image.id.in_(bindparam("asked", expanding=True))
)


def collections_of(write: Session, image_ids: Collection[int]) -> dict[int, int]:
    """The collection of each of these images, by ascending image id; without those that are gone.

    Who numbers a change and who records it ask for the same ones, right after each other: an image
    never changes its collection.
    """
    known: dict[int, int] = write.info.setdefault(_KNOWN, {})
    if asked := set(image_ids) - known.keys():
        rows = write.execute(_OF_IMAGES, {"asked": list(asked)})
        known |= dict(rows.tuples().all())
    return {each: known[each] for each in sorted(set(image_ids)) if each in known}


def forget_collections(write: Session) -> None:
    """Ask anew, at the end of a transaction."""
    write.info.pop(_KNOWN, None)
