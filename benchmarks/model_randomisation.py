"""Models with randomised weights, and the rank correlation of their maps with the originals.

The parameter randomisation test of saliency maps (Adebayo, Gilmer, Muelly, Goodfellow, Hardt, Kim,
NeurIPS 2018, arXiv 1810.03292, section 3): a method that draws the same map for a randomised model
draws the image, not the model. `benchmarks.sanity` runs it.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping
from dataclasses import replace

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn.functional import normalize

from workbench.analysis.distiller.concept_head import ConceptHead
from workbench.analysis.encoders.blocks import Tower
from workbench.analysis.encoders.transformer import TransformerEncoder


def redrawn(
    weights: Float[Tensor, "*shape"], generator: torch.Generator
) -> Float[Tensor, "*shape"]:
    """Draw normal numbers of the same mean and standard deviation, so that activations keep scale.

    The paper draws weights as they were initialised. That would not do here: LayerScale begins so
    small that a block drawn anew would leave every token as it is.
    """
    drawn = torch.randn(weights.shape, generator=generator).to(weights)
    return weights.mean() + weights.std(correction=0) * drawn


def with_random_blocks(encoder: TransformerEncoder, count: int, *, seed: int) -> TransformerEncoder:
    """Make a copy of an encoder with all weights of the last `count` blocks that x uses redrawn.

    The encoder itself stays as it is. ValueError where x uses fewer blocks.
    """
    depth = blocks_used(encoder)
    if not 0 <= count <= depth:
        raise ValueError(f"{encoder.name} has {depth} blocks, {count} cannot be redrawn")
    tower = copy.deepcopy(encoder.tower)
    generator = torch.Generator().manual_seed(seed)
    blocks = tower.blocks[depth - count : depth]
    _redraw([each for block in blocks for each in block.parameters()], generator)
    return _encoder_of(tower, encoder, {"random blocks": count, "seed": seed})


def with_random_weights(encoder: TransformerEncoder, *, seed: int) -> TransformerEncoder:
    """Make a copy of an encoder with nothing learned in it: what comes before the blocks, too.

    The patches' embedding stands in the residual stream: of redrawn blocks it comes through.
    """
    tower = copy.deepcopy(encoder.tower)
    generator = torch.Generator().manual_seed(seed)
    first = tower.embedding
    weights = [*first.parameters(), first.prefix, first.position]
    for block in tower.blocks[: blocks_used(encoder)]:
        weights += block.parameters()
    _redraw(weights, generator)
    return _encoder_of(tower, encoder, {"random": "all", "seed": seed})


def _redraw(weights: Iterable[Tensor], generator: torch.Generator) -> None:
    with torch.no_grad():
        for each in weights:
            each.copy_(redrawn(each, generator))


def _encoder_of(
    tower: Tower, encoder: TransformerEncoder, identity: Mapping[str, object]
) -> TransformerEncoder:
    return TransformerEncoder(
        tower,
        [(feature.block, feature.kind) for feature in encoder.features],
        encoder.preprocessing,
        name=encoder.name,
        identity={"of": encoder.fingerprint, **identity},
        computing=encoder.computing,
    )


def blocks_used(encoder: TransformerEncoder) -> int:
    """Count the tower's blocks up to the deepest one that x takes a feature from."""
    return 1 + max(feature.block for feature in encoder.features)


def with_random_logit(head: ConceptHead, seed: int) -> ConceptHead:
    """Redraw the weights of the dimensions in the logit, of either sign; the dimensions stay."""
    generator = torch.Generator().manual_seed(seed)
    return replace(head, logit_weight=_centred_draw(head.logit_weight, generator))


def with_random_dimensions(head: ConceptHead, seed: int) -> ConceptHead:
    """Redraw the weights of evidence, where it has some, and the directions of the concepts."""
    generator = torch.Generator().manual_seed(seed)
    learned = head.evidence.weight
    weight = torch.zeros_like(learned)
    weight[learned != 0] = _centred_draw(learned[learned != 0], generator)
    windows = head.windows
    if windows is not None:
        drawn = _centred_draw(windows.weight.flatten(), generator)
        windows = replace(windows, weight=drawn.reshape_as(windows.weight))
    centres = normalize(torch.randn(head.dictionary.centres.shape, generator=generator), dim=1)
    return replace(
        head,
        evidence=replace(head.evidence, weight=weight),
        dictionary=replace(head.dictionary, centres=centres),
        windows=windows,
    )


def _centred_draw(
    weights: Float[Tensor, " weight"], generator: torch.Generator
) -> Float[Tensor, " weight"]:
    """Draw normal numbers of mean 0 and the same root mean square.

    A mean would be something learned: a distiller's weights begin without one.
    """
    return weights.square().mean().sqrt() * torch.randn(weights.shape, generator=generator)


def rank_correlation(
    first: Float[Tensor, "image patch"], second: Float[Tensor, "image patch"]
) -> Float[Tensor, " image"]:
    """Compute Spearman's correlation over the patches of each image, in [-1, 1].

    Ties share their mean rank. 0 where a map is constant.
    """
    ranks = [_ranks(each) for each in (first, second)]
    centred = [each - each.mean(dim=1, keepdim=True) for each in ranks]
    norm = centred[0].norm(dim=1) * centred[1].norm(dim=1)
    product = (centred[0] * centred[1]).sum(dim=1)
    return torch.where(norm > 0, product / torch.where(norm > 0, norm, 1.0), 0.0).float()


def _ranks(values: Float[Tensor, "image patch"]) -> Float[Tensor, "image patch"]:
    """Count the smaller values, and half of the equal ones."""
    first, second = values[:, :, None], values[:, None, :]
    smaller = (second < first).sum(dim=2).double()
    return smaller + (second == first).sum(dim=2).double() / 2
