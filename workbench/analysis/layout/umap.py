"""Layout coordinates by UMAP, spread over the panel; a later version keeps its parent's places."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Integer
from numpy import ndarray
from sklearn.neighbors import NearestNeighbors

from workbench.analysis.layout.cells import block_for, block_of
from workbench.analysis.layout.spread import spread

FITTED_AT_MOST = 50_000
FEWEST = 5
NEIGHBOURS = 15
KEPT_FROM = 0.5
"""Share of its nearest neighbours that are the same, from which an image keeps its place."""
_NEAREST = 5
"""Neighbours that a new image is placed among."""
_BELOW_ONE = np.nextafter(1.0, 0.0)


@dataclass(frozen=True)
class ParentLayout:
    """The parent version's layout of the same images.

    coordinates: NaN for images that it does not have.
    representation: what it was computed from; None where that is not known any more. Rows of images
        that it does not have say nothing.
    """

    coordinates: Float[ndarray, "image 2"]
    representation: Float[ndarray, "image feature"] | None = None


def lay_out(
    representation: Float[ndarray, "image feature"],
    *,
    seed: int,
    parent: ParentLayout | None = None,
) -> Float[ndarray, "image 2"]:
    """Compute layout coordinates (x, y) in [0, 1) of each image, each in a cell of its own.

    Where half of the images have mostly the neighbours that they had in the parent's layout, these
    keep their places, and the others move to where their nearest ones are. Otherwise UMAP (McInnes
    et al. 2018) is fitted with a fixed seed, on at most `FITTED_AT_MOST` images, the rest
    transformed; it starts from the parent's coordinates and is turned to lie upon them. Small
    collections take a block in the middle, see `block_for`. Fewer than `FEWEST` images, or equal
    ones, fill the middle in order.
    """
    count = len(representation)
    block = block_for(count)
    if count < FEWEST or np.ptp(representation, axis=0).max(initial=0.0) < 1e-9:
        return block.outward(spread(np.full((count, 2), 0.5), block, flow=False))
    known = np.full((count, 2), np.nan)
    kept = np.zeros(count, np.bool_)
    if parent is not None and np.isfinite(parent.coordinates).any():
        known = _shares(parent.coordinates)
        kept = _kept(representation, parent)
    if 2 * kept.sum() > count:
        return block.outward(spread(_placed(representation, known, kept), block, flow=False))
    return block.outward(spread(_fitted(representation, known, seed), block))


def _shares(coordinates: Float[ndarray, "image 2"]) -> Float[ndarray, "image 2"]:
    """Turn a parent's coordinates into shares of the block that it took.

    It was that for its number of images, unless some of them are no longer there.
    """
    known = np.isfinite(coordinates).all(axis=1)
    shares = block_for(int(known.sum())).inward(coordinates)
    if ((shares[known] >= 0) & (shares[known] < 1)).all():
        return shares
    return block_of(coordinates).inward(coordinates)


def _kept(
    representation: Float[ndarray, "image feature"], parent: ParentLayout
) -> Bool[ndarray, " image"]:
    """Tell which images still have the neighbours that they had."""
    kept: Bool[ndarray, " image"] = np.isfinite(parent.coordinates).all(axis=1)
    if parent.representation is None:
        return np.zeros(len(kept), np.bool_)
    known = np.flatnonzero(kept)
    now, before = representation[known], parent.representation[known]
    if now.shape == before.shape and np.allclose(now, before, atol=1e-6):
        return kept
    neighbours = min(NEIGHBOURS + 1, len(known))
    near_now, near_before = (_nearest(each, each, neighbours) for each in (now, before))
    same = near_now[:, :, None] == near_before[:, None, :]
    kept[known] = same.any(axis=2).mean(axis=1) >= KEPT_FROM
    return kept


def _nearest(
    among: Float[ndarray, "image feature"],
    of: Float[ndarray, "other feature"],
    neighbours: int,
) -> Integer[ndarray, "other neighbour"]:
    """Find the nearest images to each, among `FITTED_AT_MOST` of them."""
    some = _sample(len(among), seed=0)
    index = NearestNeighbors(n_neighbors=min(neighbours, len(some)), algorithm="brute")
    found: Integer[ndarray, "other neighbour"] = some[
        index.fit(among[some]).kneighbors(of, return_distance=False)
    ]
    return found


def _placed(
    representation: Float[ndarray, "image feature"],
    known: Float[ndarray, "image 2"],
    kept: Bool[ndarray, " image"],
) -> Float[ndarray, "image 2"]:
    """Put those that did not keep a place between their nearest that did."""
    places = known.copy()
    if not kept.all():
        nearest = _nearest(representation[kept], representation[~kept], _NEAREST)
        # The median: one neighbour that lies elsewhere shall not pull it to nowhere.
        places[~kept] = np.median(known[kept][nearest], axis=1)
    return places


def _fitted(
    representation: Float[ndarray, "image feature"], known: Float[ndarray, "image 2"], seed: int
) -> Float[ndarray, "image 2"]:
    # Two seconds, which a process that ends before its layout, or finds one, need not spend.
    from workbench.analysis.layout.compiled import UMAP  # noqa: PLC0415

    count = len(representation)
    fitted = _sample(count, seed)
    reducer = UMAP(
        n_neighbors=min(NEIGHBOURS, len(fitted) - 1),
        min_dist=0.1,
        random_state=seed,
        n_jobs=1,
        init=_start(known[fitted], seed) if len(fitted) > 3 * FEWEST else "random",
    )
    coordinates = np.empty((count, 2))
    coordinates[fitted] = reducer.fit_transform(representation[fitted])
    rest = np.setdiff1d(np.arange(count), fitted)
    if len(rest):
        coordinates[rest] = reducer.transform(representation[rest])
    return _into_unit_square(_turned(coordinates, known))


def _sample(count: int, seed: int) -> Integer[ndarray, " image"]:
    if count <= FITTED_AT_MOST:
        return np.arange(count)
    chosen = np.random.default_rng(seed).choice(count, FITTED_AT_MOST, replace=False)
    return np.sort(chosen)


def _start(known: Float[ndarray, "image 2"], seed: int) -> str | Float[ndarray, "image 2"]:
    if not np.isfinite(known).any():
        return "spectral"
    start = known.copy()
    unknown = ~np.isfinite(start).all(axis=1)
    start[unknown] = np.random.default_rng(seed).random((int(unknown.sum()), 2))
    # UMAP works in a square of about 20; images on one spot would never come apart.
    jitter = np.random.default_rng(seed).normal(scale=1e-3, size=start.shape)
    scaled: Float[ndarray, "image 2"] = (20.0 * (start + jitter) - 10.0).astype(np.float32)
    return scaled


def _turned(
    coordinates: Float[ndarray, "image 2"], known: Float[ndarray, "image 2"]
) -> Float[ndarray, "image 2"]:
    """Turn and stretch the coordinates to lie upon those that are known."""
    both = np.isfinite(known).all(axis=1)
    if both.sum() < FEWEST:
        return coordinates
    extended = np.column_stack([coordinates, np.ones(len(coordinates))])
    turn = np.linalg.lstsq(extended[both], known[both], rcond=None)[0]
    turned: Float[ndarray, "image 2"] = extended @ turn
    return turned


def _into_unit_square(coordinates: Float[ndarray, "image 2"]) -> Float[ndarray, "image 2"]:
    low, span = coordinates.min(axis=0), np.ptp(coordinates, axis=0)
    scaled = (coordinates - low) / np.where(span > 0, span, 1.0)
    clipped: Float[ndarray, "image 2"] = np.clip(scaled, 0.0, _BELOW_ONE)
    return clipped
