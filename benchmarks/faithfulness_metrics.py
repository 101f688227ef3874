"""How far a map says what a score hangs on: deletion, insertion and MuFidelity.

A map gives each patch of an image a number. It is faithful where the score goes with the patches
that it names. Everything here turns maps into masked images and the scores of these into one number
per image; the scores themselves come from outside, so that any model can be asked, in any batches.
"""

from __future__ import annotations

import torch
from jaxtyping import Bool, Float
from torch import Tensor

SUBSET_SHARE = 0.2
"""Of the cells that one of MuFidelity's subsets removes; xplique's default."""


def removed_by_deletion(
    relevance: Float[Tensor, "image patch"], steps: int
) -> Bool[Tensor, "image point patch"]:
    """Which patches are gone at each of `steps` + 1 points: none first, all at the end.

    The patches of the largest relevance go first, as many at each step, as nearly as whole patches
    allow. Relevance is signed: what speaks against the score goes last. Among equals the first
    patch goes first. ValueError where there is no step.
    """
    if steps < 1:
        raise ValueError(f"a curve needs at least one step, got {steps}")
    patches = relevance.shape[1]
    order = relevance.argsort(dim=1, descending=True, stable=True)
    place = order.argsort(dim=1)
    count = torch.linspace(0, patches, steps + 1).round()
    return place[:, None] < count[:, None]


def removed_by_insertion(
    relevance: Float[Tensor, "image patch"], steps: int
) -> Bool[Tensor, "image point patch"]:
    """Which patches are still gone at each point: all first, none at the end.

    The patches that deletion takes first come back first.
    """
    return ~removed_by_deletion(relevance, steps)


def area_under(curve: Float[Tensor, "*batch point"]) -> Float[Tensor, "*batch"]:
    """Area under scores at evenly spaced points of [0, 1], by the trapezoidal rule.

    Of the scores along `removed_by_deletion` it is the deletion metric, of those along
    `removed_by_insertion` the insertion metric (Petsiuk, Das, Saenko, BMVC 2018, arXiv 1806.07421,
    section 3.4 and algorithm 1): low deletion and high insertion are good. We differ in two ways.
    Patches are removed instead of pixels, as many at a step as a few steps need. And the score is
    the logit toward the side that the model calls, not a probability, which hardly moves where the
    model is sure. In units of the score.
    """
    return torch.trapezoid(curve, dim=-1) / (curve.shape[-1] - 1)


def random_subsets(
    grid: tuple[int, int], count: int, *, cell: int, generator: torch.Generator
) -> Bool[Tensor, "subset patch"]:
    """`count` sets of patches to remove: each a fifth of the square cells of `cell` patches a side.

    Cells, because single patches drawn all over an image remove a little of everything, and the
    scores differ by little more than noise (`grid_size` in xplique). At the lower and right
    border a cell may be cut. At least one cell is removed.
    """
    rows, columns = grid
    down, across = -(-rows // cell), -(-columns // cell)
    size = max(1, round(SUBSET_SHARE * down * across))
    order = torch.rand(count, down * across, generator=generator).argsort(dim=1)
    chosen = (order.argsort(dim=1) < size).reshape(count, down, across)
    fine = chosen.repeat_interleave(cell, dim=1).repeat_interleave(cell, dim=2)
    return fine[:, :rows, :columns].flatten(1)


def mu_fidelity(
    relevance: Float[Tensor, "image patch"],
    subsets: Bool[Tensor, "subset patch"],
    fall: Float[Tensor, "image subset"],
) -> Float[Tensor, " image"]:
    """Correlation, over subsets, of the relevance removed with the fall of the score, in [-1, 1].

    corr_S(sum_{i in S} g_i, f(x) - f(x without S)) over sets S of one size (Bhatt, Weller, Moura,
    IJCAI 2020, arXiv 2005.00631, definition 3; xplique ranks both sides first, we take the paper's
    plain correlation). High is good. 0 where one of the two does not vary.
    """
    removed = relevance.double() @ subsets.T.double()
    first, second = (_centred(part) for part in (removed, fall.double()))
    norm = first.norm(dim=1) * second.norm(dim=1)
    product = (first * second).sum(dim=1)
    varies = norm > 0
    return torch.where(varies, product / torch.where(varies, norm, 1.0), 0.0).float()


def _centred(values: Float[Tensor, "image subset"]) -> Float[Tensor, "image subset"]:
    """About their mean; exactly 0 where all are equal but for rounding."""
    about = values - values.mean(dim=1, keepdim=True)
    rounding = 1e-12 * values.abs().amax(dim=1, keepdim=True)
    return torch.where(about.abs().amax(dim=1, keepdim=True) > rounding, about, 0.0)


def without_patches(
    pixels: Float[Tensor, "3 height width"],
    filling: Float[Tensor, "3 height width"],
    removed: Bool[Tensor, "copy patch"],
    grid: tuple[int, int],
) -> Float[Tensor, "copy 3 height width"]:
    """Copies of an image in which the removed patches show `filling` instead.

    Patches go row by row over `grid`, which must divide height and width.
    """
    rows, columns = grid
    _, height, width = pixels.shape
    hole = removed.reshape(-1, 1, rows, columns)
    hole = hole.repeat_interleave(height // rows, dim=2).repeat_interleave(width // columns, dim=3)
    return torch.where(hole, filling, pixels)


def mean_colour(pixels: Float[Tensor, "3 height width"]) -> Float[Tensor, "3 height width"]:
    """An image of the mean colour of this one."""
    return pixels.mean(dim=(1, 2), keepdim=True).expand_as(pixels)


def centre_prior(grid: tuple[int, int]) -> Float[Tensor, " patch"]:
    """Minus the distance of each patch from the middle, in grid lengths: a map that sees nothing.

    What people photograph stands in the middle, so that a map has to beat it.
    """
    rows, columns = grid
    down = (torch.arange(rows) + 0.5) / rows - 0.5
    across = (torch.arange(columns) + 0.5) / columns - 0.5
    return -torch.hypot(down[:, None], across[None, :]).flatten()
