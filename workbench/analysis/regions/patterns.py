"""Patterns: clusters of pixel groups of many images, by the direction of their evidence."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Integer
from numpy import ndarray
from scipy.stats import spearmanr
from sklearn.cluster import HDBSCAN
from sklearn.metrics import adjusted_rand_score
from sklearn.neighbors import NearestNeighbors
from umap import UMAP

UNCLUSTERED = -1
FEWEST = 12
"""Smallest cluster, and fewest groups of a side that are clustered."""
ALL_ALIKE = 100
"""Below this number, all groups of a side may be one pattern."""
MOST_A_SIDE = 25
"""Most patterns toward each side: what people can review and name."""
MOST_LEADING = 20_000
"""Most leading groups of a side: clustering so many takes about a minute."""
NEIGHBOURS = 15
LIKE = 0.2
"""Least cosine of similar directions; that of random ones of this length is about 0.04."""
JOINING = 8
"""Fewest of a group's nearest leading groups that must be of one pattern for it to join."""
RESAMPLES = 5
RESAMPLED_SHARE = 0.8
"""Share of the images in a resample."""
MOST_RESAMPLED = 3000
"""Most groups in a resample: clustering them takes some seconds."""


def cluster_groups(
    direction: Float[ndarray, "group part"],
    contribution: Float[ndarray, " group"],
    image_ids: Integer[ndarray, " group"],
    *,
    seed: int,
) -> Integer[ndarray, " group"]:
    """Cluster pixel groups; a pattern's number for each, or `UNCLUSTERED`.

    direction: of the evidence, of norm 1, so that distances are angles.

    Groups toward fake and toward real are clustered separately. Of each side, every image's leading
    group is reduced to 5 dimensions by UMAP and clustered by HDBSCAN; the others join the pattern
    of most of their nearest leading groups, or none. Numbers run from the largest
    |mean contribution| down. Groups with contribution 0 stay unclustered.
    """
    numbers = np.full(len(direction), UNCLUSTERED)
    for side in (contribution > 0, contribution < 0):
        leading = _leading(np.abs(contribution[side]), image_ids[side])
        found = _cluster_side(direction[side], leading, seed=seed)
        found[found != UNCLUSTERED] += numbers.max(initial=UNCLUSTERED) + 1
        numbers[side] = found
    return _numbered_by_strength(numbers, contribution)


def _cluster_side(
    direction: Float[ndarray, "group part"], leading: Integer[ndarray, " leading"], *, seed: int
) -> Integer[ndarray, " group"]:
    count = len(direction)
    if count < FEWEST:
        return np.full(count, UNCLUSTERED)
    if np.ptp(direction, axis=0).max() < 1e-6:
        return np.zeros(count, dtype=int)
    numbers = np.full(count, UNCLUSTERED)
    numbers[leading] = _cluster(direction[leading], seed=seed)
    left = np.flatnonzero(numbers == UNCLUSTERED)
    numbers[left] = _nearest(direction[left], direction[leading], numbers[leading])
    return numbers


def _leading(
    size: Float[ndarray, " group"], image_ids: Integer[ndarray, " group"]
) -> Integer[ndarray, " leading"]:
    """Select the strongest group of each image; of few images the next strongest too, and so on."""
    order = np.lexsort((-size, image_ids))
    starts = np.searchsorted(image_ids[order], image_ids[order], side="left")
    rank = np.empty(len(order), dtype=int)
    rank[order] = np.arange(len(order)) - starts
    enough = min(ALL_ALIKE, len(order))
    last = int(np.searchsorted(np.cumsum(np.bincount(rank, minlength=1)), enough))
    leading = np.flatnonzero(rank <= last)
    if len(leading) > MOST_LEADING:
        leading = leading[np.argsort(-size[leading], kind="stable")[:MOST_LEADING]]
    return np.sort(leading)


def _cluster(direction: Float[ndarray, "group part"], *, seed: int) -> Integer[ndarray, " group"]:
    count = len(direction)
    space = UMAP(
        n_components=min(5, direction.shape[1]),
        n_neighbors=min(15, count - 1),
        min_dist=0.0,
        random_state=seed,
        init="pca" if count < 4 * FEWEST else "spectral",
        n_jobs=1,
    ).fit_transform(direction)
    few = count < ALL_ALIKE
    found: Integer[ndarray, " group"] = HDBSCAN(
        min_cluster_size=max(FEWEST, count // MOST_A_SIDE),
        min_samples=5,
        # Few groups may all be one pattern. Of many, a cluster of more than half says little and
        # is split.
        allow_single_cluster=few,
        max_cluster_size=None if few else count // 2,
        copy=True,
    ).fit_predict(space)
    return found


def _nearest(
    direction: Float[ndarray, "group part"],
    leading: Float[ndarray, "leading part"],
    numbers: Integer[ndarray, " leading"],
) -> Integer[ndarray, " group"]:
    """Find the pattern of at least `JOINING` of the nearest similar leading groups, if any."""
    if not len(direction) or numbers.max(initial=UNCLUSTERED) == UNCLUSTERED:
        return np.full(len(direction), UNCLUSTERED)
    search = NearestNeighbors(n_neighbors=min(NEIGHBOURS, len(leading)), algorithm="brute")
    distance, indices = search.fit(leading).kneighbors(direction)
    similar = 1 - distance**2 / 2 >= LIKE
    near = np.where(similar, numbers[indices], UNCLUSTERED)
    votes = np.stack([(near == number).sum(axis=1) for number in range(numbers.max() + 1)], axis=1)
    return np.where(votes.max(axis=1) >= JOINING, votes.argmax(axis=1), UNCLUSTERED)


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
    seeds counts as well. `advance` is told of every resample and may raise to end the work.
    """
    present = [int(number) for number in np.unique(numbers) if number != UNCLUSTERED]
    if not present:
        return Stability(None, {})
    generator = np.random.default_rng(seed)
    rand: list[float] = []
    best: dict[int, list[float]] = {number: [] for number in present}
    for draw in range(RESAMPLES):
        advance(draw, RESAMPLES)
        chosen = _groups_of_some_images(image_ids, generator)
        found = cluster_groups(
            direction[chosen], contribution[chosen], image_ids[chosen], seed=seed + draw + 1
        )
        rand.append(float(adjusted_rand_score(numbers[chosen], found)))
        for number in present:
            members = numbers[chosen] == number
            if members.any():
                best[number].append(_best_jaccard(members, found))
    advance(RESAMPLES, RESAMPLES)
    return Stability(
        adjusted_rand=float(np.mean(rand)),
        by_pattern={number: float(np.mean(each)) for number, each in best.items() if each},
    )


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
