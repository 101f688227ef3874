"""The one encoder: a tower, the features taken from it, and the preprocessing before it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass

import torch
from jaxtyping import Float
from PIL import Image
from torch import Tensor

from workbench.analysis.encoder import Feature, FeatureKind, Penultimate, patch_blocks
from workbench.analysis.encoders.blocks import ClassTokenPath, Tower
from workbench.analysis.encoders.features import lay_out

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

    @property
    def last_block(self) -> ClassTokenPath | None:
        """The deepest block with a class feature; None where x has no class feature."""
        feature = self._last_class_feature()
        return None if feature is None else ClassTokenPath(self._tower, feature)

    def preprocess(self, images: Sequence[Image.Image]) -> Float[Tensor, "image 3 height width"]:
        """Resized and normalised pixels. Of an image that is not square, the central square."""
        if not images:
            return torch.empty(0, 3, self.image_size, self.image_size)
        return torch.stack([self._transform(image) for image in images])

    def encode(self, pixels: Float[Tensor, "image 3 height width"]) -> Penultimate:
        """Embeddings of preprocessed pixels, without gradients; ValueError for another size."""
        expected = (3, self.image_size, self.image_size)
        if tuple(pixels.shape[1:]) != expected:
            raise ValueError(
                f"{self.name} takes images of shape {expected}, got {tuple(pixels.shape[1:])}"
            )
        with torch.inference_mode():
            state = self._run(pixels.to(self._device, torch.float32))
        # Clones made outside of inference mode are tensors that a distiller can train on.
        return Penultimate(*(part.cpu().clone() for part in state))

    def _run(self, pixels: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        tokens = self._tower.embedding(pixels)
        last_class = self._last_class_feature()
        last_input = tokens[:, :0]
        found: dict[Feature, Tensor] = {}
        patch_tokens: dict[int, Tensor] = {}
        for index in range(self._deepest + 1):
            if last_class is not None and index == last_class.block:
                last_input = tokens
            tokens = self._tower.blocks[index](tokens, queries=self._queries(index))
            if feature := self._by_place.get((index, "class")):
                found[feature] = self._tower.class_feature(index, tokens[:, 0])
            if index in self._patch_blocks:
                patch_tokens[index] = self._tower.norm(tokens[:, 1:])
                found |= self._patch_features(index, patch_tokens[index])
        embedding = torch.cat([found[feature] for feature in self.features], dim=1)
        return embedding, self._stacked(patch_tokens, len(pixels)), last_input

    def _patch_features(self, index: int, tokens: Tensor) -> dict[Feature, Tensor]:
        """Mean and spread over the patches, those of the two that are wanted of this block."""
        found = {}
        if feature := self._by_place.get((index, "patch_mean")):
            found[feature] = tokens.mean(dim=1)
        if feature := self._by_place.get((index, "patch_spread")):
            found[feature] = tokens.std(dim=1, correction=0)
        return found

    def _queries(self, index: int) -> int | None:
        """Nothing looks at the deepest block's patches unless they make a feature."""
        last = index == self._deepest and index not in self._patch_blocks
        return 1 if last else None

    def _stacked(self, patch_tokens: dict[int, Tensor], images: int) -> Tensor:
        if self._patch_blocks:
            return torch.stack([patch_tokens[block] for block in self._patch_blocks], dim=1)
        rows, columns = self.grid
        return torch.empty(images, 0, rows * columns, self._tower.width, device=self._device)

    def _last_class_feature(self) -> Feature | None:
        classes = [feature for feature in self.features if feature.kind == "class"]
        return max(classes, key=lambda feature: feature.block, default=None)


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
