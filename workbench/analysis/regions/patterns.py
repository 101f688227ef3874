"""Patterns: clusters of pixel groups of many images, by what they do differently and show."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Integer
from numpy import ndarray
from scipy.stats import spearmanr
from sklearn.cluster import KMeans
from sklearn.metrics import adjusted_rand_score

UNCLUSTERED = -1
FEWEST = 12
"""Fewest groups of a pattern, and of a side that is clustered."""
COUNTS = (1, 2, 3, 4, 5, 6, 8, 10, 12, 15, 18, 21, 25)
"""Numbers of patterns of a side to choose from; the last is what people can review and name."""
USUAL_FEWEST = 3
"""Where there are groups enough, there are at least so many patterns of a side: one for all is the
steadiest, and says nothing."""
AS_STEADY = 0.1
"""How much less steady more patterns may be than the steadiest number of them."""
LIKE = 0.2
"""Least cosine of a group with the centre of its pattern."""
STARTS = 4
"""Random starts of k-means, of which the best is taken; of resamples, one."""
MOST_FITTED = 20_000
"""Most groups of a side that centres are fitted to; the others join the nearest one."""
RESAMPLES = 5
RESAMPLED_SHARE = 0.8
"""Share of the images in a resample."""
MOST_RESAMPLED = 3000
"""Most groups in a resample."""


def cluster_groups(
    direction: Float[ndarray, "group part"],
    contribution: Float[ndarray, " group"],
    image_ids: Integer[ndarray, " group"],
    *,
    seed: int,
) -> Integer[ndarray, " group"]:
    """Cluster pixel groups; a pattern's number for each, or `UNCLUSTERED`.

    direction: where groups that do the same and show the same lie close together.

    Groups toward fake and toward real are clustered separately, by k-means. How many patterns a
    side has is the largest of `COUNTS` that is nearly as steady over resamples of the images as the
    steadiest (`AS_STEADY`; steadiness is the mean over the groups of their pattern's Jaccard
    similarity, see `Stability`): one kind of evidence is not cut into parts that the next sample
    would cut elsewhere. Numbers run from the largest |mean contribution| down. Groups with
    contribution 0 stay unclustered, such as are like no centre, and fewer than `FEWEST` together.
    """
    numbers = np.full(len(direction), UNCLUSTERED)
    for side in _sides(contribution):
        found = _cluster_side(direction[side], image_ids[side], seed)
        found[found != UNCLUSTERED] += numbers.max(initial=UNCLUSTERED) + 1
        numbers[side] = found
    return _numbered_by_strength(numbers, contribution)


def _sides(contribution: Float[ndarray, " group"]) -> tuple[Bool[ndarray, " group"], ...]:
    return contribution > 0, contribution < 0


def _cluster_side(
    direction: Float[ndarray, "group part"], image_ids: Integer[ndarray, " group"], seed: int
) -> Integer[ndarray, " group"]:
    if len(direction) < FEWEST:
        return np.full(len(direction), UNCLUSTERED)
    if np.ptp(direction, axis=0).max() < 1e-6:
        return np.zeros(len(direction), dtype=int)
    generator = np.random.default_rng(seed)
    drawn = [_groups_of_some_images(image_ids, generator) for _ in range(RESAMPLES)]
    best: dict[int, tuple[float, Integer[ndarray, " group"]]] = {}
    for count in _counts(len(direction)):
        numbers = _nearest(direction, _centres(direction, count, STARTS, seed))
        found = [
            _best_jaccards(numbers[rows], _resampled(direction[rows], count, seed + draw + 1))
            for draw, rows in enumerate(drawn)
        ]
        best[count] = float(np.mean([_of_groups(each) for each in found])), numbers
    least = max(steady for steady, _ in best.values()) - AS_STEADY
    chosen = max(count for count, (steady, _) in best.items() if steady >= least)
    return _large(best[chosen][1])


def _large(numbers: Integer[ndarray, " group"]) -> Integer[ndarray, " group"]:
    """Renumber the patterns that have `FEWEST` groups; the others' are unclustered."""
    counts = np.bincount(numbers + 1)[1:]
    large = counts >= FEWEST
    renumbered = np.append(np.where(large, np.cumsum(large) - 1, UNCLUSTERED), UNCLUSTERED)
    found: Integer[ndarray, " group"] = renumbered[numbers]
    return found


