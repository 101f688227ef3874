"""The encoder of a vision transformer: preprocessing, tower, and the features of its blocks."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field

import numpy as np
import torch
from jaxtyping import Float
from PIL import Image
from torch import Tensor

from workbench.analysis.encoders.blocks import KeysValues, Tower, TowerBlock, TowerPath
from workbench.analysis.encoders.features import feature_slices
from workbench.analysis.encoders.matrices import for_encoding
from workbench.analysis.encoders.patch_features import patch_feature
from workbench.analysis.encoders.protocol import (
    TOKEN_KINDS,
    TOKENS,
    EncoderUnavailableError,
    Feature,
    FeatureKind,
    Part,
    Penultimate,
    Precision,
    patch_blocks,
)
from workbench.analysis.images.normalise import NORMAL_SIZE

CODE_VERSION = 2
"""Raise it with every change of the embedding of the same pixels."""


@dataclass(frozen=True)
class Preprocessing:
    """What becomes of images before the tower; `settings` describes it for the fingerprint.

    squared: makes an image a square of `image_size` in three channels.
    mean, std: of each channel, taken off and divided by, where pixels go from 0 to 1.
    """

    image_size: int
    squared: Callable[[Image.Image], Image.Image]
    settings: Mapping[str, object]
    mean: Sequence[float] = (0.0, 0.0, 0.0)
    std: Sequence[float] = (1.0, 1.0, 1.0)


@dataclass(frozen=True)
class Computing:
    """Torch device and precision of an encoder."""

    device: str = "cpu"
    precision: Precision = "float32"


CPU = Computing()


def check_image_size(name: str, image_size: int, patch: int) -> None:
    """EncoderUnavailableError where a size is not a whole number of an encoder's patches."""
    if image_size % patch:
        below = image_size - image_size % patch
        raise EncoderUnavailableError(
            f"{name} sees patches of {patch} pixels, which {image_size} is no multiple of; "
            f"say WORKBENCH_IMAGE_SIZE={below or patch} or {below + patch}"
        )


@dataclass
class _Kept:
    """Features and parts collected on the way through the blocks."""

    last_input: Tensor
    features: dict[Feature, Tensor] = field(default_factory=dict)
    patch_tokens: dict[int, Tensor] = field(default_factory=dict)
    keys_values: list[KeysValues] = field(default_factory=list)


@dataclass(frozen=True)
class JointText:
    """A text tower with the slice of x in the same space."""

    joint_slice: slice
    encode: Callable[[Sequence[str]], Tensor]

    def encode_text(self, texts: Sequence[str]) -> Float[Tensor, "text joint"]:
        """Compute embeddings of texts, not normalised: float32, on the CPU, without gradients."""
        with torch.inference_mode():
            found = self.encode(texts)
        return found.float().cpu().clone()


