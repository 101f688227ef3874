"""Cross-fitted heads: a final head, and for each fold one that was not trained on its images."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Generic, Protocol, TypeVar, runtime_checkable

import numpy as np
import torch
from jaxtyping import Float, Integer
from numpy import ndarray
from torch import Tensor

from workbench.analysis.cross_fitting.folds import NO_FOLD
from workbench.analysis.encoders.protocol import Encoder, Part, Penultimate
from workbench.analysis.spelling.projection import Projection


@runtime_checkable
class Head(Protocol):
    """A head of any kind: from an encoder's state to K dimensions and a logit."""

    @property
    def dimensions(self) -> int:
        """The number K of dimensions."""

    @property
    def parts(self) -> frozenset[Part]:
        """What of the state is needed beside the embedding."""

    @property
    def projection(self) -> Projection | None:
        """The forget-to-spell projection before the distiller, or None."""

    @property
    def logit_weight(self) -> Float[Tensor, " dimension"]:
        """The dimensions' weights in the logit."""

    @property
    def logit_bias(self) -> float:
        """The logit where all dimensions are 0."""

    def dimensions_of(
        self, encoder: Encoder, state: Penultimate
    ) -> Float[Tensor, "image dimension"]:
        """Compute the dimensions z of each image."""

    def logit_of(self, z: Float[Tensor, "*batch dimension"]) -> Float[Tensor, "*batch"]:
        """Compute the logit of dimensions, + toward fake."""


Head_co = TypeVar("Head_co", bound=Head, covariant=True)


@dataclass(frozen=True)
class CrossFittedHeads(Generic[Head_co]):
    """The heads of a version (cross-fitting: Chernozhukov et al. 2018, arXiv 1608.00060).

    Whatever is shown of an image must come from a head that was not trained on it: of an image in
    a fold from that fold's head, of held-out and new images from the final one.

    final: trained on all training images.
    folds: by fold, trained on all but its images; none for a fold that never had images. They share
        standardisation, `logit_weight` and the projection with the final head, so that a dimension
        has one unit and one weight in all of them.
    """

    final: Head_co
    folds: Mapping[int, Head_co] = field(default_factory=dict)

    def head_of(self, fold: int | None) -> Head_co:
        """Choose the head for an image's fold; None or `NO_FOLD` for the final one.

        KeyError for a fold without a head.
        """
        return self.final if fold is None or fold == NO_FOLD else self.folds[fold]

    @property
    def parts(self) -> frozenset[Part]:
        """What of the state the heads need beside the embedding."""
        return self.final.parts

    def logit(
        self, encoder: Encoder, state: Penultimate, folds: Integer[ndarray, " image"]
    ) -> Float[Tensor, " image"]:
        """Compute each image's logit by the head for its fold, + toward fake."""
        found = torch.empty(len(folds))
        for fold in np.unique(folds).tolist():
            rows = torch.from_numpy(np.flatnonzero(folds == fold))
            head = self.head_of(fold)
            found[rows] = head.logit_of(head.dimensions_of(encoder, state.subset(rows)))
        return found

    def dimensions_of(
        self, encoder: Encoder, state: Penultimate, folds: Integer[ndarray, " image"]
    ) -> Float[Tensor, "image dimension"]:
        """Compute each image's dimensions by the head for its fold."""
        found = torch.empty(len(folds), self.final.dimensions)
        for fold in np.unique(folds).tolist():
            rows = torch.from_numpy(np.flatnonzero(folds == fold))
            found[rows] = self.head_of(fold).dimensions_of(encoder, state.subset(rows))
        return found
