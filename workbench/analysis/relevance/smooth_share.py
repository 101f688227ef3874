"""Exact attribution of patch features, smoothed over neighbouring patches."""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor

from workbench.analysis.distiller.head import DistilledHead
from workbench.analysis.encoders.protocol import Encoder, Penultimate
from workbench.analysis.relevance import patch_share
from workbench.analysis.relevance.attribution import Attribution

EXPLAINS = patch_share.EXPLAINS
PARTS = patch_share.PARTS

SIGMA = 1.0
"""Standard deviation of the Gaussian, in patches."""


def smooth_share(encoder: Encoder, head: DistilledHead, state: Penultimate) -> Attribution:
    """Smooth the attributions of `patch_share`; signed, of the same sums and baseline.

    A patch's token is made of its surroundings too, so the shares of single patches are noisy: a
    Gaussian of `SIGMA` patches smooths them. It is normalised at the border, so that every patch's
    share is kept whole. ValueError where x has no patch feature.

    Where evidence is planted, on photographs of the training set, in four folds by photograph
    (rightly detected fakes, n 359; patch means of blocks 2, 5, 8, 11):

    | sigma | 0 | 0.5 | 0.7 | 1 | 1.3 | 1.6 | 2 | 3 |
    |---|---|---|---|---|---|---|---|---|
    | pointing game | 0.903 | 0.930 | 0.947 | 0.958 | 0.969 | 0.972 | 0.969 | 0.939 |
    | average precision | 0.760 | 0.811 | 0.845 | 0.861 | 0.867 | 0.866 | 0.860 | 0.815 |

    The least sigma with nearly all of the gain is taken: planted regions are larger than much of
    what heatmaps are to show.
    """
    exact = patch_share.patch_share(encoder, head, state)
    rows, columns = (_gaussian(length) for length in encoder.grid)
    on_grid = exact.maps.reshape(*exact.maps.shape[:2], *encoder.grid)
    smooth = torch.einsum("ikrc,rR,cC->ikRC", on_grid, rows, columns)
    return Attribution(maps=smooth.flatten(2), baseline=exact.baseline)


def _gaussian(length: int) -> Float[Tensor, "source target"]:
    """Compute the Gaussian weights of each index for each other; rows of sum 1."""
    index = torch.arange(length, dtype=torch.float32)
    return (-((index[:, None] - index) ** 2) / (2 * SIGMA**2)).softmax(dim=1)
