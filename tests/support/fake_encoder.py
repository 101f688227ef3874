"""An encoder of a few lines: it sees colour and roughness in a 7 x 7 grid, at once."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor

from workbench.analysis.encoders.protocol import TOKENS, Feature, Part, Penultimate
from workbench.services.encoding import registry

SIDE = 224
ROWS = COLUMNS = 7
CHANNELS = 6


class FakeEncoder:
    """Implements the Encoder protocol; its embedding is twice the mean of its patch tokens.

    Once as evidence, once as content.
    """

    name = "fake"
    fingerprint = "0" * 32
    image_size = SIDE
    grid = (ROWS, COLUMNS)
    prefix = 1
    dimension = 2 * CHANNELS
    features = (
        Feature(block=0, kind="patch_mean", start=0, stop=CHANNELS),
        Feature(block=1, kind="content", start=CHANNELS, stop=2 * CHANNELS),
    )
    text_tower = None

    def __init__(self) -> None:
        self.encoded = 0
        """How many images it was asked to encode; tests look at what a retrain touches."""

    last_block = None
    class_path = None

    def preprocess(self, images: Sequence[Image.Image]) -> Tensor:
        arrays = [np.asarray(image.convert("RGB").resize((SIDE, SIDE))) for image in images]
        return torch.from_numpy(np.stack(arrays)).permute(0, 3, 1, 2).float() / 255

    def encode(self, pixels: Tensor, parts: frozenset[Part] = TOKENS) -> Penultimate:
        self.encoded += len(pixels)
        patch = SIDE // ROWS
        patches = pixels.unfold(2, patch, patch).unfold(3, patch, patch)
        flat = patches.reshape(len(pixels), 3, ROWS * COLUMNS, patch * patch)
        tokens = torch.cat([flat.mean(-1), flat.std(-1)], dim=1).transpose(1, 2)
        return Penultimate(
            embedding=torch.cat([tokens.mean(dim=1)] * 2, dim=1),
            patch_tokens=torch.stack([tokens, tokens], dim=1)
            if "patch_tokens" in parts
            else tokens[:, None][:, :0],
            last_input=torch.empty(len(pixels), 0, CHANNELS),
            keys=torch.empty(len(pixels), 0, 1, ROWS * COLUMNS + 1, CHANNELS),
            values=torch.empty(len(pixels), 0, 1, ROWS * COLUMNS + 1, CHANNELS),
        )


def put_in_place(patch: pytest.MonkeyPatch) -> FakeEncoder:
    """Replace the installation's encoder for as long as the patch holds."""
    fake = FakeEncoder()
    patch.setattr(registry, "load_encoder", lambda _name, **_places: fake)
    registry._loaded.cache_clear()
    return fake
