"""Exact relevance, each patch's share spread over its neighbours."""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor

from workbench.analysis.distiller.head import DistilledHead
from workbench.analysis.encoders.protocol import Encoder, Penultimate
from workbench.analysis.relevance import patch_share
from workbench.analysis.relevance.maps import TokenMaps

EXPLAINS = patch_share.EXPLAINS
PARTS = patch_share.PARTS

SIGMA = 1.0
"""Of the Gaussian, in patches."""


def smooth_share(encoder: Encoder, head: DistilledHead, state: Penultimate) -> TokenMaps:
    """`patch_share`, its shares spread over the neighbours; signed, and of the same sum.

    A patch's token is made of its surroundings too, and what a token says of one patch is uneven:
    a Gaussian of `SIGMA` patches evens it out. What would fall over the border is shared out
    within it, so that not only every image's, but every patch's share is kept whole, and the maps
    have `patch_share`'s baseline. ValueError where x has no patch feature.

    Where evidence is planted, on photographs of the training set, in four folds by photograph
    (rightly detected fakes, n 359; patch means of blocks 2, 5, 8, 11):

    | sigma | 0 | 0.5 | 0.7 | 1 | 1.3 | 1.6 | 2 | 3 |
    |---|---|---|---|---|---|---|---|---|
    | pointing game | 0.903 | 0.930 | 0.947 | 0.958 | 0.969 | 0.972 | 0.969 | 0.939 |
    | average precision | 0.760 | 0.811 | 0.845 | 0.861 | 0.867 | 0.866 | 0.860 | 0.815 |

    The least sigma that has nearly all of the gain is taken: what is planted is larger than much of
    what maps are to show.
    """
    exact = patch_share.patch_share(encoder, head, state)
    rows, columns = (_neighbours(length) for length in encoder.grid)
    on_grid = exact.maps.reshape(*exact.maps.shape[:2], *encoder.grid)
    smooth = torch.einsum("ikrc,rR,cC->ikRC", on_grid, rows, columns)
    return TokenMaps(maps=smooth.flatten(2), baseline=exact.baseline)


def _neighbours(length: int) -> Float[Tensor, "source target"]:
    """What each place of a line gives to each: rows of sum 1."""
    places = torch.arange(length, dtype=torch.float32)
    return (-((places[:, None] - places) ** 2) / (2 * SIGMA**2)).softmax(dim=1)
