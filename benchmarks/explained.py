"""Distillers of several kinds, and the maps that explain them.

The default distiller on the default encoder's features; the paper's, on the last block's class
token alone; and both together, `joint`: its logit is the sum of the two, so that every method, the
paper's too, can explain its part of one and the same score.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import pad

from benchmarks.command import cache_dir
from benchmarks.distilling import distil_as_the_paper, distil_some, logits_of
from benchmarks.encoded import (
    Encoded,
    Picture,
    default_encoder,
    embeddings_alone,
    encode,
    normalised,
)
from workbench.analysis.distiller.concept_head import ConceptHead
from workbench.analysis.distiller.head import DistilledHead
from workbench.analysis.distiller.linear_evidence import LinearEvidence
from workbench.analysis.encoders.onnx_weights import BLOCKS
from workbench.analysis.encoders.packaged import load_packaged
from workbench.analysis.encoders.protocol import Encoder, FeatureKind, Part, Penultimate
from workbench.analysis.relevance.methods import METHODS, allows, attribute, needs, smoothing_of
from workbench.config import Settings
from workbench.services.encoding.precision import precision_of

BATCH = 16
LAST_CLASS: tuple[int, FeatureKind] = (BLOCKS - 1, "class")


@dataclass(frozen=True)
class Explained:
    """A model: an encoder, and one head or several, whose logits are added."""

    encoder: Encoder
    heads: tuple[ConceptHead | DistilledHead, ...]

    @property
    def methods(self) -> list[str]:
        """The methods that explain one of the heads."""
        kinds = {type(head) for head in self.heads}
        return [
            name
            for name, method in METHODS.items()
            if method.head in kinds and allows(name, self.encoder)
        ]

    def logit(self, state: Penultimate) -> Tensor:
        """Score of images; of their state, embeddings and patch tokens are needed."""
        logits = [head.logit_of(head.dimensions_of(self.encoder, state)) for head in self.heads]
        return torch.stack(logits).sum(dim=0)

    def states(self, pixels: Tensor, *methods: str) -> list[Penultimate]:
        """What the logit and the methods' maps are made of, a batch at a time."""
        of_heads = [head.parts for head in self.heads]
        of_methods = [needs(method, self.encoder) for method in methods]
        parts = frozenset[Part]().union(*of_heads, *of_methods)
        return [self.encoder.encode(part, parts) for part in pixels.split(BATCH)]

    def contributions(self, method: str, states: Sequence[Penultimate]) -> Tensor:
        """(image, patch), in logits, + toward fake: of the head that the method explains.

        An exact method's evidence is smoothed as far as it would be in a version with that method.
        """
        head = next(each for each in self.heads if isinstance(each, METHODS[method].head))
        if isinstance(head, ConceptHead):
            evidence = replace(head.evidence, smoothing=smoothing_of(method))
            head = replace(head, evidence=evidence)
        maps = [attribute(method, self.encoder, head, state).maps for state in states]
        return torch.einsum("ikp,k->ip", torch.cat(maps), head.logit_weight)

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
    """The three models of one set, and their logits of all its pictures, by name.

    joint: its first head is the default's, of the encoder that gives all features.
    """

    default: Explained
    joint: Explained
    paper: Explained
    pictures: tuple[Picture, ...]
    logits: Mapping[str, NDArray[np.float32]]

    @property
    def by_name(self) -> dict[str, Explained]:
        """The three."""
        return {"default": self.default, "joint": self.joint, "paper": self.paper}

    @property
    def fake(self) -> NDArray[np.bool_]:
        """Label of each picture."""
        return np.array([each.fake for each in self.pictures])

    def called_right(self, name: str) -> NDArray[np.bool_]:
        """Which pictures this model is right about."""
        right: NDArray[np.bool_] = (self.logits[name] > 0) == self.fake
        return right

    def pixels(self, indices: NDArray[np.int64]) -> Tensor:
        """Preprocessed pictures."""
        chosen = [self.pictures[index].path for index in indices]
        return self.joint.encoder.preprocess([normalised(path) for path in chosen])


def train_models(pictures: Sequence[Picture], training: NDArray[np.bool_]) -> Models:
    """Encode all pictures once, and train on some of them."""
    own = default_encoder()
    features = tuple((each.block, each.kind) for each in own.features)
    precision = precision_of(Settings())
    wide, last = (
        load_packaged(cache_dir(), features=each, precision=precision)
        for each in ((*features, LAST_CLASS), (LAST_CLASS,))
    )
    encoded = encode(wide, pictures)
    x, start = encoded.state.embedding, own.dimension
    chosen = np.flatnonzero(training)
    narrow = replace(encoded, state=replace(encoded.state, embedding=x[:, :start]))
    default = distil_some(own, narrow, chosen).head
    alone = Encoded(
        encoded.pictures, embeddings_alone(replace(encoded.state, embedding=x[:, start:]))
    )
    paper = distil_as_the_paper(alone.training_set(chosen))
    logits = {
        "default": logits_of(default, own, narrow),
        "paper": logits_of(paper, last, alone),
    }
    heads = (
        replace(default, evidence=_placed(default.evidence, 0, x.shape[1])),
        _placed(paper, start, x.shape[1]),
    )
    return Models(
        default=Explained(own, (default,)),
        joint=Explained(wide, heads),
        paper=Explained(last, (paper,)),
        pictures=encoded.pictures,
        logits=logits | {"joint": logits["default"] + logits["paper"]},
    )


Placed = TypeVar("Placed", LinearEvidence, DistilledHead)


def _placed(linear: Placed, start: int, length: int) -> Placed:
    """The same in a longer embedding, whose other features have no weight."""
    around = (start, length - start - len(linear.mean))
    return replace(
        linear,
        mean=pad(linear.mean, around),
        scale=pad(linear.scale, around, value=1.0),
        weight=pad(linear.weight, around),
    )
