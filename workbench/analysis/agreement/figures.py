"""Figures of agreement between people, each with a bootstrap interval.

Raw agreement; Cohen's kappa (Educational and Psychological Measurement 1960); Krippendorff's alpha
for nominal data with missing answers (Computing Krippendorff's Alpha-Reliability, 2011); Gwet's
AC1 (British Journal of Mathematical and Statistical Psychology 2008). Of a unit's answers all
pairs count alike. Undefined, None, where nothing was compared, and for kappa and alpha where all
answers are the same: chance alone would agree as well.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int
from numpy import ndarray

from workbench.analysis.agreement.answers import Answers, Sums, sums_by_group

RESAMPLES = 1000
FEWEST_GROUPS = 10
"""With fewer, resampling says little of how far the figure may be off."""
MOSTLY = 0.9
"""The part of the resamples that must have a figure for it to have an interval."""
_AT_ONCE = 200
"""Resamples that are held in memory together."""
_FEW = 300_000
"""Of up to so many sums, adding up the zeros, too, is quicker than leaving them out."""


@dataclass(frozen=True)
class Figure:
    """A figure of agreement, at most 1, with its 95% bootstrap interval.

    None where it is undefined. The interval is None, too, with few groups of images, and where
    every resample gives the same figure, as with perfect agreement: resampling cannot tell then.
    """

    value: float | None = None
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class Agreement:
    """How far people agree.

    units: those that two people or more answered on; splits: of these, those on which answers
    differ. answers: all, also those that nobody else's compare with.
    kappa: of two people; of more the mean over all pairs, weighted by the units of each (Light,
    Psychological Bulletin 1971, weights all alike).
    """

    units: int
    splits: int
    answers: int
    people: int
    raw: Figure
    kappa: Figure
    alpha: Figure
    ac1: Figure


def agreement(answers: Answers, seed: int = 0) -> Agreement:
    """Compute all figures of some answers, with intervals over resampled groups of units."""
    sums = sums_by_group(answers)
    values = _figures(sums, np.asarray(sums.table.sum(axis=0)).reshape(1, -1))
    resampled = _figures(sums, _resampled(sums, seed))
    compared = np.flatnonzero(answers.per_unit >= 2)
    enough = len(np.unique(answers.group[compared])) >= FEWEST_GROUPS
    return Agreement(
        units=len(compared),
        splits=len(answers.splitting()),
        answers=len(answers.unit),
        people=len(np.unique(answers.person)),
        **{
            name: _with_interval(float(values[name][0]), resampled[name], enough=enough)
            for name in values
        },
    )


def _resampled(sums: Sums, seed: int) -> Float[ndarray, "resample sum"]:
    """Sums over as many groups as there are, drawn with replacement.

    Groups with the same sums are drawn together: how often each kind comes is multinomial.
    """
    groups = sums.table.shape[0]
    if not groups:
        return np.zeros((RESAMPLES, sums.table.shape[1]))
    rng = np.random.default_rng(seed)
    keys = sums.table @ rng.random(sums.table.shape[1])  # rows alike have the very same key
    _keys, at, kind = np.unique(keys, return_index=True, return_inverse=True)
    kinds = sums.table[at].T
    if np.prod(kinds.shape) <= _FEW:
        kinds = kinds.toarray()
    return np.concatenate(
        [(kinds @ _drawn(rng, kind, len(at)).T).T for _begun in range(0, RESAMPLES, _AT_ONCE)]
    )


def _drawn(
    rng: np.random.Generator, kind: Int[ndarray, " group"], kinds: int
) -> Int[ndarray, "resample kind"]:
    """How often groups of each kind come among as many draws as there are groups."""
    groups = len(kind)
    if 4 * kinds < groups:
        return np.asarray(rng.multinomial(groups, np.bincount(kind) / groups, size=_AT_ONCE))
    draws = rng.integers(groups, size=(_AT_ONCE, groups))
    return np.stack([np.bincount(kind[each], minlength=kinds) for each in draws])


def _figures(
    sums: Sums, totals: Float[ndarray, "resample sum"]
) -> dict[str, Float[ndarray, " resample"]]:
    """Each figure of each row of sums; NaN where it is undefined."""
    k = sums.categories
    units, agreeing, shares, coincidences, tables = np.split(
        totals, [1, 2, 2 + k, 2 + k + k * k], axis=1
    )
    with np.errstate(divide="ignore", invalid="ignore"):
        raw = agreeing[:, 0] / units[:, 0]
        return {
            "raw": raw,
            "kappa": _mean_kappa(tables.reshape(len(totals), -1, k, k)),
            "alpha": _alpha(coincidences.reshape(-1, k, k)),
            "ac1": _ac1(raw, shares),
        }


def _ac1(
    raw: Float[ndarray, " resample"], shares: Float[ndarray, "resample category"]
) -> Float[ndarray, " resample"]:
    """AC1, equations 5 and 6 of Gwet 2008, for any number of people and categories.

    The categories are those of the scale: one that nobody used counts.
    """
    part = shares / shares.sum(axis=1, keepdims=True)
    chance = (part * (1 - part)).sum(axis=1) / (shares.shape[1] - 1)
    return np.asarray((raw - chance) / (1 - chance))


def _alpha(
    coincidences: Float[ndarray, "resample category category"],
) -> Float[ndarray, " resample"]:
    """Alpha, section C of Krippendorff 2011: one less observed over expected disagreement."""
    of_value = coincidences.sum(axis=2)
    values = of_value.sum(axis=1)
    observed = values - np.trace(coincidences, axis1=1, axis2=2)
    # A difference of large sums: what rounding leaves of nothing is nothing.
    expected = (of_value * (values[:, None] - of_value)).sum(axis=1)
    expected = np.where(expected > 1e-9 * values**2, expected, 0.0)
    return np.asarray(1 - (values - 1) * observed / expected)


def _mean_kappa(
    tables: Float[ndarray, "resample pair category category"],
) -> Float[ndarray, " resample"]:
    """Cohen's kappa of each pair of people, averaged over the units of those that have one."""
    units = tables.sum(axis=(2, 3))
    agreeing = np.trace(tables, axis1=2, axis2=3)
    by_chance = (tables.sum(axis=2) * tables.sum(axis=3)).sum(axis=2) / units
    left = units - by_chance
    kappa = np.where(left > 1e-9 * units, (agreeing - by_chance) / left, np.nan)
    weight = np.where(np.isnan(kappa), 0.0, units)
    return np.asarray(np.nansum(kappa * weight, axis=1) / weight.sum(axis=1))


def _with_interval(value: float, resampled: Float[ndarray, " resample"], *, enough: bool) -> Figure:
    if not np.isfinite(value):
        return Figure()
    defined = resampled[np.isfinite(resampled)]
    if not enough or len(defined) < MOSTLY * len(resampled):
        return Figure(value)
    low, high = np.percentile(defined, [2.5, 97.5])
    if high - low < 1e-9:
        return Figure(value)
    return Figure(value, float(min(low, value)), float(max(high, value)))
