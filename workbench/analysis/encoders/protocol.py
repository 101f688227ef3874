"""The encoder protocol: embedding, features, and the penultimate state for attribution."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from typing import Literal, Protocol, runtime_checkable

import torch
from jaxtyping import Float, Int
from PIL import Image
from torch import Tensor

FeatureKind = Literal["class", "patch_mean", "patch_spread", "patch_variation", "content"]

PATCH_KINDS: frozenset[FeatureKind] = frozenset({"patch_mean", "patch_spread", "patch_variation"})
"""The kinds that carry evidence: made of patch tokens, they decompose over them exactly."""
TOKEN_KINDS: frozenset[FeatureKind] = PATCH_KINDS | {"content"}
"""All kinds that are made of patch tokens."""


Embedding = Literal["patches", "class_token"]
"""What x is made of: patch features, which decompose over the patches, or the class token."""

Part = Literal["patch_tokens", "last_input", "keys_values"]
"""Parts of the state that attribution methods may need beside the embedding."""

TOKENS: frozenset[Part] = frozenset({"patch_tokens", "last_input"})
"""All parts but the keys and values, which are many times larger."""


Precision = Literal["float32", "bfloat16"]
"""Precision of the matrix products; outputs are float32, and so is attribution."""


class EncoderUnavailableError(Exception):
    """An encoder cannot be loaded; the message gives the reason and the remedy."""


@dataclass(frozen=True)
class Feature:
    """One slice of the embedding x, `start` to `stop` (excluded).

    block: the transformer block, from 0, whose output it is taken from.
    kind: `class` is the class token; the others are made of patch tokens (see `patch_features`):
        mean, standard deviation (`patch_spread`) and total variation; `content`, the mean of a
        late block's, whose tokens say what a patch shows (docs/adr/0040-evidence-by-concept.md).
    """

    block: int
    kind: FeatureKind
    start: int
    stop: int

    @property
    def slice(self) -> slice:
        return slice(self.start, self.stop)


@dataclass(frozen=True)
class Penultimate:
    """Output of an encoder for one batch: float32, on the CPU.

    A part that was not asked for, or that none of the encoder's features needs, has an axis of
    length 0.

    embedding: x, not standardised.
    patch_tokens: after the final LayerNorm, of the blocks of `patch_blocks`, in that order; the
        patch features are made of them. Patches go row by row over the encoder's grid.
        The block axis may have length 0.
    last_input: the tokens going into the block of `Encoder.last_block`, class token first, patches
        last. The token axis may have length 0.
    keys, values: K and V of every token, class token first, patches last, in blocks 0 to that of
        the deepest class feature, by attention head. The depth axis may have length 0.
    """

    embedding: Float[Tensor, "image feature"]
    patch_tokens: Float[Tensor, "image block patch channel"]
    last_input: Float[Tensor, "image token channel"]
    keys: Float[Tensor, "image depth head key part"]
    values: Float[Tensor, "image depth head key part"]

    @property
    def parts(self) -> frozenset[Part]:
        """The parts that are present."""
        lengths: dict[Part, int] = {
            "patch_tokens": self.patch_tokens.shape[1],
            "last_input": self.last_input.shape[1],
            "keys_values": self.keys.shape[1],
        }
        return frozenset(part for part, length in lengths.items() if length)

    def subset(self, images: slice | Int[Tensor, " chosen"]) -> Penultimate:
        """Select images, in the order given."""
        return Penultimate(*(getattr(self, each.name)[images] for each in fields(self)))

    @staticmethod
    def joined(states: Sequence[Penultimate]) -> Penultimate:
        """Concatenate batches, at least one and all with the same parts."""
        names = [each.name for each in fields(Penultimate)]
        return Penultimate(
            *(torch.cat([getattr(state, name) for state in states]) for name in names)
        )


def patch_blocks(features: Iterable[Feature]) -> tuple[int, ...]:
    """List the blocks whose patch tokens are kept, each once, in order of first appearance."""
    return tuple(dict.fromkeys(each.block for each in features if each.kind in TOKEN_KINDS))


def content_feature(features: Iterable[Feature]) -> Feature | None:
    """Find the feature that says what an image shows; None where there is none."""
    return next((each for each in features if each.kind == "content"), None)


@dataclass(frozen=True)
class ClassAttention:
    """The class token's attention in one block: its row of A, after softmax, and the values."""

    weights: Float[Tensor, "image head token"]
    values: Float[Tensor, "image head token channel"]

    def attended(self) -> Float[Tensor, "image width"]:
        """Compute the class token's attention output o before W_O, heads concatenated."""
        return torch.einsum("iht,ihtc->ihc", self.weights, self.values).flatten(1)


