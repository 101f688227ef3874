"""Relevance along the class token's own path: LeGrad's, over all blocks that it goes through."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from jaxtyping import Float
from torch import Tensor

from workbench.analysis.distilled_head import DistilledHead
from workbench.analysis.encoder import ClassTokenPath, Encoder, FeatureKind, Part, Penultimate
from workbench.analysis.relevance.maps import TokenMaps
from workbench.analysis.relevance.shares import as_shares

EXPLAINS: frozenset[FeatureKind] = frozenset({"class"})
PARTS: Mapping[FeatureKind, Part] = {"class": "keys_values"}


def class_token_path(encoder: Encoder, head: DistilledHead, state: Penultimate) -> TokenMaps:
    """Each z_k spread over the patches in proportion to `path_relevance`; not negative.

    The baseline is 0, so the maps sum to z_k itself. An image with NaN in its embedding has NaN
    for maps. ValueError where x has no class feature.
    """
    z = head.activation(state.embedding)
    share = path_relevance(encoder, head, state)
    return TokenMaps(maps=z[..., None] * share, baseline=torch.zeros_like(head.bias))


def path_relevance(
    encoder: Encoder, head: DistilledHead, state: Penultimate
) -> Float[Tensor, "image dimension patch"]:
    """rho_k, not negative and of sum 1: where more attention of the class token would raise z_k.

    E_k = sum over blocks l, mean over heads h, of (dz_k/dA_lh)+ in the class token's row without
    the class column (LeGrad: Bousselham, Boggust, Chaybouti, Strobelt, Kuehne, ICCV 2025, arXiv
    2404.03214, section 3: the layerwise map and its merging over layers), divided by its sum; even
    over all patches where that sum is 0. We differ:

    - The keys and values of each block are constants, so only the class token's own path through
      the blocks is followed, with its row of A. LeGrad follows all tokens and all rows.
    - Each block's attention is differentiated by z_k itself, from all class features at once that
      lie after it. LeGrad scores each block's own output.
    - The derivative is that of the pre-activation: it equals dz_k/dA wherever z_k > 0, and spreads
      a z_k of 0 too. Patch features count as constants.
    - LeGrad scales each map to [0, 1]; that would lose its size.

    With o_l = sum_j A_l[j] V_l[j] the class token's attention output and u_kl = dz_k/do_l,
    dz_k/dA_lh[j] is <u_kl,h, V_lh[j]>. ValueError where x has no class feature.
    """
    path = encoder.class_path
    if path is None:
        raise ValueError(f"the embedding of {encoder.name} has no class feature")
    # Inference tensors cannot be differentiated through; a caller's mode must not matter.
    with torch.inference_mode(mode=False), torch.no_grad():
        keys, values = (_ordinary(part).to(path.device) for part in (state.keys, state.values))
        slope = _class_slope(path, head, state.embedding).to(path.device)
        pulls = _pull_back(path, slope, keys, values)
        maps = [_positive(pull, values[:, block]) for block, pull in enumerate(pulls)]
        return as_shares(torch.stack(maps).sum(dim=0)).cpu()


def _class_slope(
    path: ClassTokenPath, head: DistilledHead, x: Float[Tensor, "image feature"]
) -> Float[Tensor, "dimension image columns"]:
    """The pre-activations' derivative by all class features, side by side from first to last."""
    slope = head.pre_activation_gradient(x)
    columns = [slope[..., feature.columns] for feature in path.features]
    return torch.cat(columns, dim=-1).transpose(0, 1)


def _pull_back(
    path: ClassTokenPath,
    slope: Float[Tensor, "dimension image columns"],
    keys: Float[Tensor, "image depth head key part"],
    values: Float[Tensor, "image depth head key part"],
) -> tuple[Float[Tensor, "dimension image width"], ...]:
    """u_k of each block: the derivative of each dimension by the class token's attention output.

    One token forward; then backward once, for all dimensions together.
    """
    with torch.enable_grad():
        features, attended = _followed(path, keys, values)
    return torch.autograd.grad(features, attended, grad_outputs=slope, is_grads_batched=True)


def _followed(
    path: ClassTokenPath,
    keys: Float[Tensor, "image depth head key part"],
    values: Float[Tensor, "image depth head key part"],
) -> tuple[Float[Tensor, "image columns"], list[Float[Tensor, "image width"]]]:
    """The class features side by side, and the attention outputs o_l on the way to them."""
    token = path.start().expand(len(keys), -1)
    by_block = {feature.block for feature in path.features}
    features: list[Tensor] = []
    outputs: list[Tensor] = []
    for block in range(keys.shape[1]):
        weights = path.attend(block, token, keys[:, block])
        attended = torch.einsum("iht,ihtc->ihc", weights, values[:, block]).flatten(1)
        if not attended.requires_grad:
            # The first block's: nothing before it depends on the image.
            attended.requires_grad_()
        outputs.append(attended)
        token = path.advance(block, token, attended)
        if block in by_block:
            features.append(path.feature(block, token))
    return torch.cat(features, dim=-1), outputs


def _positive(
    pull: Float[Tensor, "dimension image width"],
    values: Float[Tensor, "image head token channel"],
) -> Float[Tensor, "image dimension patch"]:
    """One block's (dz_k/dA)+ in the class token's row, mean over heads, for the patches."""
    _, heads, _, channels = values.shape
    by_head = pull.reshape(*pull.shape[:2], heads, channels)
    gradient = torch.einsum("kihc,ihtc->ikht", by_head, values[:, :, 1:])
    return gradient.clamp_min(0).mean(dim=2)


def _ordinary(part: Tensor) -> Tensor:
    """A tensor that autograd may keep: one made in inference mode is copied."""
    return part.clone() if part.is_inference() else part
