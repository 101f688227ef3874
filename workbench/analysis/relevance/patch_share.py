"""Exact attribution of patch features: each patch's own share of them."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import torch
from jaxtyping import Float
from torch import Tensor

from workbench.analysis.distiller.head import DistilledHead
from workbench.analysis.encoders.patch_features import shares_along, with_tokens
from workbench.analysis.encoders.protocol import (
    PATCH_KINDS,
    Encoder,
    Feature,
    FeatureKind,
    Part,
    Penultimate,
    patch_blocks,
)
from workbench.analysis.relevance.attribution import Attribution
from workbench.analysis.relevance.last_block import class_relevance

EXPLAINS: frozenset[FeatureKind] = PATCH_KINDS
PARTS: Mapping[FeatureKind, Part] = {
    **dict.fromkeys(PATCH_KINDS, "patch_tokens"),
    "class": "last_input",
}


def patch_share(encoder: Encoder, head: DistilledHead, state: Penultimate) -> Attribution:
    """Decompose z_k over its baseline, the z_k of the training set's mean image; signed.

    A patch mean is linear in the T patch tokens, so patch p's share of it is t(p) / T; the shares
    of the other patch features are those of `shares_along`. Over the patches each sums to its
    feature. Patch p's share of the pre-activation is, summed over the patch features f,
    r_k(p) = sum_f W_kf / scale_f (share_f(p) - mean_f / T), and the shares sum to the
    pre-activation less that of the mean image, which is the bias. For the ReLU, r_k is multiplied
    by DeepLIFT's Rescale multiplier (Shrikumar, Greenside, Kundaje, ICML 2017, arXiv 1704.02685,
    section 3.5.2) between the two pre-activations, in [0, 1], so that the maps sum to z_k less the
    mean image's z_k also where one of the two is 0.

    Where x has class features too, their linear part of the pre-activation is distributed by
    `class_relevance`. An image with NaN in its embedding has NaN for attributions. ValueError where
    x has no patch feature.
    """
    if not patch_blocks(encoder.features):
        raise ValueError(f"the embedding of {encoder.name} has no patch feature to share")
    share = _patch_part(encoder, head, state)
    if any(feature.kind == "class" for feature in encoder.features):
        part = _linear_part(head, state.embedding, _of_kinds(encoder, {"class"}))
        share = share + part[..., None] * class_relevance(encoder, head, state)
    at_origin = head.pre_activation(head.origin)
    multiplier = rescale(head.pre_activation(state.embedding), at_origin)
    return Attribution(maps=share * multiplier[..., None], baseline=torch.relu(at_origin))


def _patch_part(
    encoder: Encoder, head: DistilledHead, state: Penultimate
) -> Float[Tensor, "image dimension patch"]:
    """Compute r_k as a uniform share of the image's part plus the patches' deviations from it.

    Equal to the formula of `patch_share`; but deviations sum to 0, so the sum is as exact as the
    embedding, even for tokens that were kept in half precision.
    """
    features = _of_kinds(encoder, PATCH_KINDS)
    slope = head.share_gradient(state.embedding)
    share = _linear_part(head, state.embedding, features)[..., None] / state.patch_tokens.shape[2]
    for feature, tokens in with_tokens(features, state):
        own = shares_along(feature.kind, tokens, encoder.grid, slope[..., feature.slice])
        share = share + own - own.mean(dim=-1, keepdim=True)
    return share


def _linear_part(
    head: DistilledHead, x: Float[Tensor, "image feature"], features: list[Feature]
) -> Float[Tensor, "image dimension"]:
    """Compute the part of these features in the pre-activation, over that of the origin."""
    slope = head.share_gradient(x)
    above_origin = x - head.origin
    parts = [
        torch.einsum("ikf,if->ik", slope[..., feature.slice], above_origin[:, feature.slice])
        for feature in features
    ]
    return torch.stack(parts).sum(dim=0)


def _of_kinds(encoder: Encoder, kinds: Collection[str]) -> list[Feature]:
    return [feature for feature in encoder.features if feature.kind in kinds]


def rescale(
    pre: Float[Tensor, "image dimension"], at_origin: Float[Tensor, " dimension"]
) -> Float[Tensor, "image dimension"]:
    """Compute DeepLIFT's Rescale multiplier of the ReLU; its derivative where both are equal."""
    step = pre - at_origin
    rise = torch.relu(pre) - torch.relu(at_origin)
    return torch.where(step == 0, (pre > 0).to(pre.dtype), rise / torch.where(step == 0, 1.0, step))