class TransformerEncoder:
    """An `Encoder` made of a tower, which it takes over: frozen, and moved to the device.

    Batches are encoded by a second copy of the matrices (see `matrices`). Where that is in
    bfloat16, the tokens between the blocks, LayerNorm and all that concerns the class token alone
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
        """`identity`, weights and architecture, identifies the tower in the fingerprint.

        `encode_text` embeds texts in the space of the last block's class feature.
        """
        self.name = name
        self._encode_text = encode_text
        self.preprocessing = preprocessing
        self.computing = computing
        self.image_size = preprocessing.image_size
        self.grid = tower.grid
        self.prefix = tower.prefix
        self.features = feature_slices(features, tower)
        self.dimension = self.features[-1].stop
        facts = dict(identity) | {"precision": computing.precision}
        if self.image_size > NORMAL_SIZE:
            facts["pixels"] = "of the original"  # once of an enlarged copy
        self.fingerprint = _fingerprint(facts, preprocessing.settings, self.features)
        self._device = torch.device(computing.device)
        self.tower = tower.to(self._device).float().eval().requires_grad_(requires_grad=False)
        self._encoding = for_encoding(self.tower, self._device, computing.precision)
        self._by_block_and_kind = {
            (feature.block, feature.kind): feature for feature in self.features
        }
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
        """The path to all class features; None where x has no class feature."""
        return TowerPath(self.tower, self._class_features) if self._class_features else None

    @property
    def text_tower(self) -> JointText | None:
        """The text encoder; None where there is none, or no slice of x is in the joint space."""
        joint = self._by_block_and_kind.get((len(self.tower.blocks) - 1, "class"))
        if self._encode_text is None or joint is None:
            return None
        return JointText(joint.slice, self._encode_text)

    def preprocess(self, images: Sequence[Image.Image]) -> Float[Tensor, "image 3 height width"]:
        """Resize, crop to the central square and normalise."""
        if not images:
            return torch.empty(0, 3, self.image_size, self.image_size)
        squared = np.stack([np.asarray(self.preprocessing.squared(image)) for image in images])
        # All images at once: one by one, threads would have to meet for each of them.
        pixels = torch.from_numpy(squared).permute(0, 3, 1, 2).contiguous().float().div_(255)
        mean, std = (
            torch.tensor(each)[:, None, None]
            for each in (self.preprocessing.mean, self.preprocessing.std)
        )
        return pixels.sub_(mean).div_(std)

    def encode(
        self, pixels: Float[Tensor, "image 3 height width"], parts: frozenset[Part] = TOKENS
    ) -> Penultimate:
        """Compute embeddings of preprocessed pixels, and the wanted parts of the state.

        Without gradients. An image with NaN in its pixels has NaN in its embedding and does not
        affect the others. ValueError for pixels of another size.
        """
        expected = (3, self.image_size, self.image_size)
        if tuple(pixels.shape[1:]) != expected:
            raise ValueError(
                f"{self.name} takes images of shape {expected}, got {tuple(pixels.shape[1:])}"
            )
        # Out of a caller's inference mode, so that a distiller can train on the result.
        with torch.inference_mode(mode=False), torch.no_grad():
            return self._run(pixels.to(self._device, torch.float32), parts)

    def _run(self, pixels: Tensor, parts: frozenset[Part]) -> Penultimate:
        with self._in_precision():
            tokens = self._encoding.embedding(pixels)
        kept = _Kept(last_input=tokens.new_empty(len(pixels), 0, self.tower.width))
        for index in range(self._deepest + 1):
            if index == self._last_class and "last_input" in parts:
                kept.last_input = tokens
            wanted = index <= self._last_class and "keys_values" in parts
            tokens, keys_values = self._through(index, tokens, keys_values=wanted)
            if wanted and keys_values is not None:
                kept.keys_values.append(keys_values)
            self._keep_features(index, tokens, kept, patch_tokens="patch_tokens" in parts)
        return Penultimate(
            torch.cat([kept.features[feature] for feature in self.features], dim=1).cpu(),
            self._stacked_tokens(kept.patch_tokens, len(pixels)),
            kept.last_input.cpu(),
            self._stacked_heads([each.keys for each in kept.keys_values], len(pixels)),
            self._stacked_heads([each.values for each in kept.keys_values], len(pixels)),
        )

    def _through(
        self, index: int, tokens: Tensor, *, keys_values: bool
    ) -> tuple[Tensor, KeysValues | None]:
        """Compute the tokens after a block, and its keys and values where wanted.

        In the deepest block only the class token is computed, unless it has patch features.
        """
        with self._in_precision():
            block = self._encoding.blocks[index]
            if index < self._deepest or index in self._patch_blocks:
                after: tuple[Tensor, KeysValues] = block(tokens)
                return after
            found = block.keys_values(tokens) if keys_values else None
        return self.tower.blocks[index].class_token(tokens)[:, None], found

    def _in_precision(self) -> torch.autocast:
        return torch.autocast(
            self._device.type, torch.bfloat16, enabled=self.computing.precision == "bfloat16"
        )

    def _keep_features(
        self, index: int, tokens: Tensor, kept: _Kept, *, patch_tokens: bool
    ) -> None:
        if feature := self._by_block_and_kind.get((index, "class")):
            kept.features[feature] = self.tower.class_feature(index, tokens[:, 0])
        if index in self._patch_blocks:
            normed = self.tower.norm(tokens[:, self.prefix :])
            kept.features |= self._patch_features(index, normed)
            if patch_tokens:
                kept.patch_tokens[index] = normed

    def _patch_features(self, index: int, tokens: Tensor) -> dict[Feature, Tensor]:
        """Compute the features of a block that are made of patch tokens."""
        return {
            feature: patch_feature(feature.kind, tokens, self.grid)
            for feature in self.features
            if feature.block == index and feature.kind in TOKEN_KINDS
        }

    def _stacked_tokens(self, found: dict[int, Tensor], images: int) -> Tensor:
        if found:
            return torch.stack([found[block].cpu() for block in self._patch_blocks], dim=1)
        return torch.empty(images, 0, self._patches, self.tower.width)

    def _stacked_heads(self, found: list[Tensor], images: int) -> Tensor:
        if found:
            # Contiguous by block, as they are read.
            return torch.stack([each.cpu() for each in found]).float().transpose(0, 1)
        heads = self.tower.heads
        return torch.empty(images, 0, heads, self.prefix + self._patches, self.tower.width // heads)

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
