"""Find a version's patterns: cluster its pixel groups, measure what each does, write them down."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import delete, select, update

from workbench.analysis.cross_fitting.heads import CrossFittedHeads, Head
from workbench.analysis.encoders.protocol import Encoder
from workbench.analysis.regions.counterfactual import Effect
from workbench.analysis.regions.looks import PRECISE
from workbench.analysis.regions.patterns import (
    Stability,
    cluster_groups,
    effect_agreement,
    medoid_distance,
    stability,
)
from workbench.config import Settings
from workbench.services.models.scores import Scores, of_shards
from workbench.services.models.versions import forget_patterns
from workbench.services.pipeline.pattern_effects import drawn_groups, measure_effects
from workbench.services.progress import Progress
from workbench.store.chunks import change_in_chunks, write_in_chunks
from workbench.store.database import session, transaction
from workbench.store.results import Pattern, PixelGroup
from workbench.store.versions import ModelVersion


@dataclass(frozen=True)
class Groups:
    """A version's pixel groups: arrays with one entry a group, by ascending id."""

    ids: NDArray[np.int64]
    image_ids: NDArray[np.int64]
    contributions: NDArray[np.float64]
    """C(g) in logits, as it is stored."""
    by_dimension: NDArray[np.float64]
    """(group, K), in logits."""
    directions: NDArray[np.float64]
    """(group, part): where they lie by kind and by what they show (`analysis/kinds/space.py`)."""


@dataclass(frozen=True)
class FoundPatterns:
    """Patterns by number, and which pixel groups are theirs.

    numbers: each group's pattern, one of `effects`, or UNCLUSTERED.
    """

    groups: Groups
    numbers: NDArray[np.int64]
    effects: dict[int, Effect]
    stable: Stability


def find_patterns(
    version_id: int,
    scores: Scores,
    encoder: Encoder,
    heads: CrossFittedHeads[Head],
    settings: Settings,
    progress: Progress,
) -> FoundPatterns:
    """Cluster the pixel groups, measure the effect of each cluster and how stable it is."""
    progress.advance(0, 1, "Finding patterns")
    groups = _groups(version_id, scores, heads.final.dimensions, settings)
    numbers = cluster_groups(
        groups.directions, groups.contributions, groups.image_ids, seed=settings.seed
    )
    progress.advance(1, 1, "Finding patterns")
    effects = measure_effects(
        drawn_groups(groups.ids, groups.image_ids, numbers, settings),
        PRECISE * float(scores.logits.std()),
        encoder,
        heads,
        settings,
        progress,
    )
    stable = stability(
        groups.directions,
        groups.contributions,
        numbers,
        groups.image_ids,
        seed=settings.seed,
        advance=lambda done, total: progress.advance(done, total, "Resampling patterns"),
    )
    return FoundPatterns(groups, numbers, effects, stable)


def _groups(version_id: int, scores: Scores, dimensions: int, settings: Settings) -> Groups:
    found = (
        session()
        .execute(
            select(
                PixelGroup.id,
                PixelGroup.image_id,
                PixelGroup.contribution,
                PixelGroup.by_dimension,
                PixelGroup.number,
            )
            .where(PixelGroup.version_id == version_id)
            .order_by(PixelGroup.id)
        )
        .all()
    )
    image_ids = np.array([group.image_id for group in found], dtype=np.int64)
    images = np.searchsorted(scores.image_ids, image_ids)
    shards = of_shards(version_id, "directions", settings)
    directions = [
        shards[shard_id][row, group.number]
        for group, shard_id, row in zip(
            found,
            scores.shard_ids[images].tolist(),
            scores.shard_rows[images].tolist(),
            strict=True,
        )
    ]
    return Groups(
        ids=np.array([group.id for group in found], dtype=np.int64),
        image_ids=image_ids,
        contributions=np.array([group.contribution for group in found], dtype=np.float64),
        by_dimension=np.array([group.by_dimension for group in found], dtype=np.float64).reshape(
            len(found), dimensions
        ),
        directions=np.array(directions, dtype=np.float64).reshape(len(found), -1 if found else 1),
    )


def write_patterns(version_id: int, scores: Scores, found: FoundPatterns) -> None:
    """Write a version's patterns afresh, in chunks, and its figures of all of them."""
    _remove_patterns(version_id)
    patterns = [_pattern(version_id, scores, found, number) for number in found.effects]
    with transaction() as write:
        write.add_all(patterns)
        write.flush()
        ids = {pattern.number: pattern.id for pattern in patterns}
    members = [
        {"id": int(group_id), "pattern_id": pattern_id, "typicality": float(distance)}
        for number, pattern_id in ids.items()
        for of_pattern in (found.numbers == number,)
        for group_id, distance in zip(
            found.groups.ids[of_pattern],
            medoid_distance(found.groups.directions[of_pattern]),
            strict=True,
        )
    ]
    write_in_chunks(members, lambda write, chunk: write.execute(update(PixelGroup), chunk))
    _write_metrics(version_id, found.effects, found.stable)


def _remove_patterns(version_id: int) -> None:
    """Delete what an earlier process wrote; it may be incomplete."""
    written = select(Pattern.id).where(Pattern.version_id == version_id).limit(1)
    if session().scalar(written) is not None:
        forget_patterns(version_id)
        change_in_chunks(
            update(PixelGroup).values(pattern_id=None, typicality=None),
            PixelGroup.image_id,
            PixelGroup.version_id == version_id,
        )
        change_in_chunks(delete(Pattern), Pattern.number, Pattern.version_id == version_id)


def _pattern(version_id: int, scores: Scores, found: FoundPatterns, number: int) -> Pattern:
    members, effect = found.numbers == number, found.effects[number]
    by_dimension = found.groups.by_dimension[members]
    contribution = found.groups.contributions[members]
    has = np.isin(scores.image_ids, found.groups.image_ids[members])
    return Pattern(
        version_id=version_id,
        number=number,
        side="fake" if contribution.mean() > 0 else "real",
        groups=int(members.sum()),
        images=int(has.sum()),
        mean_contribution=float(contribution.mean()),
        spread_contribution=float(contribution.std()),
        profile=[float(f"{value:.6g}") for value in by_dimension.mean(axis=0)],
        effect=effect.value,
        effect_low=effect.low,
        effect_high=effect.high,
        effect_control=effect.control,
        effect_images=effect.images,
        stability=found.stable.by_pattern.get(number),
    )


def _write_metrics(version_id: int, effects: dict[int, Effect], stable: Stability) -> None:
    """What is known of the patterns as a whole, beside the version's other figures."""
    rows = session().execute(
        select(Pattern.number, Pattern.mean_contribution).where(Pattern.version_id == version_id)
    )
    claimed = dict(rows.tuples().all())
    figures = {
        "pattern_stability": stable.adjusted_rand,
        "effect_rank_correlation": effect_agreement(
            np.array([claimed[number] for number in effects]),
            np.array([effect.value for effect in effects.values()]),
        ),
    }
    with transaction() as write:
        version = write.get_one(ModelVersion, version_id)
        version.metrics = version.metrics | figures
