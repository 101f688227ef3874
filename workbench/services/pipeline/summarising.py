"""What a version says of a whole collection: its patterns, its layout, its cells."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import and_, delete, func, insert, select, update

from workbench.analysis.encoders.protocol import Encoder
from workbench.analysis.layout.cells import summarise_cells
from workbench.analysis.layout.umap import lay_out
from workbench.analysis.regions.counterfactual import Effect
from workbench.analysis.regions.lift import lift
from workbench.analysis.regions.patterns import (
    Stability,
    cluster_groups,
    effect_agreement,
    medoid_distance,
    stability,
)
from workbench.config import Settings
from workbench.services.models.weights import load_head
from workbench.services.pipeline.pattern_effects import measure_effects
from workbench.services.pipeline.sensitivity import measure_sensitivity
from workbench.services.progress import Progress
from workbench.store.artifacts import load_arrays
from workbench.store.database import session, transaction
from workbench.store.outcomes import OUTCOMES, are_wrong, code_of
from workbench.store.results import (
    Cell,
    Pattern,
    PixelGroup,
    Prediction,
    ResultShard,
)
from workbench.store.versions import ModelVersion


@dataclass(frozen=True)
class Scores:
    """A version's predictions as columns, by image id."""

    image_ids: NDArray[np.int64]
    fake: NDArray[np.bool_]
    outcomes: NDArray[np.int64]
    p: NDArray[np.float64]
    sensitivity: NDArray[np.float64]
    """In logits; NaN where it was not measured."""
    places: NDArray[np.float64]
    """(image, 2), in [0, 1); NaN before the layout is made."""
    activations: NDArray[np.float32]

    @property
    def wrong(self) -> NDArray[np.bool_]:
        """Where label and verdict of the model differ."""
        return are_wrong(self.outcomes)


@dataclass(frozen=True)
class Groups:
    """A version's pixel groups as columns."""

    ids: NDArray[np.int64]
    image_ids: NDArray[np.int64]
    by_dimension: NDArray[np.float64]
    directions: NDArray[np.float64]
    """Of their evidence, of length 1."""

    @property
    def contributions(self) -> NDArray[np.float64]:
        """C(g) in logits."""
        total: NDArray[np.float64] = self.by_dimension.sum(axis=1)
        return total


def summarise(version_id: int, encoder: Encoder, settings: Settings, progress: Progress) -> None:
    """Lay the version's images out, measure their sensitivity, find patterns, cut the cells.

    When repeated, a layout that is there is kept, and what was measured is not measured again;
    patterns and cells start afresh.
    """
    version = session().get_one(ModelVersion, version_id)
    parent_id, head = version.parent_id, load_head(version, settings)
    _lay_out(version_id, parent_id, settings, progress)
    measure_sensitivity(version_id, encoder, head, settings, progress)
    scores = _scores(version_id, settings)
    progress.advance(0, 1, "Finding patterns")
    groups = _groups(version_id, version.dimensions, settings)
    session().rollback()
    numbers = cluster_groups(
        groups.directions, groups.contributions, groups.image_ids, seed=settings.seed
    )
    progress.advance(1, 1, "Finding patterns")
    effects = measure_effects(
        groups.ids, groups.image_ids, numbers, encoder, head, settings, progress
    )
    stable = stability(
        groups.directions,
        groups.contributions,
        numbers,
        groups.image_ids,
        seed=settings.seed,
        advance=lambda done, total: progress.advance(done, total, "Resampling patterns"),
    )
    progress.advance(0, 1, "Writing cells and patterns")
    with transaction() as current:
        current.execute(delete(Cell).where(Cell.version_id == version_id))
        current.execute(
            update(PixelGroup)
            .where(PixelGroup.version_id == version_id)
            .values(pattern_id=None, typicality=None)
        )
        current.execute(delete(Pattern).where(Pattern.version_id == version_id))
        _write_cells(version_id, scores)
        _write_patterns(version_id, scores, groups, numbers, effects, stable, settings.seed)
        _write_metrics(version_id, effects, stable)
    progress.advance(1, 1, "Writing cells and patterns")


def _scores(version_id: int, settings: Settings) -> Scores:
    rows = (
        session()
        .execute(
            select(
                Prediction.image_id,
                Prediction.label,
                Prediction.outcome,
                Prediction.p,
                func.abs(Prediction.removed_change - Prediction.control_change).label(
                    "sensitivity"
                ),
                Prediction.x,
                Prediction.y,
                Prediction.shard_id,
                Prediction.row,
            )
            .where(Prediction.version_id == version_id)
            .order_by(Prediction.image_id)
        )
        .all()
    )
    shards = _of_shards(version_id, "activations", settings)
    activations = [shards[row.shard_id][row.row] for row in rows]
    return Scores(
        image_ids=np.array([row.image_id for row in rows], dtype=np.int64),
        fake=np.array([row.label == "fake" for row in rows], dtype=bool),
        outcomes=np.array([code_of(row.outcome) for row in rows], dtype=np.int64),
        p=np.array([row.p for row in rows], dtype=np.float64),
        sensitivity=np.array([row.sensitivity for row in rows], dtype=np.float64),
        places=np.array([(row.x, row.y) for row in rows], dtype=np.float64).reshape(-1, 2),
        activations=np.stack(activations).astype(np.float32),
    )


