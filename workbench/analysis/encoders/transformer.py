"""The one encoder: a tower, the features taken from it, and the preprocessing before it."""

from __future__ import annotations

import copy
import hashlib
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass

import torch
from jaxtyping import Float
from PIL import Image
from torch import Tensor

from workbench.analysis.encoder import (
    PATCH_KINDS,
    TOKENS,
    Feature,
    FeatureKind,
    Part,
    Penultimate,
    patch_blocks,
)
from workbench.analysis.encoders.blocks import KeysValues, Tower, TowerBlock, TowerPath
from workbench.analysis.encoders.features import lay_out
from workbench.analysis.patch_features import patch_feature
from workbench.analysis.randomised import redrawn

CODE_VERSION = 1
"""Raise it whenever the same pixels would get another embedding than before."""


@dataclass(frozen=True)
class Preprocessing:
    """From an image to the tower's pixels; `settings` says the same as `transform`, as data."""

    image_size: int
    transform: Callable[[Image.Image], Tensor]
    settings: Mapping[str, object]


class TransformerEncoder:
    """An `Encoder` made of a tower. It takes the tower over: frozen, and moved to `device`."""

    def __init__(
        self,
        tower: Tower,
        features: Iterable[tuple[int, FeatureKind]],
        preprocessing: Preprocessing,
        *,
        name: str,
        identity: Mapping[str, object],
        has_text_tower: bool,
        device: str = "cpu",
    ) -> None:
        """`identity` is what tells the tower's function from others': weights and architecture."""
        self.name = name
        self.has_text_tower = has_text_tower
        self.image_size = preprocessing.image_size
        self.grid = tower.grid
        self.features = lay_out(features, tower)
        self.dimension = self.features[-1].stop
        self.fingerprint = _fingerprint(identity, preprocessing.settings, self.features)
        self._device = torch.device(device)
        self._tower = tower.to(self._device).float().eval().requires_grad_(requires_grad=False)
        self._transform = preprocessing.transform
        self._by_place = {(feature.block, feature.kind): feature for feature in self.features}
        self._deepest = max(feature.block for feature in self.features)
        self._patch_blocks = patch_blocks(self.features)
        self._class_features = tuple(
            sorted(
                (feature for feature in self.features if feature.kind == "class"),
                key=lambda feature: feature.block,
            )
        )

    @property
    def depth(self) -> int:
        """How many blocks the tower has."""
        return len(self._tower.blocks)

    @property
    def last_block(self) -> TowerBlock | None:
        """The deepest block with a class feature; None where x has no class feature."""
        if not self._class_features:
            return None
        return TowerBlock(self._tower, self._class_features[-1])

    @property
    def class_path(self) -> TowerPath | None:
        """The way to all class features; None where x has no class feature."""
        return TowerPath(self._tower, self._class_features) if self._class_features else None

    def with_random_blocks(self, count: int, *, seed: int) -> TransformerEncoder:
        """A copy whose last `count` blocks have all their weights redrawn; this one stays as it is.

        ValueError where the tower has fewer blocks.
        """
        if not 0 <= count <= self.depth:
            raise ValueError(f"{self.name} has {self.depth} blocks, {count} cannot be redrawn")
        made = copy.copy(self)
        made._tower = copy.deepcopy(self._tower)  # noqa: SLF001 - its own class
        generator = torch.Generator().manual_seed(seed)
        with torch.no_grad():
            for block in made._tower.blocks[self.depth - count :]:  # noqa: SLF001
                for weights in block.parameters():
                    weights.copy_(redrawn(weights, generator))
        made.fingerprint = _fingerprint(
            {"of": self.fingerprint, "random blocks": count, "seed": seed}, {}, self.features
        )
        return made

    def preprocess(self, images: Sequence[Image.Image]) -> Float[Tensor, "image 3 height width"]:
        """Resized and normalised pixels. Of an image that is not square, the central square."""
        if not images:
            return torch.empty(0, 3, self.image_size, self.image_size)
        return torch.stack([self._transform(image) for image in images])

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
        tokens = self._tower.embedding(pixels)
        last_class = self._class_features[-1].block if self._class_features else -1
        last_input = tokens[:, :0]
        found: dict[Feature, Tensor] = {}
        patch_tokens: dict[int, Tensor] = {}
        attended: list[KeysValues] = []
        for index in range(self._deepest + 1):
            if index == last_class and "last_input" in parts:
                last_input = tokens
            tokens, over = self._tower.blocks[index](tokens, queries=self._queries(index))
            if index <= last_class and "keys_values" in parts:
                attended.append(over)
            if feature := self._by_place.get((index, "class")):
                found[feature] = self._tower.class_feature(index, tokens[:, 0])
            if index in self._patch_blocks:
                normed = self._tower.norm(tokens[:, 1:])
                found |= self._patch_features(index, normed)
                if "patch_tokens" in parts:
                    patch_tokens[index] = normed
        return Penultimate(
            torch.cat([found[feature] for feature in self.features], dim=1).cpu(),
            self._stacked_tokens(patch_tokens, len(pixels)),
            last_input.cpu(),
            self._stacked_heads([over.keys for over in attended], len(pixels)),
            self._stacked_heads([over.values for over in attended], len(pixels)),
        )

    def _patch_features(self, index: int, tokens: Tensor) -> dict[Feature, Tensor]:
        """Those of a block's patch features that are wanted."""
        return {
            feature: patch_feature(feature.kind, tokens, self.grid)
            for feature in self.features
            if feature.block == index and feature.kind in PATCH_KINDS
        }

    def _queries(self, index: int) -> int | None:
        """Nothing looks at the deepest block's patches unless they make a feature."""
        last = index == self._deepest and index not in self._patch_blocks
        return 1 if last else None

    def _stacked_tokens(self, found: dict[int, Tensor], images: int) -> Tensor:
        if found:
            return torch.stack([found[block].cpu() for block in self._patch_blocks], dim=1)
        return torch.empty(images, 0, self._patches, self._tower.width)

    def _stacked_heads(self, found: list[Tensor], images: int) -> Tensor:
        if found:
            return torch.stack([each.cpu() for each in found], dim=1)
        heads = self._tower.heads
        return torch.empty(images, 0, heads, 1 + self._patches, self._tower.width // heads)

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
