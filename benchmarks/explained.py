"""Distillers on several choices of features, and the maps that explain them.

The default encoder's own features; the same with the last block's class token beside them, so that
every method, the paper's too, can explain one and the same score; and the paper's own embedding,
that class token alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from benchmarks.command import cache_dir
from benchmarks.distilling import distil
from benchmarks.encoded import Encoded, Picture, default_encoder, encode, normalised
from workbench.analysis.distiller.head import DistilledHead
from workbench.analysis.encoders.onnx_weights import BLOCKS
from workbench.analysis.encoders.packaged import load_packaged
from workbench.analysis.encoders.protocol import Encoder, FeatureKind, Part, Penultimate
from workbench.analysis.relevance.methods import attribute, needs

BATCH = 16
LAST_CLASS: tuple[int, FeatureKind] = (BLOCKS - 1, "class")


@dataclass(frozen=True)
class Explained:
    """A distiller on some of the features of a wider embedding."""

    encoder: Encoder
    """Gives these features alone."""
    indices: Tensor
    """Where they are in the wider embedding."""
    head: DistilledHead

    def logit(self, wide: Tensor) -> Tensor:
        """Score of wide embeddings."""
        return self.head.logit(wide[:, self.indices])

    def states(self, pixels: Tensor, *methods: str) -> list[Penultimate]:
        """What the methods' maps are made of, a batch at a time."""
        parts = frozenset[Part]().union(*(needs(method, self.encoder) for method in methods))
        return [self.encoder.encode(part, parts) for part in pixels.split(BATCH)]

    def contributions(self, method: str, states: Sequence[Penultimate]) -> Tensor:
        """(image, patch), in logits, + toward fake."""
        maps = [attribute(method, self.encoder, self.head, state).maps for state in states]
        return torch.einsum("ikp,k->ip", torch.cat(maps), self.head.logit_weight)

    def attention(self, states: Sequence[Penultimate]) -> Tensor:
        """(image, patch): where the last block's class token looks, mean over heads.

        The states must be those that `last_block` needs.
        """
        block = self.encoder.last_block
        if block is None:
            raise ValueError("there is no class token whose attention could be shown")
        weights = [block.attend(state.last_input).weights for state in states]
        return torch.cat(weights).mean(dim=1)[:, 1:]


@dataclass(frozen=True)
class Models:
    """The three distillers of one set, and its wide embeddings."""

    default: Explained
    joint: Explained
    paper: Explained
    encoded: Encoded
    wide: Encoder

    @property
    def by_name(self) -> dict[str, Explained]:
        """The three."""
        return {"default": self.default, "joint": self.joint, "paper": self.paper}

    def called_right(self, model: Explained) -> NDArray[np.bool_]:
        """Which pictures this one is right about."""
        fake = model.logit(self.encoded.state.embedding).numpy() > 0
        right: NDArray[np.bool_] = fake == self.encoded.fake
        return right

    def pixels(self, indices: NDArray[np.int64]) -> Tensor:
        """Preprocessed pictures."""
        chosen = [self.encoded.pictures[index].path for index in indices]
        return self.wide.preprocess([normalised(path) for path in chosen])


def train_models(pictures: Sequence[Picture], training: NDArray[np.bool_]) -> Models:
    """Encode all pictures once, and train the three on some of them."""
    own = tuple((each.block, each.kind) for each in default_encoder().features)
    joint = tuple(dict.fromkeys([*own, LAST_CLASS]))
    wide = load_packaged(cache_dir(), features=joint)
    encoded = encode(wide, pictures, tokens=False)
    data = encoded.subset(np.flatnonzero(training))

    def model(features: tuple[tuple[int, FeatureKind], ...]) -> Explained:
        indices = torch.cat(
            [
                torch.arange(each.start, each.stop)
                for wanted in features
                for each in wide.features
                if (each.block, each.kind) == wanted
            ]
        )
        encoder = load_packaged(cache_dir(), features=features)
        head = distil(data.training_set(indices), encoder.features).head
        return Explained(encoder, indices, head)

    return Models(model(own), model(joint), model((LAST_CLASS,)), encoded, wide)
