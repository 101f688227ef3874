"""Patterns: pixel groups of many images that are fake, or real, for like reasons."""

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
"""Fewer groups than this on a side make no pattern: a cluster of them would be chance."""
ALL_ALIKE = 100
"""Below this number, the groups of a side may all be one pattern."""
MOST_A_SIDE = 25
"""So many patterns at most toward each side: what people can look through and name."""
MOST_LEADING = 20_000
"""Leading groups of a side at most: clustering takes about a minute for so many."""
NEIGHBOURS = 15
LIKE = 0.2
"""Cosine from which on two directions count as alike: chance, of evidence's length, gives 0.04."""
JOINING = 8
"""So many of a group's nearest leading groups must be of one pattern for it to join."""
RESAMPLES = 5
RESAMPLED_SHARE = 0.8
"""Of the images in a resample."""
MOST_RESAMPLED = 3000
"""Groups in a resample at most: clustering them takes some seconds."""


def cluster_groups(
    direction: Float[ndarray, "group part"],
    contribution: Float[ndarray, " group"],
    image_ids: Integer[ndarray, " group"],
    *,
    seed: int,
) -> Integer[ndarray, " group"]:
    """A pattern's number for each group, or `UNCLUSTERED`.

    Groups toward fake and toward real are clustered apart, by the direction of their evidence (of
    length 1, so that distance is angle). Of each side, every image's leading group is brought to 5
    dimensions by UMAP and clustered by HDBSCAN; whatever is left joins the pattern that most of its
    nearest leading groups belong to, or none. Numbers run from the largest |mean contribution|
    down. Groups that contribute nothing stay unclustered.
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
    """The strongest group of each image; of few images the next strongest too, and so on."""
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
        # Few groups may all be one pattern. Of many, a cluster of more than half tells nobody
        # anything, so it is taken apart into what it is made of.
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
    """The pattern that at least `JOINING` of the nearest like leading groups are of, if any."""
    if not len(direction) or numbers.max(initial=UNCLUSTERED) == UNCLUSTERED:
        return np.full(len(direction), UNCLUSTERED)
    search = NearestNeighbors(n_neighbors=min(NEIGHBOURS, len(leading)), algorithm="brute")
    distance, places = search.fit(leading).kneighbors(direction)
    alike = 1 - distance**2 / 2 >= LIKE
    near = np.where(alike, numbers[places], UNCLUSTERED)
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


def typicality(direction: Float[ndarray, "group part"]) -> Float[ndarray, " group"]:
    """Distance of each group's direction to the medoid's (0 for the medoid), in [0, 2].

    The medoid is sought on the mean direction instead of over all pairs: the same for compact
    clusters, and linear in their size.
    """
    medoid = direction[np.argmax(direction @ direction.mean(axis=0))]
    distance: Float[ndarray, " group"] = np.linalg.norm(direction - medoid, axis=1)
    return distance


@dataclass(frozen=True)
class Stability:
    """How well patterns are found again in resamples of the images.

    `adjusted_rand` compares the two clusterings of a resample's groups (Hubert and Arabie 1985; 0
    is chance, 1 the same), unclustered ones as a cluster of their own; the mean over resamples.
    None where there are no patterns. `by_pattern` has for each pattern's number the largest Jaccard
    similarity of its members in a resample with a cluster found there, in [0, 1]; the mean over
    resamples. Hennig 2007 (Computational Statistics & Data Analysis 52, section 3): from 0.75 on a
    cluster is stable, below 0.5 it dissolves.
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
    """Cluster the groups of random images again, and hold what is found to `numbers`.

    Each resample takes `RESAMPLED_SHARE` of the images without replacement, fewer where their
    groups would be more than `MOST_RESAMPLED`, and a seed of its own, so that what depends on the
    seed of the clustering shows as well.
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
    """Rank correlation (Spearman) of patterns' mean contribution with their measured effect.

    What pushes toward fake lowers the logit when it is removed: the effect's sign is turned, so
    that +1 says that what is claimed is what is measured. None for fewer than three patterns, or
    where all are equal.
    """
    if len(contribution) < 3 or not np.ptp(contribution) or not np.ptp(effect):
        return None
    return float(spearmanr(contribution, -effect).statistic)
