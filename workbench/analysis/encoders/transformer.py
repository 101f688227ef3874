"""The one encoder: a tower, the features taken from it, and the preprocessing before it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field

import torch
from jaxtyping import Float
from PIL import Image
from torch import Tensor

from workbench.analysis.encoders.blocks import KeysValues, Tower, TowerBlock, TowerPath
from workbench.analysis.encoders.features import lay_out
from workbench.analysis.encoders.matrices import for_encoding
from workbench.analysis.encoders.patch_features import patch_feature
from workbench.analysis.encoders.protocol import (
    PATCH_KINDS,
    TOKENS,
    Feature,
    FeatureKind,
    Part,
    Penultimate,
    Precision,
    patch_blocks,
)

CODE_VERSION = 2
"""Raise it whenever the same pixels would get another embedding than before."""


@dataclass(frozen=True)
class Preprocessing:
    """From an image to the tower's pixels; `settings` says the same as `transform`, as data."""

    image_size: int
    transform: Callable[[Image.Image], Tensor]
    settings: Mapping[str, object]


@dataclass(frozen=True)
class Computing:
    """Where an encoder computes, and in what: a torch device, and the precision of its matrices."""

    device: str = "cpu"
    precision: Precision = "float32"


CPU = Computing()


@dataclass
class _Kept:
    """What is put aside on the way through the blocks."""

    last_input: Tensor
    features: dict[Feature, Tensor] = field(default_factory=dict)
    patch_tokens: dict[int, Tensor] = field(default_factory=dict)
    over: list[KeysValues] = field(default_factory=list)


@dataclass(frozen=True)
class JointText:
    """A text tower, beside the columns of x that share its space."""

    columns: slice
    encode: Callable[[Sequence[str]], Tensor]

    def encode_text(self, texts: Sequence[str]) -> Float[Tensor, "text joint"]:
        """Embeddings of texts, not normalised: float32, on the CPU, without gradients."""
        with torch.inference_mode():
            found = self.encode(texts)
        return found.float().cpu().clone()


