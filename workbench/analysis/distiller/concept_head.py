"""The head by concepts: evidence by patch, gathered by what the patches show."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from workbench.analysis.concepts.dictionary import ConceptDictionary
from workbench.analysis.distiller.linear_evidence import LinearEvidence
from workbench.analysis.distiller.window_evidence import WindowEvidence
from workbench.analysis.encoders.patch_features import tokens_of
from workbench.analysis.encoders.protocol import (
    Encoder,
    Part,
    Penultimate,
    content_feature,
)
from workbench.analysis.spelling.projection import Projection


@dataclass(frozen=True)
class ConceptHead:
    """z_k = gain_k sum_t pi_k(t) e(t), logit = w z + b; positive logits say fake.

    Dimensions are signed, additive and complete: patch t gives pi_k(t) e(t) to z_k, in logits
    before weighing. Their baseline, what the training set's mean image has of them, is 0.

    evidence: of pooled features.
    windows: evidence of small windows beside it, or None; e(t) is the sum of both.
    dictionary: pi_k(t), the patch's share of concept k; the same in all heads of a version.
    gain: 1 in the final head; in a fold's, what makes `logit_weight` fit it too.
    logit_weight: w > 0; 1 where evidence counts as it was learned, whatever shows it.
    logit_bias: b.
    """

    evidence: LinearEvidence
    dictionary: ConceptDictionary
    gain: Float[Tensor, " dimension"]
    logit_weight: Float[Tensor, " dimension"]
    logit_bias: float
    windows: WindowEvidence | None = None

    @property
    def dimensions(self) -> int:
        """The number K of dimensions."""
        return len(self.logit_weight)

    @property
    def parts(self) -> frozenset[Part]:
        """What of the state is needed beside the embedding."""
        return frozenset({"patch_tokens"})

    @property
    def projection(self) -> Projection | None:
        """The forget-to-spell projection before the distiller, or None."""
        return self.evidence.projection

    def concepts(
        self, encoder: Encoder, state: Penultimate
    ) -> Float[Tensor, "image dimension patch"]:
        """Compute pi_k(t). ValueError where the encoder has no content tokens."""
        feature = content_feature(encoder.features)
        if feature is None:
            raise ValueError(f"the embedding of {encoder.name} has no content")
        return self.dictionary.assign(tokens_of(feature, encoder.features, state))

    def maps(self, encoder: Encoder, state: Penultimate) -> Float[Tensor, "image dimension patch"]:
        """Compute what each patch gives to each dimension; over the patches they sum to z_k."""
        evidence = self.of_patches(encoder, state)
        return self.concepts(encoder, state) * evidence[:, None] * self.gain[:, None]

    def of_patches(self, encoder: Encoder, state: Penultimate) -> Float[Tensor, "image patch"]:
        """Compute e(t), in logits before weighing."""
        pooled = self.evidence.of_patches(encoder, state)
        if self.windows is None:
            return pooled
        return self.windows.beside(pooled, self.windows.of_patches(encoder, state))

    def dimensions_of(
        self, encoder: Encoder, state: Penultimate
    ) -> Float[Tensor, "image dimension"]:
        """Compute the dimensions z, signed, + toward fake."""
        return self.maps(encoder, state).sum(dim=-1)

    def logit_of(self, z: Float[Tensor, "*batch dimension"]) -> Float[Tensor, "*batch"]:
        """Compute the logit of dimensions: an image's, edited ones, or a baseline."""
        return z @ self.logit_weight + self.logit_bias


def silent(head: ConceptHead) -> ConceptHead:
    """Make a head that says nothing: all its dimensions are 0, and the logit."""
    return ConceptHead(
        LinearEvidence(
            head.evidence.mean,
            head.evidence.scale,
            torch.zeros_like(head.evidence.weight),
            head.evidence.smoothing,
            head.evidence.projection,
        ),
        head.dictionary,
        head.gain,
        head.logit_weight,
        0.0,
    )
