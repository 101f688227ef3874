"""A pattern's figures among the images of an area: one computation, whatever the area."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from workbench.analysis.regions.lift import Lift, lifts
from workbench.services import app_settings
from workbench.services.columns.store import ColumnStore, Rows
from workbench.store.outcomes import counts_of, label_count, right_count, wrong_count


@dataclass(frozen=True)
class PatternFigures:
    """A pattern in an area: in logits but prevalences (shares) and lift (a ratio).

    Contributions are those of single pixel groups, + toward fake; prevalences and lift count
    images, be there one group of the pattern in them or several.
    """

    groups: int
    images: int
    mean_contribution: float
    contribution_std: float
    """Standard deviation."""
    prevalence_real: float
    prevalence_fake: float
    lift: float
    lift_low: float
    lift_high: float


def figures_in(store: ColumnStore, area: Rows) -> tuple[PatternFigures, ...]:
    """The figures of each of a version's patterns among the images of an area."""
    return _figures(store, area, app_settings.settings().seed)


def figures_of_all(store: ColumnStore) -> tuple[PatternFigures, ...]:
    """The figures of each of a version's patterns among all its images; computed once."""
    return _of_all(store, app_settings.settings().seed)


@lru_cache(maxsize=16)
def _of_all(store: ColumnStore, seed: int) -> tuple[PatternFigures, ...]:
    return _figures(store, np.ones(store.count, np.bool_), seed)


def _figures(store: ColumnStore, area: Rows, seed: int) -> tuple[PatternFigures, ...]:
    whole = counts_of(store.outcomes[area])
    entries = store.entries_of(area)
    outcomes = store.outcomes.take(store.member_rows.take(entries))
    parts = store.parts_of(entries)
    having = np.array([counts_of(outcomes[part]) for part in parts], whole.dtype)
    having = having.reshape(-1, len(whole))  # also where there is no pattern
    without = whole - having
    counts = [count(which) for which in (having, without) for count in (wrong_count, right_count)]
    lifted = lifts(np.stack(counts, axis=1), seed=seed)
    return tuple(
        _of_one(store, entries[part], each, whole, lift)
        for each, part, lift in zip(having, parts, lifted, strict=True)
    )


def _of_one(
    store: ColumnStore,
    entries: NDArray[np.int64],
    having: NDArray[np.int64],
    whole: NDArray[np.int64],
    lift: Lift,
) -> PatternFigures:
    """`having` and `whole` are images by outcome: of the area with the pattern, and all of it."""
    groups = int(store.member_counts.take(entries).sum(dtype=np.int64))
    mean = float(store.member_contributions.take(entries).sum()) / max(groups, 1)
    square = float(store.member_squares.take(entries).sum()) / max(groups, 1)
    prevalence_real, prevalence_fake = (
        float(label_count(having, label) / max(int(label_count(whole, label)), 1))
        for label in ("real", "fake")
    )
    return PatternFigures(
        groups=groups,
        images=len(entries),
        mean_contribution=mean,
        contribution_std=max(square - mean**2, 0.0) ** 0.5,
        prevalence_real=prevalence_real,
        prevalence_fake=prevalence_fake,
        lift=lift.value,
        lift_low=lift.low,
        lift_high=lift.high,
    )
