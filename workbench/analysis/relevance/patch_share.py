"""Exact relevance: each patch's own share of the patch means, which are linear in the tokens."""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor

from workbench.analysis.distilled_head import DistilledHead
from workbench.analysis.encoder import Encoder, Feature, Penultimate
from workbench.analysis.relevance.last_block import class_relevance
from workbench.analysis.relevance.maps import TokenMaps


def patch_share(encoder: Encoder, head: DistilledHead, state: Penultimate) -> TokenMaps:
    """Signed shares of z_k over its baseline, the z_k of the training set's mean image.

    With x_b the mean over T patches of the tokens t_b, patch p's share of the pre-activation is
    r_k(p) = (1/T) sum_b W_kb / scale_b (t_b(p) - mean_b), and the shares sum to the pre-activation
    less that of the mean image, whose pre-activation is the bias. Both ends then go through the
    ReLU: r_k is multiplied by DeepLIFT's Rescale multiplier (Shrikumar, Greenside, Kundaje, ICML
    2017, arXiv 1704.02685, section 3.5.2) between the two pre-activations, in [0, 1], so that the
    maps sum to z_k less the mean image's z_k also where one of the two is cut to 0.

    Where x has class features too, their linear part of the pre-activation is spread by
    `class_relevance`. ValueError where x has no patch mean.
    """
    if not any(feature.kind == "patch_mean" for feature in encoder.features):
        raise ValueError(f"the embedding of {encoder.name} has no patch mean to share out")
    share = _patch_part(encoder, head, state)
    if any(feature.kind == "class" for feature in encoder.features):
        part = _linear_part(head, state.embedding, _of_kind(encoder, "class"))
        share = share + part[..., None] * class_relevance(encoder, head, state)
    at_mean = head.pre_activation(head.mean)
    multiplier = _rescale(head.pre_activation(state.embedding), at_mean)
    return TokenMaps(maps=share * multiplier[..., None], baseline=torch.relu(at_mean))


def _patch_part(
    encoder: Encoder, head: DistilledHead, state: Penultimate
) -> Float[Tensor, "image dimension patch"]:
    """r_k, written as an even share of the image's own part plus what sets a patch apart.

    The same number as in `patch_share`; but what sets patches apart sums to 0, so the sum is as
    exact as the embedding, even for tokens that were kept in half precision.
    """
    features = _of_kind(encoder, "patch_mean")
    patches = state.patch_tokens.shape[2]
    slope = head.pre_activation_gradient(state.embedding)
    share = _linear_part(head, state.embedding, features)[..., None].expand(-1, -1, patches)
    for order, feature in enumerate(features):
        tokens = state.patch_tokens[:, order]
        apart = tokens - tokens.mean(dim=1, keepdim=True)
        share = share + torch.einsum("ikc,ipc->ikp", slope[..., feature.columns], apart)
    return share / patches


def _linear_part(
    head: DistilledHead, x: Float[Tensor, "image feature"], features: list[Feature]
) -> Float[Tensor, "image dimension"]:
    """What these features add to the pre-activation, over the mean image."""
    slope = head.pre_activation_gradient(x)
    above_mean = x - head.mean
    parts = [
        torch.einsum("ikf,if->ik", slope[..., feature.columns], above_mean[:, feature.columns])
        for feature in features
    ]
    return torch.stack(parts).sum(dim=0)


def _of_kind(encoder: Encoder, kind: str) -> list[Feature]:
    return [feature for feature in encoder.features if feature.kind == kind]


def _rescale(
    pre: Float[Tensor, "image dimension"], at_mean: Float[Tensor, " dimension"]
) -> Float[Tensor, "image dimension"]:
    """(ReLU(pre) - ReLU(at_mean)) / (pre - at_mean), or the ReLU's derivative where they meet."""
    step = pre - at_mean
    rise = torch.relu(pre) - torch.relu(at_mean)
    return torch.where(step == 0, (pre > 0).to(pre.dtype), rise / torch.where(step == 0, 1.0, step))
