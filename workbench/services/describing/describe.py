"""Describe a version's dimensions and patterns: where their evidence lies, and what shows it.

Computed from what the version has stored of some of its images, so that pages only read it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import delete, select
from sqlalchemy.orm import joinedload

from workbench.analysis.descriptions import in_regions, location_of, normalised
from workbench.analysis.faces.regions import REGIONS
from workbench.config import Settings
from workbench.services.describing.face_regions import Faces, find_faces
from workbench.services.describing.of_patterns import (
    GroupEvidence,
    group_evidence,
    named,
    of_patterns,
    short_numbers,
)
from workbench.services.models.scores import Scores
from workbench.services.models.versions import forget_patterns
from workbench.services.progress import Progress
from workbench.store.artifacts import FileFacts, load_arrays
from workbench.store.database import session, transaction
from workbench.store.descriptions import DimensionDescription
from workbench.store.results import ResultShard
from workbench.store.versions import ModelVersion

STAGE = "Describing dimensions and patterns"
KEY = "described"
"""Of a version's metrics: how many images the descriptions are of."""
SAMPLED = 1000
"""About so many images are described, of whole shards: reading one reads all of its maps."""
STRONGEST = 12
"""Patches that show what a dimension is, one an image."""


def describe(
    version_id: int,
    scores: Scores,
    weights: NDArray[np.float32],
    grid: tuple[int, int],
    settings: Settings,
    progress: Progress,
) -> None:
    """Describe all dimensions and patterns of a version, afresh.

    `weights` are those of the dimensions in the logit, `grid` the rows and columns of patches.
    """
    progress.advance(0, 1, STAGE)
    rows = _sample(scores, settings.seed)
    order = np.random.default_rng(settings.seed).permutation(rows)
    faces = find_faces(
        scores.image_ids[order].tolist(),
        settings,
        lambda done, total: progress.advance(done, total + 1, STAGE),
    )
    seen = _seen(scores, rows, weights, grid, faces, settings)
    groups = group_evidence(version_id, len(weights))
    _write_dimensions(version_id, seen, groups, grid)
    patterns = of_patterns(version_id, groups, grid, faces, settings.seed)
    forget_patterns(version_id)
    with transaction() as write:
        write.add_all(patterns)
        version = write.get_one(ModelVersion, version_id)
        version.metrics = version.metrics | {
            KEY: {"images": len(rows), "faces": len(faces.found), "looked_at": faces.looked_at}
        }
    progress.advance(1, 1, STAGE)


def _sample(scores: Scores, seed: int) -> NDArray[np.int64]:
    """Rows of the scores: all images of some shards, ascending."""
    shards, counts = np.unique(scores.shard_ids, return_counts=True)
    order = np.random.default_rng(seed).permutation(len(shards))
    enough = int(np.searchsorted(np.cumsum(counts[order]), SAMPLED)) + 1
    return np.flatnonzero(np.isin(scores.shard_ids, shards[order[:enough]]))


@dataclass
class _Seen:
    """What the sampled images show of each dimension; evidence is |contribution|, in logits."""

    images: int
    total: NDArray[np.float64]
    """(K, patch): sum over the images."""
    image_ids: NDArray[np.int64]
    strongest: NDArray[np.int64]
    """(image, K): the patch with the most evidence."""
    strength: NDArray[np.float32]
    """(image, K): of that patch."""
    regions: NDArray[np.float64] | None
    """(K, region of a face): shares; None where too few images have a face."""


def _seen(
    scores: Scores,
    rows: NDArray[np.int64],
    weights: NDArray[np.float32],
    grid: tuple[int, int],
    faces: Faces,
    settings: Settings,
) -> _Seen:
    dimensions, patches = len(weights), grid[0] * grid[1]
    total = np.zeros((dimensions, patches))
    strongest = np.zeros((len(rows), dimensions), np.int64)
    strength = np.zeros((len(rows), dimensions), np.float32)
    amounts = np.zeros((dimensions, len(REGIONS)))
    files = _files(scores.shard_ids[rows])
    for shard_id, facts in files.items():
        members = np.flatnonzero(scores.shard_ids[rows] == shard_id)
        stored = load_arrays(settings.artifact_dir, facts)["token_maps"]
        maps = stored[scores.shard_rows[rows[members]]].astype(np.float32)
        evidence = np.abs(maps * weights[:, None])
        total += evidence.sum(axis=0, dtype=np.float64)
        strongest[members], strength[members] = evidence.argmax(axis=2), evidence.max(axis=2)
        if faces.enough:
            amounts += _in_regions(evidence, scores.image_ids[rows[members]], grid, faces)
    return _Seen(
        images=len(rows),
        total=total,
        image_ids=scores.image_ids[rows],
        strongest=strongest,
        strength=strength,
        regions=normalised(amounts) if faces.enough else None,
    )


def _in_regions(
    evidence: NDArray[np.float32],
    image_ids: NDArray[np.int64],
    grid: tuple[int, int],
    faces: Faces,
) -> NDArray[np.float64]:
    """By dimension and region of a face, of those of these images that have one."""
    having = [index for index, each in enumerate(image_ids.tolist()) if each in faces.found]
    shares = [faces.patch_shares(int(image_ids[index]), grid) for index in having]
    if not shares:
        return np.zeros((evidence.shape[1], len(REGIONS)))
    return in_regions(evidence[having], np.stack(shares))


def _files(shard_ids: NDArray[np.int64]) -> dict[int, FileFacts]:
    found = session().scalars(
        select(ResultShard)
        .options(joinedload(ResultShard.artifact))
        .where(ResultShard.id.in_(np.unique(shard_ids).tolist()))
    )
    files = {shard.id: shard.artifact.facts for shard in found}
    session().rollback()
    return files


def _write_dimensions(
    version_id: int,
    seen: _Seen,
    groups: GroupEvidence,
    grid: tuple[int, int],
) -> None:
    maps = (seen.total / max(seen.images, 1)).reshape(-1, *grid)
    with transaction() as write:
        write.execute(
            delete(DimensionDescription).where(DimensionDescription.version_id == version_id)
        )
        write.add_all(
            DimensionDescription(
                version_id=version_id,
                dimension=dimension,
                location=location_of(mean_map),
                mean_map=short_numbers(mean_map),
                regions=None if seen.regions is None else named(seen.regions[dimension]),
                strongest=_strongest(seen, dimension, grid[1]),
                in_groups=float(groups.by_dimension[dimension]),
            )
            for dimension, mean_map in enumerate(maps)
        )


def _strongest(seen: _Seen, dimension: int, columns: int) -> list[list[int]]:
    """Image id, row and column of the patches with the most evidence; none without any."""
    strength = seen.strength[:, dimension]
    order = np.argsort(-strength, kind="stable")[:STRONGEST]
    return [
        [int(seen.image_ids[row]), *map(int, divmod(int(seen.strongest[row, dimension]), columns))]
        for row in order
        if strength[row] > 0
    ]