class TransformerEncoder:
    """An `Encoder` made of a tower. It takes the tower over: frozen, and moved to `device`.

    A second copy of the matrices is held for the batches (see `matrices`). Where that is in
    bfloat16, the tokens between the blocks, LayerNorm and whatever concerns the class token alone
    stay float32.
    """

    def __init__(
        self,
        tower: Tower,
        features: Iterable[tuple[int, FeatureKind]],
        preprocessing: Preprocessing,
        *,
        name: str,
        identity: Mapping[str, object],
        encode_text: Callable[[Sequence[str]], Tensor] | None = None,
        computing: Computing = CPU,
    ) -> None:
        """`identity` is what tells the tower's function from others': weights and architecture.

        `encode_text` embeds texts in the space of the last block's class feature.
        """
        self.name = name
        self._encode_text = encode_text
        self.preprocessing = preprocessing
        self.computing = computing
        self.image_size = preprocessing.image_size
        self.grid = tower.grid
        self.features = lay_out(features, tower)
        self.dimension = self.features[-1].stop
        facts = dict(identity) | {"precision": computing.precision}
        self.fingerprint = _fingerprint(facts, preprocessing.settings, self.features)
        self._device = torch.device(computing.device)
        self.tower = tower.to(self._device).float().eval().requires_grad_(requires_grad=False)
        self._encoding = for_encoding(self.tower, self._device, computing.precision)
        self._by_place = {(feature.block, feature.kind): feature for feature in self.features}
        self._deepest = max(feature.block for feature in self.features)
        self._patch_blocks = patch_blocks(self.features)
        self._class_features = tuple(
            sorted(
                (feature for feature in self.features if feature.kind == "class"),
                key=lambda feature: feature.block,
            )
        )
        self._last_class = self._class_features[-1].block if self._class_features else -1

    @property
    def last_block(self) -> TowerBlock | None:
        """The deepest block with a class feature; None where x has no class feature."""
        if not self._class_features:
            return None
        return TowerBlock(self.tower, self._class_features[-1])

    @property
    def class_path(self) -> TowerPath | None:
        """The way to all class features; None where x has no class feature."""
        return TowerPath(self.tower, self._class_features) if self._class_features else None

    @property
    def has_text_tower(self) -> bool:
        """Whether there is a `text_tower`."""
        return self.text_tower is not None

    @property
    def text_tower(self) -> JointText | None:
        """The text encoder of these weights; None where there is none, or x is not in its space."""
        joint = self._by_place.get((len(self.tower.blocks) - 1, "class"))
        if self._encode_text is None or joint is None:
            return None
        return JointText(joint.columns, self._encode_text)

    def preprocess(self, images: Sequence[Image.Image]) -> Float[Tensor, "image 3 height width"]:
        """Resized and normalised pixels. Of an image that is not square, the central square."""
        if not images:
            return torch.empty(0, 3, self.image_size, self.image_size)
        return torch.stack([self.preprocessing.transform(image) for image in images])

    def encode(
        self, pixels: Float[Tensor, "image 3 height width"], parts: frozenset[Part] = TOKENS
    ) -> Penultimate:
        """Embeddings of preprocessed pixels, with the wanted parts of the state beside them.

        Without gradients. An image with NaN among its pixels has NaN for an embedding, and changes
        nothing for the others. ValueError for pixels of another size.
        """
        expected = (3, self.image_size, self.image_size)
        if tuple(pixels.shape[1:]) != expected:
            raise ValueError(
                f"{self.name} takes images of shape {expected}, got {tuple(pixels.shape[1:])}"
            )
        # Out of a caller's inference mode: a distiller can train on what comes of it.
        with torch.inference_mode(mode=False), torch.no_grad():
            return self._run(pixels.to(self._device, torch.float32), parts)

    def _run(self, pixels: Tensor, parts: frozenset[Part]) -> Penultimate:
        with self._in_precision():
            tokens = self._encoding.embedding(pixels)
        kept = _Kept(last_input=tokens.new_empty(len(pixels), 0, self.tower.width))
        for index in range(self._deepest + 1):
            if index == self._last_class and "last_input" in parts:
                kept.last_input = tokens
            looked_at = index <= self._last_class and "keys_values" in parts
            tokens, over = self._through(index, tokens, looked_at=looked_at)
            if looked_at and over is not None:
                kept.over.append(over)
            self._keep_features(index, tokens, kept, tokens_too="patch_tokens" in parts)
        return Penultimate(
            torch.cat([kept.features[feature] for feature in self.features], dim=1).cpu(),
            self._stacked_tokens(kept.patch_tokens, len(pixels)),
            kept.last_input.cpu(),
            self._stacked_heads([over.keys for over in kept.over], len(pixels)),
            self._stacked_heads([over.values for over in kept.over], len(pixels)),
        )

    def _through(
        self, index: int, tokens: Tensor, *, looked_at: bool
    ) -> tuple[Tensor, KeysValues | None]:
        """The tokens after a block, and what they looked at there.

        Of the deepest block only the class token is computed, unless its patches make features.
        """
        with self._in_precision():
            block = self._encoding.blocks[index]
            if index < self._deepest or index in self._patch_blocks:
                after: tuple[Tensor, KeysValues] = block(tokens)
                return after
            over = block.keys_values(tokens) if looked_at else None
        return self.tower.blocks[index].class_token(tokens)[:, None], over

    def _in_precision(self) -> torch.autocast:
        return torch.autocast(
            self._device.type, torch.bfloat16, enabled=self.computing.precision == "bfloat16"
        )

    def _keep_features(self, index: int, tokens: Tensor, kept: _Kept, *, tokens_too: bool) -> None:
        if feature := self._by_place.get((index, "class")):
            kept.features[feature] = self.tower.class_feature(index, tokens[:, 0])
        if index in self._patch_blocks:
            normed = self.tower.norm(tokens[:, 1:])
            kept.features |= self._patch_features(index, normed)
            if tokens_too:
                kept.patch_tokens[index] = normed

    def _patch_features(self, index: int, tokens: Tensor) -> dict[Feature, Tensor]:
        """Those of a block's patch features that are wanted."""
        return {
            feature: patch_feature(feature.kind, tokens, self.grid)
            for feature in self.features
            if feature.block == index and feature.kind in PATCH_KINDS
        }

    def _stacked_tokens(self, found: dict[int, Tensor], images: int) -> Tensor:
        if found:
            return torch.stack([found[block].cpu() for block in self._patch_blocks], dim=1)
        return torch.empty(images, 0, self._patches, self.tower.width)

    def _stacked_heads(self, found: list[Tensor], images: int) -> Tensor:
        if found:
            # One block's lie together in memory, as they are asked for.
            return torch.stack([each.cpu() for each in found]).float().transpose(0, 1)
        heads = self.tower.heads
        return torch.empty(images, 0, heads, 1 + self._patches, self.tower.width // heads)

    @property
    def _patches(self) -> int:
        return self.grid[0] * self.grid[1]


def _fingerprint(
    identity: Mapping[str, object],
    preprocessing: Mapping[str, object],
    features: tuple[Feature, ...],
) -> str:
    facts = {
        "code": CODE_VERSION,
        "identity": dict(identity),
        "preprocessing": dict(preprocessing),
        "features": [asdict(feature) for feature in features],
    }
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()[:32]
