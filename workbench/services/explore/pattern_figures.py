"""A pattern's figures among the images of an area: one computation, whatever the area."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from workbench.analysis.groups import GroupSums, group_sums, single_images
from workbench.analysis.intervals import Estimate, shares_with_intervals
from workbench.analysis.regions.lift import lifts
from workbench.services.columns.store import ColumnStore, Rows
from workbench.store.images import LABELS
from workbench.store.outcomes import (
    CODES_OF_LABEL,
    OUTCOMES,
    RIGHT_CODES,
    WRONG_CODES,
    counts_of,
    right_count,
    wrong_count,
)


@dataclass(frozen=True)
class PatternFigures:
    """A pattern in an area: in logits but prevalences (shares) and lift (a ratio).

    Contributions are those of single pixel groups, + toward fake; prevalences and lift count
    images, be there one group of the pattern in them or several. Intervals take images of one
    source group for as alike as they are.
    """

    groups: int
    images: int
    mean_contribution: float
    contribution_std: float
    """Standard deviation."""
    prevalence_real: Estimate | None
    """Share of the real images that have it; None where the area has no real image."""
    prevalence_fake: Estimate | None
    lift: Estimate | None
    """In errors; None where the area's images cannot tell, as `unlifted` says why."""
    unlifted: str
    """`no_errors`, `only_errors` or `everywhere`; empty where there is a lift."""


def figures_in(store: ColumnStore, area: Rows) -> tuple[PatternFigures, ...]:
    """The figures of each of a version's patterns among the images of an area."""
    whole = counts_of(store.outcomes[area])
    entries = store.entries_of(area)
    parts = store.parts_of(entries)
    sums = _sums(store, area, whole, entries, parts)
    prevalences = (shares_with_intervals(sums, CODES_OF_LABEL[label]) for label in LABELS)
    estimates = (*prevalences, lifts(sums, WRONG_CODES, RIGHT_CODES))
    return tuple(
        _of_one(store, entries[part], whole, *each)
        for part, *each in zip(parts, *estimates, strict=True)
    )


@lru_cache(maxsize=16)
def figures_of_all(store: ColumnStore) -> tuple[PatternFigures, ...]:
    """The figures of each of a version's patterns among all its images; computed once."""
    return figures_in(store, np.ones(store.count, np.bool_))


def _sums(
    store: ColumnStore,
    area: Rows,
    whole: NDArray[np.int64],
    entries: NDArray[np.int64],
    parts: list[slice],
) -> GroupSums:
    """Images by outcome and pattern, summed up by source group."""
    rows = store.member_rows.take(entries)
    outcomes = store.outcomes.take(rows)
    if store.ungrouped:
        having = np.array([counts_of(outcomes[part]) for part in parts], whole.dtype)
        return single_images(whole, having.reshape(-1, len(OUTCOMES)))
    groups = store.groups.take(rows)
    having_by_group = [(groups[part], outcomes[part]) for part in parts]
    return group_sums(store.groups[area], store.outcomes[area], having_by_group, len(OUTCOMES))


def _of_one(
    store: ColumnStore,
    entries: NDArray[np.int64],
    whole: NDArray[np.int64],
    prevalence_real: Estimate | None,
    prevalence_fake: Estimate | None,
    lift: Estimate | None,
) -> PatternFigures:
    """`whole` counts the area's images by outcome."""
    groups = int(store.member_counts.take(entries).sum(dtype=np.int64))
    mean = float(store.member_contributions.take(entries).sum()) / max(groups, 1)
    square = float(store.member_squares.take(entries).sum()) / max(groups, 1)
    return PatternFigures(
        groups=groups,
        images=len(entries),
        mean_contribution=mean,
        contribution_std=max(square - mean**2, 0.0) ** 0.5,
        prevalence_real=prevalence_real,
        prevalence_fake=prevalence_fake,
        lift=lift,
        unlifted="" if lift else _unlifted(whole),
    )


def _unlifted(whole: NDArray[np.int64]) -> str:
    """Why the images of an area, counted by outcome, tell nothing of a lift in errors."""
    if not wrong_count(whole):
        return "no_errors"
    return "everywhere" if right_count(whole) else "only_errors"
