"""Exact relevance: each patch's own share of what is made of the patch tokens."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import torch
from jaxtyping import Float
from torch import Tensor

from workbench.analysis.distiller.head import DistilledHead
from workbench.analysis.encoders.patch_features import shares_along
from workbench.analysis.encoders.protocol import (
    PATCH_KINDS,
    Encoder,
    Feature,
    FeatureKind,
    Part,
    Penultimate,
    patch_blocks,
)
from workbench.analysis.relevance.last_block import class_relevance
from workbench.analysis.relevance.maps import TokenMaps

EXPLAINS: frozenset[FeatureKind] = PATCH_KINDS
PARTS: Mapping[FeatureKind, Part] = {
    **dict.fromkeys(PATCH_KINDS, "patch_tokens"),
    "class": "last_input",
}


def patch_share(encoder: Encoder, head: DistilledHead, state: Penultimate) -> TokenMaps:
    """Signed shares of z_k over its baseline, the z_k of the training set's mean image.

    A patch mean is linear in the T patch tokens, so patch p's share of it is t(p) / T; the shares
    of the other patch features are those of `shares_along`. Over the patches each sums to its
    feature. Patch p's share of the pre-activation is, summed over the patch features f,
    r_k(p) = sum_f W_kf / scale_f (share_f(p) - mean_f / T), and the shares sum to the
    pre-activation less that of the mean image, whose pre-activation is the bias. Both ends then go
    through the ReLU: r_k is multiplied by DeepLIFT's Rescale multiplier (Shrikumar, Greenside,
    Kundaje, ICML 2017, arXiv 1704.02685, section 3.5.2) between the two pre-activations, in [0, 1],
    so that the maps sum to z_k less the mean image's z_k also where one of the two is cut to 0.

    Where x has class features too, their linear part of the pre-activation is spread by
    `class_relevance`. An image with NaN in its embedding has NaN for maps. ValueError where x has
    no patch feature.
    """
    if not patch_blocks(encoder.features):
        raise ValueError(f"the embedding of {encoder.name} has no patch feature to share")
    share = _patch_part(encoder, head, state)
    if any(feature.kind == "class" for feature in encoder.features):
        part = _linear_part(head, state.embedding, _of_kinds(encoder, {"class"}))
        share = share + part[..., None] * class_relevance(encoder, head, state)
    at_mean = head.pre_activation(head.origin)
    multiplier = rescale(head.pre_activation(state.embedding), at_mean)
    return TokenMaps(maps=share * multiplier[..., None], baseline=torch.relu(at_mean))


def _patch_part(
    encoder: Encoder, head: DistilledHead, state: Penultimate
) -> Float[Tensor, "image dimension patch"]:
    """r_k, written as an even share of the image's own part plus what sets a patch apart.

    The same number as in `patch_share`; but what sets patches apart sums to 0, so the sum is as
    exact as the embedding, even for tokens that were kept in half precision.
    """
    features = _of_kinds(encoder, PATCH_KINDS)
    slope = head.share_gradient(state.embedding)
    share = _linear_part(head, state.embedding, features)[..., None] / state.patch_tokens.shape[2]
    for order, block in enumerate(patch_blocks(encoder.features)):
        tokens = state.patch_tokens[:, order]
        for feature in features:
            if feature.block == block:
                along = slope[..., feature.columns]
                own = shares_along(feature.kind, tokens, encoder.grid, along)
                share = share + own - own.mean(dim=-1, keepdim=True)
    return share


def _linear_part(
    head: DistilledHead, x: Float[Tensor, "image feature"], features: list[Feature]
) -> Float[Tensor, "image dimension"]:
    """What these features add to the pre-activation, over the mean image."""
    slope = head.share_gradient(x)
    above_mean = x - head.origin
    parts = [
        torch.einsum("ikf,if->ik", slope[..., feature.columns], above_mean[:, feature.columns])
        for feature in features
    ]
    return torch.stack(parts).sum(dim=0)


def _of_kinds(encoder: Encoder, kinds: Collection[str]) -> list[Feature]:
    return [feature for feature in encoder.features if feature.kind in kinds]


def rescale(
    pre: Float[Tensor, "image dimension"], at_mean: Float[Tensor, " dimension"]
) -> Float[Tensor, "image dimension"]:
    """(ReLU(pre) - ReLU(at_mean)) / (pre - at_mean), or the ReLU's derivative where they meet."""
    step = pre - at_mean
    rise = torch.relu(pre) - torch.relu(at_mean)
    return torch.where(step == 0, (pre > 0).to(pre.dtype), rise / torch.where(step == 0, 1.0, step))
