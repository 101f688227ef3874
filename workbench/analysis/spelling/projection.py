"""The forget-to-spell projection: a linear map of x that overlooks words written on images.

Materzynska, Torralba, Bau, "Disentangling visual and written concepts in CLIP", CVPR 2022, arXiv
2206.07835, section 4. Trained in `spelling.train`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
from jaxtyping import Float
from torch import Tensor

from workbench.analysis.encoders.protocol import Feature


@dataclass(frozen=True)
class Projection:
    """v = W x' / |W x'| with x' = (x - mean) / scale; of norm 1, or 0 where W x' is 0.

    mean, scale: the training images', of each feature of the embedding x; scale > 0.
    weights: the diagonal blocks of W, in the order of the features of x; the rows of each
        are the directions that it keeps. Published weights are of this shape too and are applied
        as x W^T, whatever the README beside them says.

    We differ from the paper, which projects CLIP's embedding as it is by a W without blocks. We
    standardise first, since the features of several blocks of an encoder differ in size by orders
    of magnitude; and each feature has a block of its own in W, so that each slice of v is made of
    one feature. For the paper's embedding, one class token, that is one block. ValueError
    where a scale is not positive, or the blocks do not take the features of x.
    """

    mean: Float[Tensor, " feature"]
    scale: Float[Tensor, " feature"]
    weights: tuple[Float[Tensor, "_ _"], ...]

    def __post_init__(self) -> None:
        if not bool((self.scale > 0).all()):
            raise ValueError("every scale must be positive")
        taken = sum(block.shape[1] for block in self.weights)
        if taken != len(self.mean):
            raise ValueError(f"W takes {taken} features, but the mean has {len(self.mean)}")

    @property
    def dimension(self) -> int:
        """Length of v."""
        return sum(len(block) for block in self.weights)

    def standardise(self, x: Float[Tensor, "*batch feature"]) -> Float[Tensor, "*batch feature"]:
        """Compute x', the standardised embedding."""
        return (x - self.mean) / self.scale

    def project(self, x: Float[Tensor, "*batch feature"]) -> Float[Tensor, "*batch projected"]:
        """Compute v, the projected embedding."""
        raw = applied(self.weights, self.standardise(x))
        return raw * _inverse(raw.norm(dim=-1, keepdim=True))

    def pull_back(
        self,
        x: Float[Tensor, "image feature"],
        slope: Float[Tensor, "image dimension projected"],
    ) -> Float[Tensor, "image dimension feature"]:
        """Turn derivatives by v at each image into derivatives by x.

        dv/dx = (1 - v v^T) W diag(1/scale) / |W x'|: what only lengthens W x' changes nothing. 0
        where W x' is 0 and v has no derivative.
        """
        v = self.project(x)
        along = torch.einsum("ikp,ip->ik", slope, v)
        return self.share_back(x, slope - along[..., None] * v[:, None])

    def share_back(
        self,
        x: Float[Tensor, "image feature"],
        slope: Float[Tensor, "image dimension projected"],
    ) -> Float[Tensor, "image dimension feature"]:
        """Turn factors of v into factors of x, with each image's norm |W x'| as a constant.

        v is then linear in x - mean and the decomposition exact: slope v = share_back (x - mean).
        It shares a dimension out over the features of x; `pull_back` gives its derivative.
        """
        inverse = _inverse(applied(self.weights, self.standardise(x)).norm(dim=-1))
        by_block = torch.split(slope, [len(block) for block in self.weights], dim=-1)
        back = [part @ block for part, block in zip(by_block, self.weights, strict=True)]
        return torch.cat(back, dim=-1) / self.scale * inverse[:, None, None]


def applied(
    weights: Sequence[Tensor], x: Float[Tensor, "*batch feature"]
) -> Float[Tensor, "*batch projected"]:
    """Compute W x, with W given by its diagonal blocks."""
    parts = torch.split(x, [block.shape[1] for block in weights], dim=-1)
    return torch.cat([part @ block.T for part, block in zip(parts, weights, strict=True)], dim=-1)


def _inverse(length: Tensor) -> Tensor:
    return torch.where(length > 0, 1 / torch.where(length > 0, length, 1.0), 0.0)


def projected_features(features: Sequence[Feature]) -> tuple[Feature, ...]:
    """Compute the slice of v that each feature of x becomes: half as long, as in the paper."""
    made: list[Feature] = []
    start = 0
    for feature in features:
        stop = start + max((feature.stop - feature.start) // 2, 1)
        made.append(replace(feature, start=start, stop=stop))
        start = stop
    return tuple(made)


def same_projection(first: Projection | None, second: Projection | None) -> bool:
    """Tell whether two projections are equal, or both None."""
    if first is None or second is None:
        return first is second
    parts = [(each.mean, each.scale, *each.weights) for each in (first, second)]
    return len(parts[0]) == len(parts[1]) and all(map(torch.equal, *parts))
