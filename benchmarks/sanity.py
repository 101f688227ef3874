"""Do the maps change with the model? Parts of it are redrawn, from the logit down to the pixels.

Adebayo et al. 2018 (arXiv 1810.03292): Spearman's correlation of a map with that of a randomised
model, mean over images. Maps are signed here, + toward fake, and so is the correlation (the paper's
variant without absolute values). It is averaged over several draws of the random weights too: one
logit over a few dimensions, redrawn, shows much the same map again, as it was or reversed, and only
several draws tell that from a map that does not depend on the logit. Beside it, not counted: the
same of absolute values, the mean size of the correlation, and all of it for maps of other images.

Counted are the logit's weights alone; the distilled dimensions alone; all blocks of the encoder
alone, and the whole of it, with the embedding of patches before them; and, in a cascade, logit and
dimensions together, with the last block, the last three, all, the whole encoder. The last block or
the last three alone are shown, not counted: features of earlier blocks are as they were, and a map
that said otherwise would be wrong. What is left of the logits stands beside.

`apart`: the same of maps less their mean over the images. Where things lie alike in all images, as
in portraits, maps are alike too, and a part of that comes through blocks that are redrawn.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import product

import numpy as np
import torch
from torch import Tensor

from benchmarks.command import Figures
from benchmarks.explained import Explained
from benchmarks.model_randomisation import (
    blocks_used,
    rank_correlation,
    with_random_blocks,
    with_random_dimensions,
    with_random_logit,
    with_random_weights,
)
from workbench.analysis.distiller.concept_head import ConceptHead
from workbench.analysis.encoders.protocol import Penultimate
from workbench.analysis.encoders.transformer import TransformerEncoder

NOT_COUNTED = ("last block", "last 3 blocks")


@dataclass(frozen=True)
class Effort:
    """How often weights are drawn: the distiller's, which is quick, and the encoder's."""

    distillers: int
    encoders: int


def measure(model: Explained, method: str, pixels: Tensor, effort: Effort) -> Figures:
    """What is left of maps and logits, by what was redrawn, and the largest of what counts."""
    states = model.states(pixels, method)
    maps, logit = _explain(model, method, states)
    left: dict[str, list[dict[str, float]]] = {}
    for name, other, other_states in _randomised(model, method, states, pixels, effort):
        other_maps, other_logit = _explain(other, method, other_states)
        found = _compared(maps, other_maps) | {"logits": _correlation(logit, other_logit)}
        left.setdefault(name, []).append(found)
    means = {
        name: {key: float(np.mean([each[key] for each in draws])) for key in draws[0]}
        for name, draws in left.items()
    }
    counted = [each for name, each in means.items() if name not in NOT_COUNTED]
    figures: Figures = {
        "sanity_rank_correlation": max(abs(each["maps"]) for each in counted),
        "sanity_rank_correlation_absolute": max(abs(each["absolute maps"]) for each in counted),
        "sanity_rank_correlation_apart": max(abs(each["maps apart"]) for each in counted),
    }
    means["other images"] = _compared(maps, maps.roll(1, dims=0))
    return figures | {
        f"sanity {name}, {key}": value
        for name, each in means.items()
        for key, value in each.items()
    }


def _explain(model: Explained, method: str, states: Sequence[Penultimate]) -> tuple[Tensor, Tensor]:
    logits = torch.cat([model.logit(state) for state in states])
    return model.contributions(method, states), logits


def _randomised(
    model: Explained,
    method: str,
    states: Sequence[Penultimate],
    pixels: Tensor,
    effort: Effort,
) -> Iterator[tuple[str, Explained, Sequence[Penultimate]]]:
    """By what was redrawn: the model, and what its encoder makes of the pixels."""
    for seed in range(effort.distillers):
        yield "logit", _redrawn(model, seed, with_random_logit), states
        yield "dimensions", _redrawn(model, seed, with_random_dimensions), states
        yield "logit and dimensions", _without_head(model, seed), states
    if not isinstance(model.encoder, TransformerEncoder):
        raise TypeError(f"the blocks of {model.encoder.name} cannot be redrawn")
    encoder = model.encoder
    depths = {"last block": 1, "last 3 blocks": 3, "all blocks": blocks_used(encoder)}
    redrawn: dict[str, Callable[..., TransformerEncoder]] = {
        name: partial(with_random_blocks, encoder, count) for name, count in depths.items()
    } | {"whole encoder": partial(with_random_weights, encoder)}
    for seed, (name, draw) in product(range(effort.encoders), redrawn.items()):
        other = replace(model, encoder=draw(seed=seed))
        other_states = other.states(pixels, method)
        yield name, other, other_states
        yield f"logit, dimensions and {name}", _without_head(other, seed), other_states


def _without_head(model: Explained, seed: int) -> Explained:
    return _redrawn(model, seed, with_random_dimensions, with_random_logit)


def _redrawn(
    model: Explained, seed: int, *draws: Callable[[ConceptHead, int], ConceptHead]
) -> Explained:
    """The model with something of its one head redrawn."""
    (head,) = model.heads
    if not isinstance(head, ConceptHead):
        raise TypeError(f"a {type(head).__name__} cannot be redrawn")
    for draw in draws:
        head = draw(head, seed)
    return replace(model, heads=(head,))


def _compared(maps: Tensor, others: Tensor) -> dict[str, float]:
    signed = rank_correlation(maps, others)
    return {
        "maps": float(signed.mean()),
        "absolute maps": float(rank_correlation(maps.abs(), others.abs()).mean()),
        "maps apart": float(rank_correlation(_apart(maps), _apart(others)).mean()),
        "mean size": float(signed.abs().mean()),
    }


def _apart(maps: Tensor) -> Tensor:
    """What each image's map has beside what all have."""
    return maps - maps.mean(dim=0)


def _correlation(first: Tensor, second: Tensor) -> float:
    return float(torch.corrcoef(torch.stack([first, second]))[0, 1])
