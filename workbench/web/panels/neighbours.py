"""Nearest neighbours, or why they cannot be searched at present."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from workbench.services.errors import UnavailableError
from workbench.services.similar import search
from workbench.services.similar.search import Neighbour
from workbench.web.site.errors import words_of

BESIDE_AN_IMAGE = 8


@dataclass(frozen=True)
class Nearest:
    """What was found, or why nothing can be looked up at present."""

    found: tuple[Neighbour, ...]
    refused: str | None = None


def beside_image(version_id: int, image_id: int) -> Nearest:
    """The few that an image's own page shows."""
    return looked_up(lambda: search.of_image(version_id, image_id, BESIDE_AN_IMAGE))


def looked_up(look: Callable[[], tuple[Neighbour, ...]]) -> Nearest:
    """The page stands even where what is nearest cannot be had."""
    try:
        return Nearest(look())
    except UnavailableError as error:
        return Nearest((), words_of(error))