def _groups(version_id: int, dimensions: int, settings: Settings) -> Groups:
    rows = (
        session()
        .execute(
            select(
                PixelGroup.id,
                PixelGroup.image_id,
                PixelGroup.by_dimension,
                PixelGroup.number,
                Prediction.shard_id,
                Prediction.row,
            )
            .join(
                Prediction,
                and_(
                    Prediction.version_id == PixelGroup.version_id,
                    Prediction.image_id == PixelGroup.image_id,
                ),
            )
            .where(PixelGroup.version_id == version_id)
            .order_by(PixelGroup.id)
        )
        .all()
    )
    shards = _of_shards(version_id, "directions", settings)
    return Groups(
        ids=np.array([row.id for row in rows], dtype=np.int64),
        image_ids=np.array([row.image_id for row in rows], dtype=np.int64),
        by_dimension=np.array([row.by_dimension for row in rows], dtype=np.float64).reshape(
            len(rows), dimensions
        ),
        directions=np.array(
            [shards[row.shard_id][row.row, row.number] for row in rows], dtype=np.float64
        ).reshape(len(rows), -1 if rows else 1),
    )


def _of_shards(version_id: int, name: str, settings: Settings) -> dict[int, NDArray[np.generic]]:
    """One array of each of the version's result shards."""
    return {
        shard.id: load_arrays(settings.artifact_dir, shard.artifact)[name]
        for shard in session().scalars(
            select(ResultShard).where(ResultShard.version_id == version_id)
        )
    }


def _lay_out(
    version_id: int, parent_id: int | None, settings: Settings, progress: Progress
) -> None:
    """Give each image its place, all in one transaction; does nothing where they have theirs."""
    scores = _scores(version_id, settings)
    session().rollback()
    progress.advance(0, 1, "Computing layout")
    if np.isnan(scores.places).any():
        places = lay_out(
            scores.activations,
            seed=settings.seed,
            parent=_places(parent_id, scores.image_ids) if parent_id else None,
        )
        with transaction() as current:
            current.execute(
                update(Prediction),
                [
                    {"version_id": version_id, "image_id": int(image_id), "x": x, "y": y}
                    for image_id, (x, y) in zip(scores.image_ids, places.tolist(), strict=True)
                ],
            )
    progress.advance(1, 1, "Computing layout")


def _places(version_id: int, image_ids: NDArray[np.int64]) -> NDArray[np.float64]:
    rows = session().execute(
        select(Prediction.image_id, Prediction.x, Prediction.y).where(
            Prediction.version_id == version_id, Prediction.x.is_not(None)
        )
    )
    known = {image_id: (x, y) for image_id, x, y in rows}
    session().rollback()
    unknown = (np.nan, np.nan)
    return np.array([known.get(int(image_id), unknown) for image_id in image_ids], dtype=float)


def _write_cells(version_id: int, scores: Scores) -> None:
    rows = [
        {
            "version_id": version_id,
            "level": cell.level,
            "row": cell.row,
            "column": cell.column,
            **dict(zip(OUTCOMES, cell.counts, strict=True)),
            "mean_p": cell.mean_p,
            "sensitivity": cell.sensitivity,
            "measured": cell.measured,
            "mean_activation": [float(f"{value:.6g}") for value in cell.mean_activation],
            "exemplar_id": int(scores.image_ids[cell.exemplar]),
        }
        for cell in summarise_cells(
            scores.places, scores.outcomes, scores.p, scores.sensitivity, scores.activations
        )
    ]
    session().execute(insert(Cell), rows)


def _write_patterns(
    version_id: int,
    scores: Scores,
    groups: Groups,
    numbers: NDArray[np.int64],
    effects: dict[int, Effect],
    stable: Stability,
    seed: int,
) -> None:
    current = session()
    for number, effect in effects.items():
        members = numbers == number
        by_dimension = groups.by_dimension[members]
        contribution = by_dimension.sum(axis=1)
        has = np.isin(scores.image_ids, groups.image_ids[members])
        more = lift(has, scores.wrong, seed=seed)
        pattern = Pattern(
            version_id=version_id,
            number=number,
            side="fake" if contribution.mean() > 0 else "real",
            groups=int(members.sum()),
            images=int(has.sum()),
            mean_contribution=float(contribution.mean()),
            spread_contribution=float(contribution.std()),
            prevalence_real=_share(has[~scores.fake]),
            prevalence_fake=_share(has[scores.fake]),
            lift=more.value,
            lift_low=more.low,
            lift_high=more.high,
            profile=[float(f"{value:.6g}") for value in by_dimension.mean(axis=0)],
            effect=effect.value,
            effect_low=effect.low,
            effect_high=effect.high,
            effect_control=effect.control,
            effect_images=effect.images,
            stability=stable.by_pattern.get(number),
        )
        current.add(pattern)
        current.flush()
        current.execute(
            update(PixelGroup),
            [
                {"id": int(group_id), "pattern_id": pattern.id, "typicality": float(distance)}
                for group_id, distance in zip(
                    groups.ids[members], medoid_distance(groups.directions[members]), strict=True
                )
            ],
        )


def _write_metrics(version_id: int, effects: dict[int, Effect], stable: Stability) -> None:
    """What is known of the patterns as a whole, beside the version's other figures."""
    current = session()
    version = current.get_one(ModelVersion, version_id)
    claimed = dict(
        current.execute(
            select(Pattern.number, Pattern.mean_contribution).where(
                Pattern.version_id == version_id
            )
        )
        .tuples()
        .all()
    )
    version.metrics = version.metrics | {
        "pattern_stability": stable.adjusted_rand,
        "effect_rank_correlation": effect_agreement(
            np.array([claimed[number] for number in effects]),
            np.array([effect.value for effect in effects.values()]),
        ),
    }


def _share(has: NDArray[np.bool_]) -> float:
    return float(has.mean()) if len(has) else 0.0
