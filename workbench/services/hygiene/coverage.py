"""What a collection covers: its images by generator, class and year, and by label."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final, Self

from workbench.services.hygiene.images import CheckedImages

MOST_NAMES: Final = 1000
"""So many names are kept; there may be a class for every few images."""


@dataclass(frozen=True)
class Counted:
    """Images of one name, by their standing label."""

    name: str
    real: int
    fake: int
    unlabelled: int

    @property
    def total(self) -> int:
        """Of all labels."""
        return self.real + self.fake + self.unlabelled


@dataclass(frozen=True)
class Division:
    """All images, divided by one thing."""

    named: tuple[Counted, ...]
    """The most frequent 1,000 names, the most frequent first; years in their order."""
    names: int
    """How many there are."""
    unnamed: Counted
    """Images of which it is not known."""

    @classmethod
    def read(cls, stored: Mapping[str, Any]) -> Self:
        """As it was stored."""
        named = tuple(Counted(**each) for each in stored["named"])
        return cls(named, stored["names"], Counted(**stored["unnamed"]))


@dataclass(frozen=True)
class Coverage:
    """A collection's images, but for those that people left out."""

    generators: Division
    classes: Division
    years: Division
    """Of images whose date is known."""

    def as_json(self) -> dict[str, Any]:
        """As one object for JSON; `read` reads it."""
        return asdict(self)

    @classmethod
    def read(cls, stored: Mapping[str, Any]) -> Self:
        """Coverage as it was stored."""
        return cls(**{name: Division.read(each) for name, each in stored.items()})


def coverage_of(images: CheckedImages) -> Coverage:
    """Count a collection's images."""
    years = [str(each) if each else "" for each in images.years.tolist()]
    dated = _divided(years, images)
    in_order = sorted(dated.named, key=lambda each: each.name)
    return Coverage(
        generators=_divided(images.generators, images),
        classes=_divided(images.classes, images),
        years=Division(tuple(in_order), dated.names, dated.unnamed),
    )


def _divided(names: Sequence[str], images: CheckedImages) -> Division:
    real, fake, unlabelled = (
        Counter(name for name, each in zip(names, mask.tolist(), strict=True) if each)
        for mask in (images.real, images.fake, ~(images.real | images.fake))
    )
    found = [
        Counted(name, real[name], fake[name], unlabelled[name])
        for name in sorted(real | fake | unlabelled)
        if name
    ]
    found.sort(key=lambda each: -each.total)
    unnamed = Counted("", real[""], fake[""], unlabelled[""])
    return Division(tuple(found[:MOST_NAMES]), len(found), unnamed)
