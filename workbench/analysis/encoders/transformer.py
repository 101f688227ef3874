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

from workbench.analysis.encoder import Feature, FeatureKind, Penultimate
from workbench.analysis.encoders.blocks import ClassTokenPath, Tower
from workbench.analysis.encoders.features import lay_out
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

    @property
    def depth(self) -> int:
        """How many blocks the tower has."""
        return len(self._tower.blocks)

    @property
    def last_block(self) -> ClassTokenPath | None:
        """The deepest block with a class feature; None where x has no class feature."""
        feature = self._last_class_feature()
        return None if feature is None else ClassTokenPath(self._tower, feature)

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
        patch_tokens: dict[Feature, Tensor] = {}
        for index in range(self._deepest + 1):
            if last_class is not None and index == last_class.block:
                last_input = tokens
            tokens = self._tower.blocks[index](tokens, queries=self._queries(index))
            if feature := self._by_place.get((index, "class")):
                found[feature] = self._tower.class_feature(index, tokens[:, 0])
            if feature := self._by_place.get((index, "patch_mean")):
                patch_tokens[feature] = self._tower.norm(tokens[:, 1:])
                found[feature] = patch_tokens[feature].mean(dim=1)
        embedding = torch.cat([found[feature] for feature in self.features], dim=1)
        return embedding, self._stacked(patch_tokens, len(pixels)), last_input

    def _queries(self, index: int) -> int | None:
        """Nothing looks at the deepest block's patches unless their mean is a feature."""
        last = index == self._deepest and (index, "patch_mean") not in self._by_place
        return 1 if last else None

    def _stacked(self, patch_tokens: dict[Feature, Tensor], images: int) -> Tensor:
        ordered = [patch_tokens[feature] for feature in self.features if feature in patch_tokens]
        if ordered:
            return torch.stack(ordered, dim=1)
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
