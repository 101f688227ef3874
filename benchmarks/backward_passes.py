"""The paper's relevance as its authors compute it: open_clip's own forward, then K backward passes.

Chefer, Gur, Wolf, ICCV 2021 (arXiv 2103.15679): the attention weights are put into the autograd
graph, and for each output one backward pass runs through the whole encoder.
"""

from __future__ import annotations

import torch
from open_clip import CLIP
from open_clip.transformer import ResidualAttentionBlock
from torch import Tensor, nn
from torch.nn import functional

from workbench.analysis.distiller.head import DistilledHead


def backward_maps(model: CLIP, head: DistilledHead, pixels: Tensor) -> Tensor:
    """z_k over the patches, (image, dimension, patch): one forward pass, K backward passes.

    What a backward pass goes through is the caller's choice, by what requires a gradient: the
    weights, as in the authors' code, or the pixels alone.
    """
    visual = model.visual
    before = visual._embeds(pixels)  # noqa: SLF001 - what visual.forward begins with
    for block in visual.transformer.resblocks[:-1]:
        before = block(before)
    tokens, attention = _with_weights(visual.transformer.resblocks[-1], before)
    pooled, _ = visual._pool(tokens)  # noqa: SLF001 - and ends with
    z = head.activation(pooled @ visual.proj)
    attention.retain_grad()
    return torch.stack([_map(z[:, k], attention, model, pixels) for k in range(z.shape[1])], dim=1)


def _map(z: Tensor, attention: Tensor, model: nn.Module, pixels: Tensor) -> Tensor:
    model.zero_grad()
    attention.grad = pixels.grad = None
    z.sum().backward(retain_graph=True)
    assert attention.grad is not None  # noqa: S101 - retained above
    weights = attention.detach()
    relevance = (weights * attention.grad).clamp_min(0).mean(dim=1)[:, 0, 1:]
    total = relevance.sum(dim=1, keepdim=True)
    share = torch.where(total > 0, relevance / total, 1 / relevance.shape[1])
    return z.detach()[:, None] * share


def _with_weights(block: ResidualAttentionBlock, tokens: Tensor) -> tuple[Tensor, Tensor]:
    """One block, and its attention (image, head, query, key) in the graph."""
    own = block.attn
    joint = functional.linear(block.ln_1(tokens), own.in_proj_weight, own.in_proj_bias)
    images, length, width = tokens.shape
    query, key, value = (
        part.reshape(images, length, own.num_heads, -1).transpose(1, 2)
        for part in joint.chunk(3, dim=-1)
    )
    attention = (query @ key.transpose(-2, -1) * query.shape[-1] ** -0.5).softmax(dim=-1)
    attended = (attention @ value).transpose(1, 2).reshape(images, length, width)
    tokens = tokens + block.ls_1(own.out_proj(attended))
    return tokens + block.ls_2(block.mlp(block.ln_2(tokens))), attention
