"""What a collection's images are made before they are normalised (ADR 55)."""

from __future__ import annotations

from typing import Final

from workbench.analysis.images.alike import Alike
from workbench.store.database import session
from workbench.store.images import Collection

MADE_ALIKE: Final = "made_alike"
"""In the metrics of a version: what its images were made, as `Image.made_alike`."""


def alike_of(collection: Collection) -> Alike | None:
    """What a collection's images are made; None where they are taken as they are."""
    kept = collection.made_alike
    return None if kept is None else Alike(kept["side"], kept["quality"])


def made_alike_of(collection_id: int) -> str | None:
    """The same, as images and versions keep it."""
    return written_of(session().get_one(Collection, collection_id))


def written_of(collection: Collection) -> str | None:
    """The same, of a collection that was read."""
    alike = alike_of(collection)
    return None if alike is None else alike.written
