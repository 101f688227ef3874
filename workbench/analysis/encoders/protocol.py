"""What an encoder is to everything after it: an embedding, and the state its maps are made of."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from typing import Literal, Protocol, runtime_checkable

import torch
from jaxtyping import Float, Int
from PIL import Image
from torch import Tensor

FeatureKind = Literal["class", "patch_mean", "patch_spread", "patch_variation"]

PATCH_KINDS: frozenset[FeatureKind] = frozenset({"patch_mean", "patch_spread", "patch_variation"})
"""The kinds of features that are made of patch tokens, and can be shared out among them."""


Part = Literal["patch_tokens", "last_input", "keys_values"]
"""What relevance may need beside the embedding; each method says which."""

TOKENS: frozenset[Part] = frozenset({"patch_tokens", "last_input"})
"""All parts but the keys and values, which take many times the room of the others."""


Precision = Literal["float32", "bfloat16"]
"""What an encoder multiplies matrices in. All that leaves it is float32, and so is relevance."""


class EncoderUnavailableError(Exception):
    """An encoder cannot be had; the message says why, and what to do about it."""


@dataclass(frozen=True)
class Feature:
    """One slice of the embedding x: columns `start` to `stop` (excluded).

    `block` is the transformer block, from 0, whose output it is taken from; `class` is its class
    token; the others are made of its patch tokens (see `patch_features`).
    """

    block: int
    kind: FeatureKind
    start: int
    stop: int

    @property
    def columns(self) -> slice:
        return slice(self.start, self.stop)


@dataclass(frozen=True)
class Penultimate:
    """What everything after the encoder needs of one batch: float32, on the CPU.

    A part that was not asked for, or that the encoder's features give no use for, is there with an
    axis 0 long.

    embedding: x, not standardised.
    patch_tokens: after the final LayerNorm, of the blocks of `patch_blocks`, in that order; the
        patch features are made of them. The block axis may be 0 long.
        Patches go row by row over the encoder's grid.
    last_input: the tokens going into the block of `Encoder.last_block`, class token first. The
        token axis may be 0 long.
    keys, values: K and V of every token, class token first, in blocks 0 to that of the deepest
        class feature, by attention head. The depth axis may be 0 long.
    """

    embedding: Float[Tensor, "image feature"]
    patch_tokens: Float[Tensor, "image block patch channel"]
    last_input: Float[Tensor, "image token channel"]
    keys: Float[Tensor, "image depth head key part"]
    values: Float[Tensor, "image depth head key part"]

    @property
    def parts(self) -> frozenset[Part]:
        """The parts that are there."""
        lengths: dict[Part, int] = {
            "patch_tokens": self.patch_tokens.shape[1],
            "last_input": self.last_input.shape[1],
            "keys_values": self.keys.shape[1],
        }
        return frozenset(part for part, length in lengths.items() if length)

    def subset(self, images: slice | Int[Tensor, " chosen"]) -> Penultimate:
        """The state of some of the images, in the order given."""
        return Penultimate(*(getattr(self, each.name)[images] for each in fields(self)))

    @staticmethod
    def joined(states: Sequence[Penultimate]) -> Penultimate:
        """The states of some batches, at least one and all with the same parts, as one."""
        names = [each.name for each in fields(Penultimate)]
        return Penultimate(
            *(torch.cat([getattr(state, name) for state in states]) for name in names)
        )


def patch_blocks(features: Iterable[Feature]) -> tuple[int, ...]:
    """The blocks whose patch tokens make features, each once, in the order of their first one."""
    return tuple(dict.fromkeys(each.block for each in features if each.kind in PATCH_KINDS))


@dataclass(frozen=True)
class ClassAttention:
    """The class token's attention in one block: its row of A, softmaxed, and what it attends to."""

    weights: Float[Tensor, "image head token"]
    values: Float[Tensor, "image head token channel"]

    def attended(self) -> Float[Tensor, "image width"]:
        """The class token's attention output o, heads side by side, before W_O."""
        return torch.einsum("iht,ihtc->ihc", self.weights, self.values).flatten(1)