def _counts(groups: int) -> list[int]:
    fitting = [count for count in COUNTS if count * FEWEST <= groups]
    usual = [count for count in fitting if count >= USUAL_FEWEST]
    return usual or fitting


def _centres(
    direction: Float[ndarray, "group part"], count: int, starts: int, seed: int
) -> Float[ndarray, "centre part"]:
    """Fit centres to the groups, or to some of them drawn at random."""
    if len(direction) > MOST_FITTED:
        rows = np.random.default_rng(seed).choice(len(direction), MOST_FITTED, replace=False)
        direction = direction[np.sort(rows)]
    # More centres than different groups would be empty clusters.
    count = min(count, len(np.unique(direction, axis=0)))
    fitted = KMeans(n_clusters=count, n_init=starts, random_state=seed).fit(direction)
    centres: Float[ndarray, "centre part"] = fitted.cluster_centers_
    return centres


def _nearest(
    direction: Float[ndarray, "group part"], centres: Float[ndarray, "centre part"]
) -> Integer[ndarray, " group"]:
    """Find each group's nearest centre, as long as it is like it at all."""
    dots = direction @ centres.T
    # |d - c|^2 without |d|^2, which is the same for all centres.
    nearest = (np.square(centres).sum(axis=1) - 2 * dots).argmin(axis=1)
    lengths = np.linalg.norm(direction, axis=1) * np.linalg.norm(centres[nearest], axis=1)
    alike = dots[np.arange(len(direction)), nearest] > LIKE * lengths
    return np.where(alike, nearest, UNCLUSTERED)


def _resampled(
    direction: Float[ndarray, "group part"], count: int, seed: int
) -> Integer[ndarray, " group"]:
    return _nearest(direction, _centres(direction, count, 1, seed))


def _best_jaccards(
    numbers: Integer[ndarray, " group"], found: Integer[ndarray, " group"]
) -> dict[int, tuple[int, float]]:
    """Find of each pattern here how many groups it has, and how well it was found again."""
    return {
        int(number): (int(members.sum()), _best_jaccard(members, found))
        for number in np.unique(numbers[numbers != UNCLUSTERED])
        for members in (numbers == number,)
    }


def _of_groups(found: dict[int, tuple[int, float]]) -> float:
    """Average over the groups of the patterns."""
    sizes, similarities = zip(*found.values(), strict=True) if found else ((0,), (0.0,))
    return float(np.average(similarities, weights=np.maximum(sizes, 1)))


def _numbered_by_strength(
    numbers: Integer[ndarray, " group"], contribution: Float[ndarray, " group"]
) -> Integer[ndarray, " group"]:
    present = np.unique(numbers[numbers != UNCLUSTERED])
    strength = [abs(contribution[numbers == number].mean()) for number in present]
    renumbered = np.full_like(numbers, UNCLUSTERED)
    for new, old in enumerate(present[np.argsort(strength)[::-1]]):
        renumbered[numbers == old] = new
    return renumbered


def medoid_distance(direction: Float[ndarray, "group part"]) -> Float[ndarray, " group"]:
    """Compute the distance of each direction to the medoid's, in [0, 2]; 0 for the medoid.

    The medoid is taken as the direction nearest to the mean, not over all pairs: the same for
    compact clusters, in linear time.
    """
    medoid = direction[np.argmax(direction @ direction.mean(axis=0))]
    distance: Float[ndarray, " group"] = np.linalg.norm(direction - medoid, axis=1)
    return distance


@dataclass(frozen=True)
class Stability:
    """Stability of patterns over resamples of the images.

    `adjusted_rand` compares the two clusterings of a resample's groups (Hubert and Arabie 1985; 0
    is chance, 1 the same), unclustered ones as a cluster of their own; mean over resamples, None
    without patterns. `by_pattern` has for each pattern's number the largest Jaccard similarity of
    its members in a resample with a cluster found there, in [0, 1]; mean over resamples. Hennig
    2007 (Computational Statistics & Data Analysis 52, section 3): from 0.75 on a cluster is stable,
    below 0.5 it is not.
    """

    adjusted_rand: float | None
    by_pattern: dict[int, float]


