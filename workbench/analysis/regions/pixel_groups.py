"""Pixel groups: connected regions of one image along superpixels, with their contribution."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from jaxtyping import Float, Integer, UInt8
from numpy import ndarray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from skimage.segmentation import slic

from workbench.analysis.regions.masks import bounding_box, decoded, run_lengths

SEGMENTS = 96
"""Target number of superpixels: regions of about 23 x 23 px at 224 px."""
_PATCHES = 256
_MOST_SEGMENTS = 216
"""Fewer than the 256 that a byte can tell apart, by what slic adds to the target."""
SUPERPIXELS_VERSION = 1
"""Raise it with every change of an image's superpixels, which are cached."""
_COMPACTNESS = 12.0
_SMOOTHING = 1.0
_ITERATIONS = 3
"""On photographs and portraits, three explain 0.856 of the variance of colour, the usual ten 0.861
in three times the time; squares of the same size 0.736."""
KEPT_SHARE = 0.8
KEPT_AT_MOST = 8
LIKENESS = 0.8
"""Least cosine of the dimension profiles of neighbours that merge."""
DENSITY_RATIO = 0.4
"""Least ratio of the densities, weaker to stronger, of neighbours that merge."""


@dataclass(frozen=True)
class PixelGroup:
    """A pixel group. Contributions are in logits, positive toward fake; lengths in pixels.

    rle: COCO run lengths, column by column.
    """

    rle: str
    left: int
    top: int
    width: int
    height: int
    area: int
    contribution: float
    by_dimension: Float[ndarray, " dimension"]
    areas: Float[ndarray, " patch"]
    """The share of each patch's area in the group."""


def superpixels(
    pixels: UInt8[ndarray, "height width 3"], grid: tuple[int, int] = (16, 16)
) -> UInt8[ndarray, "height width"]:
    """Segment an image into connected regions of similar colour (SLIC, Achanta et al. 2012).

    Labels are 0 to S - 1, S about `SEGMENTS`; more for a grid of more than 16 x 16 patches, in
    proportion as far as `_MOST_SEGMENTS`, so that groups are as fine as the evidence is. In a
    constant image regions follow position alone.
    """
    lab = _smooth_lab(pixels)
    # slic stretches what it is given to [0, 1]; dividing here too keeps compactness in Lab units.
    extent = float(lab.max() - lab.min())
    labels = slic(
        lab,
        n_segments=_segments(grid),
        compactness=_COMPACTNESS / (extent or 1.0),
        max_num_iter=_ITERATIONS,
        start_label=0,
        convert2lab=False,
    )
    # Regions below half the usual size were joined to a neighbour, so there are fewer than 256.
    return _numbered(labels).astype(np.uint8)


def _segments(grid: tuple[int, int]) -> int:
    patches = grid[0] * grid[1]
    return min(max(SEGMENTS, SEGMENTS * patches // _PATCHES), _MOST_SEGMENTS)


def _smooth_lab(pixels: UInt8[ndarray, "height width 3"]) -> Float[ndarray, "height width 3"]:
    """Convert to Lab with the contrast stretched to the full range, and smooth slightly."""
    stretched = cv2.normalize(pixels, np.empty_like(pixels), 0, 255, cv2.NORM_MINMAX)
    lab = cv2.cvtColor(stretched, cv2.COLOR_RGB2LAB).astype(np.float32)
    lab[..., 0] *= 100 / 255  # in bytes, OpenCV has L from 0 to 255
    smooth: Float[ndarray, "height width 3"] = cv2.GaussianBlur(lab, (0, 0), _SMOOTHING)
    return smooth


def _numbered(labels: Integer[ndarray, "height width"]) -> Integer[ndarray, "height width"]:
    """Renumber regions without gaps."""
    used = np.bincount(labels.ravel()) > 0
    numbers: Integer[ndarray, "height width"] = (np.cumsum(used) - 1)[labels]
    return numbers


def patch_overlap(
    labels: Integer[ndarray, "height width"], grid: tuple[int, int]
) -> Float[ndarray, "patch region"]:
    """Compute the share of each patch's area in each region; every row sums to 1."""
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


def join_superpixels(
    labels: UInt8[ndarray, "height width"],
    contributions: Float[ndarray, "dimension patch"],
    grid: tuple[int, int],
) -> list[PixelGroup]:
    """Merge superpixels into the pixel groups that carry an image's score, largest |C| first.

    contributions: c_k of each patch, in logits.

    Each patch's contribution is distributed evenly over its pixels, so that contributions sum to
    the map's sum over any partition. Neighbouring superpixels merge where they are similar (same
    sign, profile over the dimensions, density), and regions are kept from the largest |C| down
    until they carry `KEPT_SHARE` of the sum of |C|, or there are `KEPT_AT_MOST`. No group where all
    contributions are 0.
    """
    overlap = patch_overlap(labels, grid)
    by_superpixel = contributions @ overlap
    joined = _alike(labels, by_superpixel)
    by_region = np.zeros((len(contributions), int(joined.max()) + 1))
    np.add.at(by_region.T, joined, by_superpixel.T)
    kept = _largest(np.abs(by_region.sum(axis=0)))
    return [
        _group(
            (joined == region)[labels],
            by_region[:, region],
            overlap[:, joined == region].sum(axis=1),
        )
        for region in kept
    ]


def _alike(
    labels: UInt8[ndarray, "height width"], by_region: Float[ndarray, "dimension region"]
) -> Integer[ndarray, " region"]:
    """Compute the number of each superpixel's merged region, without gaps."""
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
        # Weak superpixels are all similar: without this, an image's whole background would chain
        # into one group.
        & (weaker >= np.abs(density).mean())
    )
    regions = len(area)
    graph = coo_array(
        (np.ones(int(alike.sum())), (first[alike], second[alike])), shape=(regions, regions)
    )
    joined: Integer[ndarray, " region"] = connected_components(graph, directed=False)[1]
    return joined


def _neighbours(
    labels: UInt8[ndarray, "height width"],
) -> tuple[Integer[ndarray, " pair"], Integer[ndarray, " pair"]]:
    """List each pair of regions with a common edge once, the lower number first."""
    regions = int(labels.max()) + 1
    touching = np.zeros((regions, regions), dtype=bool)
    touching[labels[:, :-1], labels[:, 1:]] = True
    touching[labels[:-1], labels[1:]] = True
    first, second = np.nonzero(np.triu(touching | touching.T, k=1))
    return first, second


def _largest(size: Float[ndarray, " region"]) -> Integer[ndarray, " kept"]:
    order = np.argsort(-size, kind="stable")
    carried = np.cumsum(size[order])
    if carried[-1] <= 0:
        return order[:0]
    enough = int(np.searchsorted(carried, KEPT_SHARE * carried[-1])) + 1
    return order[: min(enough, KEPT_AT_MOST)]


def _group(
    mask: ndarray, by_dimension: Float[ndarray, " dimension"], areas: Float[ndarray, " patch"]
) -> PixelGroup:
    rle = run_lengths(mask)
    left, top, width, height = bounding_box(rle, *mask.shape)
    return PixelGroup(
        rle=rle,
        left=left,
        top=top,
        width=width,
        height=height,
        area=int(mask.sum()),
        contribution=float(by_dimension.sum()),
        by_dimension=by_dimension,
        areas=areas,
    )


def decode_mask(rle: str, size: int) -> UInt8[ndarray, "height width"]:
    """Decode run lengths to a mask (0 or 1) of a square image of `size` px."""
    return decoded(rle, size, size)
