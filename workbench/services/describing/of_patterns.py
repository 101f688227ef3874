"""Where each pattern's pixel groups lie, and in which dimensions and regions their evidence."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.typing import NDArray
from sqlalchemy import select

from workbench.analysis.descriptions import location_of, normalised
from workbench.analysis.faces.regions import REGIONS
from workbench.analysis.images.normalise import NORMAL_SIZE
from workbench.analysis.regions.pixel_groups import decode_mask
from workbench.services.describing.face_regions import Faces
from workbench.store.database import session
from workbench.store.descriptions import PatternDescription
from workbench.store.regions import Region
from workbench.store.results import Pattern, PixelGroup

LOCATED = 64
"""Most pixel groups that show where a pattern lies, drawn at random."""
LEAST_ON_FACES = 5
"""Of a pattern with fewer groups on the faces that were looked at, no regions are named."""
_CHUNK = 5_000
_LOOKED_UP = 500


@dataclass
class _OfPattern:
    """Evidence of a pattern's groups, in logits."""

    by_dimension: NDArray[np.float64]
    total: float = 0.0
    group_ids: list[int] = field(default_factory=list)


@dataclass(frozen=True)
class GroupEvidence:
    """Magnitudes of contributions over a version's pixel groups, in logits."""

    by_dimension: NDArray[np.float64]
    """(K): sum of |c_k(g)| over all groups."""
    patterns: dict[int, _OfPattern]
    """By pattern id; every pattern of the version."""


def group_evidence(version_id: int, dimensions: int) -> GroupEvidence:
    """Sum up the evidence of a version's pixel groups, by dimension and by pattern."""
    known = session().scalars(select(Pattern.id).where(Pattern.version_id == version_id))
    patterns = {each: _OfPattern(np.zeros(dimensions)) for each in known.all()}
    whole = np.zeros(dimensions)
    groups = session().execute(
        select(
            PixelGroup.id,
            PixelGroup.pattern_id,
            PixelGroup.contribution,
            PixelGroup.by_dimension,
        )
        .where(PixelGroup.version_id == version_id)
        .order_by(PixelGroup.id)
    )
    for chunk in groups.partitions(_CHUNK):
        evidence = np.abs(np.array([each.by_dimension for each in chunk], np.float64))
        whole += evidence.sum(axis=0)
        for group, by_dimension in zip(chunk, evidence, strict=True):
            found = patterns.get(group.pattern_id)
            if found is not None:
                found.by_dimension += by_dimension
                found.total += abs(group.contribution)
                found.group_ids.append(group.id)
    session().rollback()
    return GroupEvidence(whole, patterns)


def of_patterns(
    version_id: int, groups: GroupEvidence, grid: tuple[int, int], faces: Faces, seed: int
) -> list[PatternDescription]:
    """Describe the patterns of a version."""
    random = np.random.default_rng(seed)
    chosen = {
        pattern_id: random.permutation(found.group_ids)[:LOCATED].tolist()
        for pattern_id, found in groups.patterns.items()
    }
    maps = _maps([each for some in chosen.values() for each in some], grid)
    regions = _regions(version_id, faces) if faces.enough else {}
    described = []
    for pattern_id, found in groups.patterns.items():
        shown = [maps[each] for each in chosen[pattern_id] if each in maps]
        mean_map = np.mean(shown, axis=0) if shown else np.zeros(grid)
        described.append(
            PatternDescription(
                pattern_id=pattern_id,
                location=location_of(mean_map),
                mean_map=short_numbers(mean_map),
                regions=regions.get(pattern_id),
                by_dimension=[float(f"{value:.6g}") for value in found.by_dimension],
                evidence=found.total,
            )
        )
    return described


def _maps(group_ids: Sequence[int], grid: tuple[int, int]) -> dict[int, NDArray[np.float64]]:
    """Each group's |contribution|, spread evenly over its mask, by patch (row, column)."""
    found = {}
    rows, columns = grid
    for start in range(0, len(group_ids), _LOOKED_UP):
        for group_id, rle, contribution in session().execute(
            select(PixelGroup.id, Region.rle, PixelGroup.contribution)
            .join(PixelGroup.region)
            .where(PixelGroup.id.in_(group_ids[start : start + _LOOKED_UP]))
        ):
            mask = decode_mask(rle, NORMAL_SIZE).astype(np.float32)
            covered = cv2.resize(mask, (columns, rows), interpolation=cv2.INTER_AREA)
            found[group_id] = abs(contribution) * normalised(
                np.asarray(covered, np.float64).ravel()
            ).reshape(grid)
    session().rollback()
    return found


def _regions(version_id: int, faces: Faces) -> dict[int, dict[str, float]]:
    """Shares of regions by pattern, of their groups on the faces, spread evenly over each mask."""
    amounts: defaultdict[int, NDArray[np.float64]] = defaultdict(lambda: np.zeros(len(REGIONS)))
    counts: defaultdict[int, int] = defaultdict(int)
    groups = session().execute(
        select(PixelGroup.image_id, PixelGroup.pattern_id, Region.rle, PixelGroup.contribution)
        .join(PixelGroup.region)
        .where(
            PixelGroup.version_id == version_id,
            PixelGroup.image_id.in_(list(faces.found)),
            PixelGroup.pattern_id.is_not(None),
        )
    )
    for image_id, pattern_id, rle, contribution in groups:
        inside = faces.found[image_id].regions[decode_mask(rle, NORMAL_SIZE) > 0]
        pixels = np.bincount(inside, minlength=len(REGIONS)).astype(np.float64)
        amounts[pattern_id] += abs(contribution) * normalised(pixels)
        counts[pattern_id] += 1
    session().rollback()
    return {
        pattern_id: named(normalised(found))
        for pattern_id, found in amounts.items()
        if counts[pattern_id] >= LEAST_ON_FACES
    }


def named(shares: NDArray[np.float64]) -> dict[str, float]:
    """Shares of the regions of a face by name, those above half a thousandth."""
    return {
        name: round(float(share), 4)
        for name, share in zip(REGIONS, shares, strict=True)
        if share >= 0.0005
    }


def short_numbers(values: NDArray[np.float64]) -> list[list[float]]:
    """To four digits, which is more than a picture shows."""
    return [[float(f"{value:.4g}") for value in row] for row in values]
