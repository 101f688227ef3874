"""The paper's head: x to K non-negative dimensions and a logit."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from workbench.analysis.encoders.protocol import Encoder, Part, Penultimate
from workbench.analysis.spelling.projection import Projection


@dataclass(frozen=True)
class DistilledHead:
    """z = ReLU(W (v - mean) / scale + b), logit = w z + b_logit; positive logits say fake.

    v is the embedding x itself, or its projection where there is one.

    mean, scale: the training set's, of each feature of v; scale > 0.
    weight, bias: W and b, to the K distilled dimensions.
    logit_weight, logit_bias: w and b_logit.
    projection: the forget-to-spell projection before the distiller, or None.

    Raises ValueError where a scale is not positive.
    """

    mean: Float[Tensor, " projected"]
    scale: Float[Tensor, " projected"]
    weight: Float[Tensor, "dimension projected"]
    bias: Float[Tensor, " dimension"]
    logit_weight: Float[Tensor, " dimension"]
    logit_bias: float
    projection: Projection | None = None

    def __post_init__(self) -> None:
        if not bool((self.scale > 0).all()):
            raise ValueError("every scale must be positive")

    @property
    def dimensions(self) -> int:
        """The number K of dimensions."""
        return len(self.logit_weight)

    @property
    def parts(self) -> frozenset[Part]:
        """What of the state is needed beside the embedding: nothing."""
        return frozenset()

    def pre_activation(
        self, x: Float[Tensor, "*batch feature"]
    ) -> Float[Tensor, "*batch dimension"]:
        """Compute the ReLU's input; a dimension is active where it is positive."""
        v = x if self.projection is None else self.projection.project(x)
        return (v - self.mean) / self.scale @ self.weight.T + self.bias

    def pre_activation_gradient(
        self, x: Float[Tensor, "image feature"]
    ) -> Float[Tensor, "image dimension feature"]:
        """Compute the derivative of each pre-activation by each feature, at each image.

        Without a projection it is the same for all images, and a view that must not be written to.
        """
        slope = (self.weight / self.scale).expand(len(x), -1, -1)
        return slope if self.projection is None else self.projection.pull_back(x, slope)

    def activation(self, x: Float[Tensor, "*batch feature"]) -> Float[Tensor, "*batch dimension"]:
        """Compute the distilled dimensions z, not negative."""
        return torch.relu(self.pre_activation(x))

    def dimensions_of(
        self, encoder: Encoder, state: Penultimate
    ) -> Float[Tensor, "image dimension"]:
        """Compute the same of an encoder's state."""
        return self.activation(state.embedding)

    def logit(self, x: Float[Tensor, "*batch feature"]) -> Float[Tensor, "*batch"]:
        """Compute the logit of each image, + toward fake; p(fake) is its logistic function."""
        return self.logit_of(self.activation(x))

    def logit_of(self, z: Float[Tensor, "*batch dimension"]) -> Float[Tensor, "*batch"]:
        """Compute the logit of distilled dimensions: an image's, edited ones, or a baseline."""
        return z @ self.logit_weight + self.logit_bias
