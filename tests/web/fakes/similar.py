"""Neighbours: images are as alike as their numbers are near."""

from __future__ import annotations

from dataclasses import dataclass, replace

from tests.web.fakes.data import CARDS
from tests.web.fakes.state import State
from workbench.services.errors import (
    NotFoundError,
    UnavailableError,
)
from workbench.services.explore.cards import ImageCard
from workbench.services.similar.search import GroupCard, Neighbour


@dataclass
class Neighbours:
    """Images are as alike as their numbers are near."""

    book: State

    def of_image(self, version_id: int, image_id: int, limit: int = 8) -> tuple[Neighbour, ...]:
        self.image_card(version_id, image_id)
        return self._near(image_id)[:limit]

    def of_group(self, version_id: int, group_id: int, limit: int = 8) -> tuple[Neighbour, ...]:
        _group, card = self.group_card(version_id, group_id)
        if group_id % 100 == 1:
            return ()
        return tuple(
            replace(each, group=GroupCard(100 * each.card.id, 0, 0.9))
            for each in self._near(card.id)[:limit]
        )

    def of_text(self, version_id: int, text: str, limit: int = 8) -> tuple[Neighbour, ...]:
        return self._near(len(text))[:limit]

    def why_no_text(self, version_id: int) -> str | None:
        return None if self.book.reads_text else "The encoder of this version reads no text."

    def image_card(self, version_id: int, image_id: int) -> ImageCard:
        if image_id not in CARDS:
            raise NotFoundError("This version has no prediction for this image.")
        return self.book.card(image_id)

    def group_card(self, version_id: int, group_id: int) -> tuple[GroupCard, ImageCard]:
        if group_id // 100 not in CARDS:
            raise NotFoundError("Pixel group not found in this version.")
        return GroupCard(group_id, group_id % 100, 0.9), self.book.card(group_id // 100)

    def _near(self, number: int) -> tuple[Neighbour, ...]:
        if self.book.index_missing:
            raise UnavailableError("The similarity index is being built.")
        others = sorted((each for each in CARDS if each != number), key=lambda e: abs(e - number))
        return tuple(Neighbour(self.book.card(each), 0.9 - each / 10) for each in others)
