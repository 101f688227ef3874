"""LeGrad along the class token's own path, over all blocks that it goes through."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from workbench.analysis.distiller.head import DistilledHead
from workbench.analysis.encoders.protocol import (
    ClassTokenPath,
    Encoder,
    Feature,
    FeatureKind,
    Part,
    Penultimate,
)
from workbench.analysis.relevance.attribution import Attribution
from workbench.analysis.relevance.shares import as_shares, in_proportion

EXPLAINS: frozenset[FeatureKind] = frozenset({"class"})
PARTS: Mapping[FeatureKind, Part] = {"class": "keys_values"}


def class_token_path(encoder: Encoder, head: DistilledHead, state: Penultimate) -> Attribution:
    """Distribute each z_k over the patches in proportion to `path_shares`; not negative.

    The baseline is 0. ValueError where x has no class feature.
    """
    return in_proportion(head, state, path_shares(encoder, head, state))


def path_shares(
    encoder: Encoder, head: DistilledHead, state: Penultimate
) -> Float[Tensor, "image dimension patch"]:
    """Compute rho_k, the share of each patch in z_k by LeGrad; not negative, of sum 1.

    E_k = sum over blocks l, mean over heads h, of (dz_k/dA_lh)+ in the class token's row without
    the columns of the class token and of registers (LeGrad: Bousselham, Boggust, Chaybouti,
    Strobelt, Kuehne, ICCV 2025, arXiv 2404.03214, section 3: the layerwise map and its merging over
    layers), divided by its sum; uniform where that sum is 0. We differ:

    - The keys and values of each block are constants, so only the class token's own path through
      the blocks is followed, with its row of A. LeGrad follows all tokens and all rows.
    - Each block's attention is differentiated by z_k itself, from all class features at once that
      lie after it. LeGrad scores each block's own output.
    - The derivative is that of the pre-activation: it equals dz_k/dA wherever z_k > 0, and is
      defined for a z_k of 0 too. Patch features count as constants.
    - LeGrad scales each map to [0, 1]; that would lose its size.

    With o_l = sum_j A_l[j] V_l[j] the class token's attention output and u_kl = dz_k/do_l,
    dz_k/dA_lh[j] is <u_kl,h, V_lh[j]>; the path is one token forward, then backward block by block,
    for all dimensions together. ValueError where x has no class feature.
    """
    path = encoder.class_path
    if path is None:
        raise ValueError(f"the embedding of {encoder.name} has no class feature")
    # Inference tensors cannot be differentiated through; a caller's mode must not matter.
    with torch.inference_mode(mode=False), torch.no_grad():
        keys, values = state.keys.to(path.device), state.values.to(path.device)
        slope = head.pre_activation_gradient(state.embedding).to(path.device).transpose(0, 1)
        steps = _followed(path, keys, values)
        relevance = _led_back(steps, slope, keys, values)
        return as_shares(relevance[:, encoder.prefix :].transpose(1, 2)).cpu()


@dataclass(frozen=True)
class _Step:
    """The class token in one block, with its autograd graph.

    token, attended: inputs of the rest of the block, leaves of the graph.
    query: of `token`.
    weights: its attention, outside of the graph.
    outputs: the token after the block and, where there is one, the class feature.
    """

    token: Float[Tensor, "image width"]
    query: Float[Tensor, "image head channel"]
    weights: Float[Tensor, "image head token"]
    attended: Float[Tensor, "image width"]
    outputs: list[Tensor]
    feature: Feature | None


def _followed(
    path: ClassTokenPath,
    keys: Float[Tensor, "image depth head key part"],
    values: Float[Tensor, "image depth head key part"],
) -> list[_Step]:
    """Run the class token forward, block by block."""
    steps: list[_Step] = []
    token = path.start().expand(len(keys), -1)
    for block in range(keys.shape[1]):
        steps.append(_step(path, block, token, keys[:, block], values[:, block]))
        token = steps[-1].outputs[0].detach()
    return steps


def _step(
    path: ClassTokenPath,
    block: int,
    token: Float[Tensor, "image width"],
    keys: Float[Tensor, "image head token channel"],
    values: Float[Tensor, "image head token channel"],
) -> _Step:
    feature = next((each for each in path.features if each.block == block), None)
    token = token.detach().requires_grad_()
    with torch.enable_grad():
        query = path.query(block, token)
    weights = torch.einsum("ihc,ihtc->iht", query.detach(), keys).softmax(dim=-1)
    attended = torch.einsum("iht,ihtc->ihc", weights, values).flatten(1).requires_grad_()
    with torch.enable_grad():
        outputs = [path.advance(block, token, attended)]
        if feature is not None:
            outputs.append(path.feature(block, outputs[0]))
    return _Step(token, query, weights, attended, outputs, feature)


def _led_back(
    steps: list[_Step],
    slope: Float[Tensor, "dimension image feature"],
    keys: Float[Tensor, "image depth head key part"],
    values: Float[Tensor, "image depth head key part"],
) -> Float[Tensor, "image token dimension"]:
    """Compute E_k of all tokens, from the deepest block to the first.

    `after` is the derivative of each dimension by the class token after the current block.
    """
    after = torch.zeros(*slope.shape[:2], steps[0].token.shape[1], device=slope.device)
    relevance = torch.zeros(len(keys), keys.shape[3], len(slope), device=slope.device)
    for block in reversed(range(len(steps))):
        step = steps[block]
        before, pull = _through_block(step, after, slope)
        by_weight = values[:, block] @ _by_head(pull, step.query).transpose(2, 3)
        relevance += by_weight.clamp_min(0).mean(dim=1)
        if block:
            after = before + _through_attention(step, by_weight, keys[:, block])
    return relevance


def _through_block(
    step: _Step,
    after: Float[Tensor, "dimension image width"],
    slope: Float[Tensor, "dimension image feature"],
) -> tuple[Float[Tensor, "dimension image width"], Float[Tensor, "dimension image width"]]:
    """Compute the derivative by the class token before the block, past its attention; and u_k."""
    slopes = [after] if step.feature is None else [after, slope[..., step.feature.slice]]
    before, pull = torch.autograd.grad(
        step.outputs, [step.token, step.attended], slopes, is_grads_batched=True
    )
    return before, pull


def _through_attention(
    step: _Step,
    by_weight: Float[Tensor, "image head token dimension"],
    keys: Float[Tensor, "image head token channel"],
) -> Float[Tensor, "dimension image width"]:
    """Compute the derivative by the class token before the block, through its query."""
    weights = step.weights[..., None]
    # The softmax's own derivative, then that of the scores.
    by_score = weights * (by_weight - (weights * by_weight).sum(dim=2, keepdim=True))
    by_query = (by_score.transpose(2, 3) @ keys).permute(2, 0, 1, 3)
    return torch.autograd.grad(step.query, step.token, by_query, is_grads_batched=True)[0]


def _by_head(
    pull: Float[Tensor, "dimension image width"], query: Float[Tensor, "image head channel"]
) -> Float[Tensor, "image head dimension channel"]:
    """Split u_k into heads."""
    return pull.reshape(len(pull), *query.shape).permute(1, 2, 0, 3)
