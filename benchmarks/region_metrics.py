"""How well dimensions follow regions: arrays in, numbers out.

`contributions` are those of each dimension at each patch of each image, in logits, signed; their
absolute value is evidence. `regions` are numbers from 0 on.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Float, Integer
from numpy import ndarray

TOP_PATCHES = 50
LEAST_EVIDENCE = 0.03
"""Share of all evidence below which a dimension is not looked at."""


def table_of_strongest(
    contributions: Float[ndarray, "image dimension patch"],
    regions: Integer[ndarray, "image patch"],
) -> Float[ndarray, "dimension region"]:
    """Sum the evidence of patches by their strongest dimension and their region."""
    evidence = np.abs(contributions)
    dimensions = contributions.shape[1]
    count = int(regions.max(initial=0)) + 1
    pair = evidence.argmax(axis=1) * count + regions
    weight = evidence.sum(axis=1)
    found = np.bincount(pair.ravel(), weight.ravel(), minlength=dimensions * count)
    return found.reshape(dimensions, count).astype(np.float64)  # of nothing it counts in integers


def table_of_all(
    contributions: Float[ndarray, "image dimension patch"],
    regions: Integer[ndarray, "image patch"],
) -> Float[ndarray, "dimension region"]:
    """Sum the evidence of each dimension by the region of the patch that it lies on."""
    evidence = np.abs(contributions)
    count = int(regions.max(initial=0)) + 1
    by_region = [
        np.einsum("ikp,ip->k", evidence, (regions == region).astype(evidence.dtype))
        for region in range(count)
    ]
    return np.stack(by_region, axis=1).astype(np.float64)


def normalised_information(table: Float[ndarray, "dimension region"]) -> float:
    """Mutual information of a table of weights, over the mean of both entropies; 0 to 1.

    0 where there is no weight, or where one of the two is always the same.
    """
    if table.sum() <= 0:
        return 0.0
    joint = table / table.sum()
    rows, columns = joint.sum(axis=1), joint.sum(axis=0)
    mean = (_entropy(rows) + _entropy(columns)) / 2
    if mean <= 0:
        return 0.0
    return (_entropy(rows) + _entropy(columns) - _entropy(joint.ravel())) / mean


def _entropy(share: Float[ndarray, " _"]) -> float:
    positive = share[share > 0]
    return float(-(positive * np.log(positive)).sum())


def evidence_shares(
    contributions: Float[ndarray, "image dimension patch"],
) -> Float[ndarray, " dimension"]:
    """Compute each dimension's share of all evidence; 0 where there is none."""
    total = np.abs(contributions).sum(axis=(0, 2), dtype=np.float64)
    return np.asarray(total / max(total.sum(), np.finfo(np.float64).tiny))


def purities(
    contributions: Float[ndarray, "image dimension patch"],
    regions: Integer[ndarray, "image patch"],
) -> Float[ndarray, " dimension"]:
    """Compute, of each dimension's strongest patches, the share in the region that most are in.

    One patch an image, `TOP_PATCHES` images at most, patches with evidence alone; NaN where none
    has any.
    """
    evidence = np.abs(contributions)
    strongest = evidence.argmax(axis=2)
    found = np.full(evidence.shape[1], np.nan)
    for dimension, patch in enumerate(strongest.T):
        strength = evidence[np.arange(len(patch)), dimension, patch]
        order = np.argsort(-strength, kind="stable")[:TOP_PATCHES]
        images = order[strength[order] > 0]
        if len(images):
            found[dimension] = np.bincount(regions[images, patch[images]]).max() / len(images)
    return found


def top_patch_purity(
    contributions: Float[ndarray, "image dimension patch"],
    regions: Integer[ndarray, "image patch"],
) -> float:
    """Compute the mean of `purities` over the dimensions with `LEAST_EVIDENCE`; NaN without any."""
    enough = evidence_shares(contributions) >= LEAST_EVIDENCE
    return float(purities(contributions, regions)[enough].mean()) if enough.any() else np.nan