def stability(
    direction: Float[ndarray, "group part"],
    contribution: Float[ndarray, " group"],
    numbers: Integer[ndarray, " group"],
    image_ids: Integer[ndarray, " group"],
    *,
    seed: int,
    advance: Callable[[int, int], None] = lambda _done, _total: None,
) -> Stability:
    """Measure the stability of the clustering `numbers`, by clustering resamples of the images.

    Each resample takes `RESAMPLED_SHARE` of the images without replacement, fewer where their
    groups would be more than `MOST_RESAMPLED`, and a seed of its own, so that the variance over
    seeds counts as well; each side is clustered into as many patterns as it has. `advance` is told
    of every resample and may raise to end the work.
    """
    present = [int(number) for number in np.unique(numbers) if number != UNCLUSTERED]
    if not present:
        return Stability(None, {})
    # None that chose the number of patterns.
    generator = np.random.default_rng([seed, RESAMPLES])
    rand: list[float] = []
    best: dict[int, list[float]] = {number: [] for number in present}
    for draw in range(RESAMPLES):
        advance(draw, RESAMPLES)
        chosen = _groups_of_some_images(image_ids, generator)
        found = _clustered_again(
            direction[chosen], contribution[chosen], numbers[chosen], seed + draw + 1
        )
        rand.append(float(adjusted_rand_score(numbers[chosen], found)))
        for number, (_, similarity) in _best_jaccards(numbers[chosen], found).items():
            best[number].append(similarity)
    advance(RESAMPLES, RESAMPLES)
    return Stability(
        adjusted_rand=float(np.mean(rand)),
        by_pattern={number: float(np.mean(each)) for number, each in best.items() if each},
    )


def _clustered_again(
    direction: Float[ndarray, "group part"],
    contribution: Float[ndarray, " group"],
    numbers: Integer[ndarray, " group"],
    seed: int,
) -> Integer[ndarray, " group"]:
    """Cluster each side afresh, into as many patterns as `numbers` has there."""
    found = np.full(len(numbers), UNCLUSTERED)
    for side in _sides(contribution):
        count = len(np.unique(numbers[side & (numbers != UNCLUSTERED)]))
        if count:
            again = _resampled(direction[side], count, seed)
            again[again != UNCLUSTERED] += found.max(initial=UNCLUSTERED) + 1
            found[side] = again
    return found


def _groups_of_some_images(
    image_ids: Integer[ndarray, " group"], generator: np.random.Generator
) -> Integer[ndarray, " chosen"]:
    images, counts = np.unique(image_ids, return_counts=True)
    order = generator.permutation(len(images))[: max(round(RESAMPLED_SHARE * len(images)), 1)]
    fitting = max(int(np.searchsorted(np.cumsum(counts[order]), MOST_RESAMPLED, "right")), 1)
    return np.flatnonzero(np.isin(image_ids, images[order[:fitting]]))


def _best_jaccard(members: Bool[ndarray, " group"], found: Integer[ndarray, " group"]) -> float:
    clusters = np.unique(found[members & (found != UNCLUSTERED)])
    return max(
        (
            float((members & (found == each)).sum() / (members | (found == each)).sum())
            for each in clusters
        ),
        default=0.0,
    )


def effect_agreement(
    contribution: Float[ndarray, " pattern"], effect: Float[ndarray, " pattern"]
) -> float | None:
    """Compute Spearman's correlation of patterns' mean contribution and measured effect.

    Removing what pushes toward fake lowers the logit: the effect's sign is reversed, so that +1 is
    full agreement. None for fewer than three patterns, or where all are equal.
    """
    if len(contribution) < 3 or not np.ptp(contribution) or not np.ptp(effect):
        return None
    return float(spearmanr(contribution, -effect).statistic)
