"""The concept dictionary: what each patch shows, as shares of K concepts."""

from __future__ import annotations

from dataclasses import dataclass

from jaxtyping import Float
from torch import Tensor
from torch.nn import functional


@dataclass(frozen=True)
class ConceptDictionary:
    """K directions in the space of content tokens; a concept's patches point along its direction.

    mean: of the content tokens that it was learned from.
    centres: of norm 1, or 0 where nothing could be learned.
    temperature: of the softmax over cosines; the higher, the softer the shares.

    Late patch tokens of a self-supervised transformer are alike where parts of things are alike
    (Amir et al. 2021, arXiv 2112.05814).
    """

    mean: Float[Tensor, " channel"]
    centres: Float[Tensor, "concept channel"]
    temperature: float

    def __len__(self) -> int:
        return len(self.centres)

    def assign(
        self, tokens: Float[Tensor, "image patch channel"]
    ) -> Float[Tensor, "image concept patch"]:
        """Compute each patch's shares of the concepts: in [0, 1], over the concepts of sum 1."""
        cosine = directions(tokens, self.mean) @ self.centres.T
        return (cosine / self.temperature).softmax(dim=-1).transpose(1, 2)


def directions(
    tokens: Float[Tensor, "*patch channel"], mean: Float[Tensor, " channel"]
) -> Float[Tensor, "*patch channel"]:
    """Centre tokens and bring them to norm 1; 0 where a token is the mean."""
    return functional.normalize(tokens - mean, dim=-1)
