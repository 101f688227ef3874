"""What dimensions and patterns show, in words and numbers: the one place that pages ask."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select

from workbench.services.explore.tag_shares import UNTAGGED, TagShares, tags_of_dimensions
from workbench.services.models.arrays import readings_of
from workbench.services.models.new_concepts import new_concepts
from workbench.store.database import session
from workbench.store.descriptions import DimensionDescription, PatternDescription
from workbench.store.versions import ModelVersion

Map = tuple[tuple[float, ...], ...]
"""Evidence by row and column of patches, in logits: magnitudes of contributions."""


@dataclass(frozen=True)
class Description:
    """Where evidence lies, as the run found it; empty in versions from before that was described.

    regions: of a face, with their shares of the evidence, the largest first; empty where few of the
        images show a face.
    """

    location: str | None = None
    mean_map: Map = ()
    regions: tuple[tuple[str, float], ...] = ()
    suggested: tuple[str, ...] = ()
    """Words that the encoder's text tower finds near; nobody has checked them."""


@dataclass(frozen=True)
class DimensionView(Description):
    """What a dimension shows."""

    share: float | None = None
    """Of the evidence of all dimensions; they sum to 1."""
    strongest: tuple[int, ...] = ()
    """The images with its strongest patches, one each; the strongest first."""
    tags: TagShares = UNTAGGED
    new_in: int | None = None
    """Number of the version that it was new in; None where it is as old as its version's line."""
    reads: str = ""
    """What it reads of the embedding, in versions from before concepts."""


@dataclass(frozen=True)
class PatternView(Description):
    """What a pattern shows."""

    mix: tuple[tuple[int, float], ...] = ()
    """Dimensions with their shares of the evidence in its pixel groups, the largest first."""


@dataclass(frozen=True)
class DescribedImages:
    """How many images descriptions are of."""

    images: int
    faces: int
    """Images that a face was found in, of those `looked_at`."""
    looked_at: int


def dimension_views(version_id: int) -> tuple[DimensionView, ...]:
    """Every dimension of a version, by index. Ten queries at most."""
    found = {
        each.dimension: each
        for each in session().scalars(
            select(DimensionDescription).where(DimensionDescription.version_id == version_id)
        )
    }
    in_groups = {each.dimension: each.in_groups for each in found.values()}
    tags, new_in = tags_of_dimensions(version_id, in_groups), new_concepts(version_id)
    total = sum(_total(each.mean_map) for each in found.values())
    return tuple(
        DimensionView(
            **vars(_description(found.get(index))),
            share=_total(found[index].mean_map) / total if index in found and total else None,
            strongest=tuple(each[0] for each in found[index].strongest) if index in found else (),
            tags=tags.get(index, UNTAGGED),
            new_in=new_in.get(index),
            reads=reads,
        )
        for index, reads in enumerate(readings_of(version_id))
    )


def described_images(version_id: int) -> DescribedImages | None:
    """What a version's descriptions are of; None where it has none."""
    kept = session().get_one(ModelVersion, version_id).metrics.get("described")
    return DescribedImages(**kept) if kept else None


def pattern_views(pattern_ids: Sequence[int]) -> dict[int, PatternView]:
    """What patterns show, by pattern id. One query."""
    found = session().scalars(
        select(PatternDescription).where(PatternDescription.pattern_id.in_(pattern_ids))
    )
    return {
        each.pattern_id: PatternView(**vars(_description(each)), mix=_mix(each.by_dimension))
        for each in found
    }


def _description(found: DimensionDescription | PatternDescription | None) -> Description:
    if found is None:
        return Description()
    return Description(
        location=found.location,
        mean_map=tuple(tuple(row) for row in found.mean_map),
        regions=tuple(sorted((found.regions or {}).items(), key=lambda each: -each[1])),
        suggested=tuple(found.suggested or ()),
    )


def _mix(by_dimension: Sequence[float]) -> tuple[tuple[int, float], ...]:
    total = sum(by_dimension)
    shares = [(index, value / total) for index, value in enumerate(by_dimension) if value > 0]
    return tuple(sorted(shares, key=lambda each: (-each[1], each[0])))


def _total(mean_map: Sequence[Sequence[float]]) -> float:
    return sum(map(sum, mean_map))