@runtime_checkable
class ClassTokenBlock(Protocol):
    """The last block that a class feature is taken from, as the class token goes through it."""

    @property
    def feature(self) -> Feature:
        """The columns of x that it makes."""

    @property
    def device(self) -> torch.device:
        """Where its weights are; `attend` and `finish` expect their input there."""

    def attend(self, tokens: Float[Tensor, "image token width"]) -> ClassAttention:
        """Attention of the class token, which is `tokens[:, 0]`, over all tokens."""

    def finish(
        self, class_token: Float[Tensor, "*#batch width"], attended: Float[Tensor, "*batch width"]
    ) -> Float[Tensor, "*batch columns"]:
        """The feature, from the class token going in and its attention output.

        The rest of the block, the final LayerNorm and any projection: one token's work, and
        differentiable in both arguments.
        """


@runtime_checkable
class ClassTokenPath(Protocol):
    """The class token's own way through the blocks, the keys and values of each block given.

    One token's work, and differentiable; it ends at the deepest class feature.
    """

    @property
    def features(self) -> tuple[Feature, ...]:
        """All class features, from the first block to the last."""

    @property
    def device(self) -> torch.device:
        """Where its weights are; all methods expect their input there."""

    def start(self) -> Float[Tensor, " width"]:
        """The class token going into block 0: the same for all images."""

    def query(
        self, block: int, class_token: Float[Tensor, "image width"]
    ) -> Float[Tensor, "image head channel"]:
        """What the class token asks in a block: its products with keys are the scores."""

    def advance(
        self,
        block: int,
        class_token: Float[Tensor, "image width"],
        attended: Float[Tensor, "image width"],
    ) -> Float[Tensor, "image width"]:
        """The class token after the block, from that before it and its attention output."""

    def feature(
        self, block: int, class_token: Float[Tensor, "image width"]
    ) -> Float[Tensor, "image columns"]:
        """The class feature that the token after the block makes."""


@runtime_checkable
class TextTower(Protocol):
    """A text encoder in the same space as a class feature of x, the joint space."""

    @property
    def columns(self) -> slice:
        """The columns of x that live in the joint space."""

    def encode_text(self, texts: Sequence[str]) -> Float[Tensor, "text joint"]:
        """Embeddings of texts, not normalised: float32, on the CPU, without gradients.

        Raises EncoderUnavailableError where the texts cannot be made tokens of.
        """


@runtime_checkable
class Encoder(Protocol):
    """A frozen vision transformer with a class token and a grid of patches."""

    @property
    def name(self) -> str:
        """`packaged`, `open_clip:MODEL/PRETRAINED` or `open_clip:MODEL@/path/to/checkpoint`."""

    @property
    def fingerprint(self) -> str:
        """32 hexadecimal digits; equal only where the same image gets the same embedding."""

    @property
    def image_size(self) -> int:
        """Side of the square that it sees, in pixels."""

    @property
    def grid(self) -> tuple[int, int]:
        """Rows and columns of patches."""

    @property
    def dimension(self) -> int:
        """Length of x."""

    @property
    def features(self) -> tuple[Feature, ...]:
        """The slices of x; together they cover it, in order."""

    @property
    def has_text_tower(self) -> bool:
        """Whether there is a `text_tower`."""

    @property
    def text_tower(self) -> TextTower | None:
        """The text encoder of these weights; None where there is none, or x is not in its space."""

    @property
    def last_block(self) -> ClassTokenBlock | None:
        """The deepest block with a class feature; None where x has no class feature."""

    @property
    def class_path(self) -> ClassTokenPath | None:
        """The way to all class features; None where x has no class feature."""

    def preprocess(self, images: Sequence[Image.Image]) -> Float[Tensor, "image 3 height width"]:
        """Resized and normalised pixels. Of an image that is not square, the central square."""

    def encode(
        self, pixels: Float[Tensor, "image 3 height width"], parts: frozenset[Part] = TOKENS
    ) -> Penultimate:
        """Embeddings of preprocessed pixels, with the wanted parts of the state beside them.

        Without gradients. An image with NaN among its pixels has NaN for an embedding, and changes
        nothing for the others. ValueError for pixels of another size.
        """
