"""The paper's relevance: gradient times attention of the class token, in the last block."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from jaxtyping import Float
from torch import Tensor

from workbench.analysis.distiller.head import DistilledHead
from workbench.analysis.encoders.protocol import (
    ClassTokenBlock,
    Encoder,
    FeatureKind,
    Part,
    Penultimate,
)
from workbench.analysis.relevance.attribution import Attribution
from workbench.analysis.relevance.shares import as_shares, in_proportion

EXPLAINS: frozenset[FeatureKind] = frozenset({"class"})
PARTS: Mapping[FeatureKind, Part] = {"class": "last_input"}


def last_block(encoder: Encoder, head: DistilledHead, state: Penultimate) -> Attribution:
    """Distribute each z_k over the patches in proportion to `class_relevance`; not negative.

    The baseline is 0. ValueError where x has no class feature.
    """
    return in_proportion(head, state, class_relevance(encoder, head, state))


def class_relevance(
    encoder: Encoder, head: DistilledHead, state: Penultimate
) -> Float[Tensor, "image dimension patch"]:
    """Compute rho_k, the relevance of the patches for z_k; not negative, of sum 1.

    A+_k = mean over heads of (dz_k/dA * A)+ (Chefer, Gur, Wolf, ICCV 2021, arXiv 2103.15679,
    equation 5), its class row without the columns of the class token and of registers, divided by
    its sum; uniform where that sum is 0. We differ in two ways. The relevance of the last block
    alone is taken, not accumulated over the blocks as in equation 6. And the derivative is that of
    the pre-activation: it equals dz_k/dA wherever z_k > 0, and is defined for a z_k of 0 too.

    Only the class row counts, so nothing is run backward but one token: with o = sum_j A[j] V[j]
    its attention output and u_k = dz_k/do, dz_k/dA_h[j] is <u_k,h, V_h[j]>.

    Class features of earlier blocks, patch means, and the blocks after the last class feature
    count as constants. ValueError where x has no class feature.
    """
    block = encoder.last_block
    if block is None:
        raise ValueError(f"the embedding of {encoder.name} has no class feature")
    # Inference tensors cannot be differentiated through; a caller's mode must not matter.
    with torch.inference_mode(mode=False), torch.no_grad():
        tokens = state.last_input.to(block.device)
        slope = head.pre_activation_gradient(state.embedding)[..., block.feature.slice]
        attention = block.attend(tokens)
        pull = _pull_back(block, slope.to(block.device), tokens[:, 0], attention.attended())
        images, heads, _, channels = attention.values.shape
        by_head = pull.reshape(len(pull), images, heads, channels)
        by_weight = torch.einsum("kihc,ihtc->ikht", by_head, attention.values)
        relevance = (by_weight * attention.weights[:, None]).clamp_min(0).mean(dim=2)
        return as_shares(relevance[..., encoder.prefix :]).cpu()


def _pull_back(
    block: ClassTokenBlock,
    slope: Float[Tensor, "image dimension part"],
    class_token: Float[Tensor, "image width"],
    attended: Float[Tensor, "image width"],
) -> Float[Tensor, "dimension image width"]:
    """Compute u_k, the derivative of each dimension by the class token's attention output.

    One token forward, then once backward for all dimensions together.
    """
    attended = attended.requires_grad_()
    with torch.enable_grad():
        feature = block.finish(class_token, attended)
    return torch.autograd.grad(feature, attended, slope.transpose(0, 1), is_grads_batched=True)[0]
