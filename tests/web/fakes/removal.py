"""Removals, which are noted and take nothing away."""

from __future__ import annotations

from dataclasses import dataclass

from tests.web.fakes.state import State
from workbench.config import Settings
from workbench.services.errors import ConflictError, NotFoundError
from workbench.services.removal.collections import CollectionPlan
from workbench.services.removal.counts import Counts
from workbench.services.removal.images import ImagePlan
from workbench.services.removal.versions import VersionPlan

OF_IMAGE = Counts(
    images=2, versions=2, scores=3, pixel_groups=9, embeddings=1, verdicts=2, tags=1, files=14,
    size=1_234_567,
)  # fmt: skip
OF_VERSION = Counts(versions=1, scores=6, pixel_groups=20, patterns=4, tags=3, files=5, size=90_000)
OF_COLLECTION = Counts(images=6, versions=2, scores=12, files=70, size=2_000_000)


@dataclass
class ImageRemovals:
    book: State

    def plan_image(self, image_id: int, settings: Settings) -> ImagePlan:
        if image_id > 6:
            raise NotFoundError("Image not found.")
        return ImagePlan(image_id, f"face {image_id}", "faces", ("faces", "raw"), OF_IMAGE)

    def remove_image(self, image_id: int, user_id: int | None, settings: Settings) -> Counts:
        self.book.removed.append((user_id, f"image:{image_id}"))
        return OF_IMAGE


@dataclass
class VersionRemovals:
    book: State

    def plan_version(self, name: str, number: int, settings: Settings) -> VersionPlan:
        return VersionPlan(name, number, OF_VERSION, verdicts=4, notes=1, tags=2)

    def remove_version(
        self,
        name: str,
        number: int,
        user_id: int | None,
        settings: Settings,
    ) -> Counts:
        if number == 2:
            raise ConflictError("v2 is the active version.")
        self.book.removed.append((user_id, f"version:{number}"))
        return OF_VERSION


@dataclass
class CollectionRemovals:
    book: State

    def plan_collection(self, name: str, settings: Settings) -> CollectionPlan:
        return CollectionPlan(name, OF_COLLECTION)

    def remove_collection(self, name: str, user_id: int | None, settings: Settings) -> Counts:
        self.book.removed.append((user_id, f"collection:{name}"))
        return OF_COLLECTION