@runtime_checkable
class ClassTokenBlock(Protocol):
    """The deepest block with a class feature, as a function of the class token."""

    @property
    def feature(self) -> Feature:
        """The class feature."""

    @property
    def device(self) -> torch.device:
        """Device of its weights, and of the inputs of `attend` and `finish`."""

    def attend(self, tokens: Float[Tensor, "image token width"]) -> ClassAttention:
        """Compute the attention of the class token, `tokens[:, 0]`, over all tokens."""

    def finish(
        self, class_token: Float[Tensor, "*#batch width"], attended: Float[Tensor, "*batch width"]
    ) -> Float[Tensor, "*batch part"]:
        """Compute the feature from the class token going in and its attention output.

        The rest of the block, the final LayerNorm and any projection, for one token;
        differentiable in both arguments.
        """


@runtime_checkable
class ClassTokenPath(Protocol):
    """The class token's path through the blocks, given the keys and values of each block.

    Computed for one token, and differentiable; it ends at the deepest class feature.
    """

    @property
    def features(self) -> tuple[Feature, ...]:
        """All class features, from the first block to the last."""

    @property
    def device(self) -> torch.device:
        """Device of its weights, and of all inputs."""

    def start(self) -> Float[Tensor, " width"]:
        """Compute the class token going into block 0, the same for all images."""

    def query(
        self, block: int, class_token: Float[Tensor, "image width"]
    ) -> Float[Tensor, "image head channel"]:
        """Compute the class token's scaled query: its products with keys are the scores."""

    def advance(
        self,
        block: int,
        class_token: Float[Tensor, "image width"],
        attended: Float[Tensor, "image width"],
    ) -> Float[Tensor, "image width"]:
        """Compute the class token after the block, from that before it and its attention output."""

    def feature(
        self, block: int, class_token: Float[Tensor, "image width"]
    ) -> Float[Tensor, "image part"]:
        """Compute the class feature of the token after the block."""


@runtime_checkable
class TextTower(Protocol):
    """A text encoder in the same space as a class feature of x, the joint space."""

    @property
    def joint_slice(self) -> slice:
        """The slice of x in the joint space."""

    def encode_text(self, texts: Sequence[str]) -> Float[Tensor, "text joint"]:
        """Compute embeddings of texts, not normalised: float32, on the CPU, without gradients.

        Raises EncoderUnavailableError where there is no tokenizer.
        """


@runtime_checkable
class Encoder(Protocol):
    """A frozen vision transformer with a grid of patches."""

    @property
    def name(self) -> str:
        """`packaged`, `open_clip:…` or `timm:…`: what `load_encoder` loads it by."""

    @property
    def fingerprint(self) -> str:
        """32 hexadecimal digits; equal only where the same image gets the same embedding."""

    @property
    def image_size(self) -> int:
        """Side of its square input, in pixels."""

    @property
    def grid(self) -> tuple[int, int]:
        """Rows and columns of patches."""

    @property
    def prefix(self) -> int:
        """Number of tokens before the patches: a class token, where there is one, and registers."""

    @property
    def dimension(self) -> int:
        """Length of x."""

    @property
    def features(self) -> tuple[Feature, ...]:
        """The slices of x; together they cover it, in order."""

    @property
    def text_tower(self) -> TextTower | None:
        """The text encoder; None where there is none, or no slice of x is in the joint space."""

    @property
    def last_block(self) -> ClassTokenBlock | None:
        """The deepest block with a class feature; None where x has no class feature."""

    @property
    def class_path(self) -> ClassTokenPath | None:
        """The path to all class features; None where x has no class feature."""

    def preprocess(self, images: Sequence[Image.Image]) -> Float[Tensor, "image 3 height width"]:
        """Resize, crop to the central square and normalise."""

    def encode(
        self, pixels: Float[Tensor, "image 3 height width"], parts: frozenset[Part] = TOKENS
    ) -> Penultimate:
        """Compute embeddings of preprocessed pixels, and the wanted parts of the state.

        Without gradients. An image with NaN in its pixels has NaN in its embedding and does not
        affect the others. ValueError for pixels of another size.
        """
