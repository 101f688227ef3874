"""Cross-fitted heads: a final head, and for each fold one that was not trained on its images."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np
import torch
from jaxtyping import Float, Integer
from numpy import ndarray
from torch import Tensor

from workbench.analysis.distiller.folds import NO_FOLD
from workbench.analysis.distiller.head import DistilledHead


@dataclass(frozen=True)
class CrossFittedHeads:
    """The heads of a version (cross-fitting: Chernozhukov et al. 2018, arXiv 1608.00060).

    Whatever is shown of an image must come from a head that was not trained on it: of an image in
    a fold from that fold's head, of held-out and new images from the final one.

    final: trained on all training images.
    folds: by fold, trained on all but its images; none for a fold that never had images. They share
        `mean`, `scale`, `logit_weight` and the projection with the final head, so that a dimension
        has one unit and one weight in all of them.
    """

    final: DistilledHead
    folds: Mapping[int, DistilledHead] = field(default_factory=dict)

    def head_of(self, fold: int | None) -> DistilledHead:
        """Choose the head for an image's fold; None or `NO_FOLD` for the final one.

        KeyError for a fold without a head.
        """
        return self.final if fold is None or fold == NO_FOLD else self.folds[fold]

    def mapped(self, change: Callable[[DistilledHead], DistilledHead]) -> CrossFittedHeads:
        """Apply the same change to every head."""
        return CrossFittedHeads(
            change(self.final), {fold: change(head) for fold, head in self.folds.items()}
        )

    def logit(
        self, x: Float[Tensor, "image feature"], folds: Integer[ndarray, " image"]
    ) -> Float[Tensor, " image"]:
        """Compute each image's logit by the head for its fold, + toward fake."""
        return self._by_head(x, folds, DistilledHead.logit, ())

    def activation(
        self, x: Float[Tensor, "image feature"], folds: Integer[ndarray, " image"]
    ) -> Float[Tensor, "image dimension"]:
        """Compute each image's distilled dimensions by the head for its fold, not negative."""
        return self._by_head(x, folds, DistilledHead.activation, (len(self.final.bias),))

    def _by_head(
        self,
        x: Float[Tensor, "image feature"],
        folds: Integer[ndarray, " image"],
        compute: Callable[[DistilledHead, Tensor], Tensor],
        shape: tuple[int, ...],
    ) -> Tensor:
        found = x.new_empty(len(x), *shape)
        for fold in np.unique(folds).tolist():
            rows = torch.from_numpy(np.flatnonzero(folds == fold))
            found[rows] = compute(self.head_of(fold), x[rows])
        return found
