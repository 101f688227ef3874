"""Pixel groups: connected regions of one image that follow its things, with their contribution."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Integer, UInt8
from numpy import ndarray
from pycocotools import mask as coco
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from skimage.segmentation import slic

SEGMENTS = 96
"""Superpixels aimed at; 224 px and 96 of them make regions of about 23 x 23 px."""
KEPT_SHARE = 0.8
KEPT_AT_MOST = 8
LIKENESS = 0.8
"""Cosine of two neighbours' dimension profiles from which on they are one region."""
DENSITY_RATIO = 0.4
"""Neighbours merge only where the weaker has this share of the stronger one's density."""


@dataclass(frozen=True)
class PixelGroup:
    """One region. Contributions are in logits, positive toward fake."""

    rle: str
    left: int
    top: int
    width: int
    height: int
    area: int
    contribution: float
    by_dimension: Float[ndarray, " dimension"]


def superpixels(pixels: UInt8[ndarray, "height width 3"]) -> Integer[ndarray, "height width"]:
    """Labels 0…S-1 of connected regions of like colour (SLIC, Achanta et al. 2012).

    A constant image has regions too: SLIC then falls back to place alone.
    """
    labels = slic(pixels, n_segments=SEGMENTS, compactness=12.0, sigma=1.0, start_label=0)
    return np.unique(labels, return_inverse=True)[1].reshape(labels.shape)


def patch_overlap(
    labels: Integer[ndarray, "height width"], grid: tuple[int, int]
) -> Float[ndarray, "patch region"]:
    """The share of each patch's area that lies in each region; every row sums to 1."""
    height, width = labels.shape
    rows, columns = grid
    patch_row = np.arange(height) * rows // height
    patch_column = np.arange(width) * columns // width
    patch = patch_row[:, None] * columns + patch_column[None, :]
    regions = int(labels.max()) + 1
    counts = np.bincount(
        (patch * regions + labels).ravel(), minlength=rows * columns * regions
    ).reshape(rows * columns, regions)
    shares: Float[ndarray, "patch region"] = counts / counts.sum(axis=1, keepdims=True)
    return shares


def find_pixel_groups(
    pixels: UInt8[ndarray, "height width 3"],
    contributions: Float[ndarray, "dimension patch"],
    grid: tuple[int, int],
) -> list[PixelGroup]:
    """The groups that carry an image's score, largest |C| first.

    `contributions` are c_k of each patch in logits. Each patch's amount is spread evenly over its
    pixels, so that the regions' contributions sum to the map's own sum over any partition. Regions
    are superpixels, joined across neighbours that act alike (same sign, like profile over the
    dimensions, like density), kept from the largest |C| down until they carry `KEPT_SHARE` of
    the sum of |C| over all regions, or there are `KEPT_AT_MOST`. An image to which nothing
    contributes has none.
    """
    labels = superpixels(pixels)
    labels = _merge_alike(labels, contributions @ patch_overlap(labels, grid))
    by_region = contributions @ patch_overlap(labels, grid)
    total = by_region.sum(axis=0)
    kept = _largest(np.abs(total))
    return [_group(labels == region, by_region[:, region]) for region in kept]


def _merge_alike(
    labels: Integer[ndarray, "height width"], by_region: Float[ndarray, "dimension region"]
) -> Integer[ndarray, "height width"]:
    area = np.bincount(labels.ravel())
    density = by_region.sum(axis=0) / area
    norm = np.linalg.norm(by_region, axis=0)
    profile = by_region / np.where(norm > 0, norm, 1.0)
    first, second = _neighbours(labels)
    weaker = np.minimum(np.abs(density[first]), np.abs(density[second]))
    stronger = np.maximum(np.abs(density[first]), np.abs(density[second]))
    alike = (
        (np.sign(density[first]) == np.sign(density[second]))
        & (weaker >= DENSITY_RATIO * stronger)
        & ((profile[:, first] * profile[:, second]).sum(axis=0) >= LIKENESS)
        # Where little happens everything is alike: without this, the background of a whole
        # image would chain into one group.
        & (weaker >= np.abs(density).mean())
    )
    regions = len(area)
    graph = coo_array(
        (np.ones(int(alike.sum())), (first[alike], second[alike])), shape=(regions, regions)
    )
    merged = connected_components(graph, directed=False)[1]
    joined: Integer[ndarray, "height width"] = merged[labels]
    return joined


def _neighbours(
    labels: Integer[ndarray, "height width"],
) -> tuple[Integer[ndarray, " pair"], Integer[ndarray, " pair"]]:
    sideways = np.stack([labels[:, :-1].ravel(), labels[:, 1:].ravel()])
    downward = np.stack([labels[:-1].ravel(), labels[1:].ravel()])
    pairs = np.sort(np.concatenate([sideways, downward], axis=1), axis=0)
    pairs = np.unique(pairs[:, pairs[0] != pairs[1]], axis=1)
    return pairs[0], pairs[1]


def _largest(size: Float[ndarray, " region"]) -> Integer[ndarray, " kept"]:
    order = np.argsort(-size, kind="stable")
    carried = np.cumsum(size[order])
    if carried[-1] <= 0:
        return order[:0]
    enough = int(np.searchsorted(carried, KEPT_SHARE * carried[-1])) + 1
    return order[: min(enough, KEPT_AT_MOST)]


def _group(mask: ndarray, by_dimension: Float[ndarray, " dimension"]) -> PixelGroup:
    encoded = coco.encode(np.asfortranarray(mask.astype(np.uint8)))
    left, top, width, height = (int(value) for value in coco.toBbox(encoded))
    return PixelGroup(
        rle=str(encoded["counts"], "ascii"),  # type: ignore[arg-type]
        left=left,
        top=top,
        width=width,
        height=height,
        area=int(mask.sum()),
        contribution=float(by_dimension.sum()),
        by_dimension=by_dimension,
    )


def decode_mask(rle: str, size: int) -> UInt8[ndarray, "height width"]:
    """The mask (0 or 1) that a group's run lengths stand for, on a square image of `size` px."""
    decoded: UInt8[ndarray, "height width"] = coco.decode(
        {"counts": rle.encode("ascii"), "size": [size, size]}
    )
    return decoded
