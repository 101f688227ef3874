"""The distiller's function: an embedding to K non-negative dimensions and a logit."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor


@dataclass(frozen=True)
class DistilledHead:
    """z = ReLU(W (x - mean) / scale + b), logit = w z + b_logit; positive logits say fake.

    mean, scale: the training set's, of each feature of the embedding x; scale > 0.
    weight, bias: W and b, to the K distilled dimensions.
    logit_weight, logit_bias: w and b_logit.

    Raises ValueError where a scale is not positive.
    """

    mean: Float[Tensor, " feature"]
    scale: Float[Tensor, " feature"]
    weight: Float[Tensor, "dimension feature"]
    bias: Float[Tensor, " dimension"]
    logit_weight: Float[Tensor, " dimension"]
    logit_bias: float

    def __post_init__(self) -> None:
        if not bool((self.scale > 0).all()):
            raise ValueError("every scale must be positive")

    def pre_activation(
        self, x: Float[Tensor, "*batch feature"]
    ) -> Float[Tensor, "*batch dimension"]:
        """What the ReLU is given: 0 is where a dimension begins to be active."""
        return (x - self.mean) / self.scale @ self.weight.T + self.bias

    def pre_activation_gradient(
        self, x: Float[Tensor, "image feature"]
    ) -> Float[Tensor, "image dimension feature"]:
        """Derivative of each pre-activation by each feature, at each image.

        Everything that explains a dimension goes through here. It is the same for all images as
        long as nothing but the standardisation stands before W; a view, not to be written into.
        """
        return (self.weight / self.scale).expand(len(x), -1, -1)

    def activation(self, x: Float[Tensor, "*batch feature"]) -> Float[Tensor, "*batch dimension"]:
        """The distilled dimensions z, at least 0."""
        return torch.relu(self.pre_activation(x))

    def logit(self, x: Float[Tensor, "*batch feature"]) -> Float[Tensor, "*batch"]:
        """Score of each image; p(fake) is its logistic function."""
        return self.logit_of(self.activation(x))

    def logit_of(self, z: Float[Tensor, "*batch dimension"]) -> Float[Tensor, "*batch"]:
        """Score of distilled dimensions: an image's own, edited ones, or a map's baseline."""
        return z @ self.logit_weight + self.logit_bias
