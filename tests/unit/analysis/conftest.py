"""Small encoders with random weights."""

from __future__ import annotations

from collections.abc import Callable

import jaxtyping
import open_clip
import pytest
import torch
from timm.models.vision_transformer import VisionTransformer
from torchvision.transforms import Compose, Resize, ToTensor

from tests.support.random_encoders import MakeEncoder, Wanted, random_clip, random_timm

# As in tests.support.random_encoders.
with jaxtyping.install_import_hook("workbench.analysis", "beartype.beartype"):
    from workbench.analysis.distiller.head import DistilledHead
    from workbench.analysis.encoders.open_clip import from_model
    from workbench.analysis.encoders.packaged import timm_tower
    from workbench.analysis.encoders.transformer import Preprocessing, TransformerEncoder
    from workbench.analysis.relevance.methods import attribute  # noqa: F401 - imported to be checked


@pytest.fixture(scope="session")
def make_clip() -> Callable[..., open_clip.CLIP]:
    return random_clip


@pytest.fixture(scope="session")
def make_timm() -> Callable[..., VisionTransformer]:
    return random_timm


@pytest.fixture(scope="session")
def clip_encoder() -> MakeEncoder:
    """Makes an encoder around a small random CLIP."""

    def make(features: Wanted | None = None, **shape: int) -> TransformerEncoder:
        return from_model(random_clip(**shape), name="open_clip:small/random", features=features)

    return make


@pytest.fixture(scope="session")
def timm_encoder() -> MakeEncoder:
    """Makes an encoder around a small random timm transformer."""

    def make(features: Wanted, **shape: int) -> TransformerEncoder:
        model = random_timm(**shape)
        size = shape.get("image_size", 32)
        return TransformerEncoder(
            timm_tower(model),
            features,
            Preprocessing(size, Compose([Resize((size, size)), ToTensor()]), {"size": size}),
            name="small",
            identity={},
        )

    return make


@pytest.fixture(scope="session")
def make_head() -> Callable[..., DistilledHead]:
    """Makes a distiller with random weights; about half of its dimensions are active."""

    def make(features: int, *, dimensions: int = 5, seed: int = 0) -> DistilledHead:
        random = torch.Generator().manual_seed(seed)

        def normal(*shape: int) -> torch.Tensor:
            return torch.randn(*shape, generator=random)

        return DistilledHead(
            mean=normal(features),
            scale=torch.rand(features, generator=random) + 0.5,
            weight=normal(dimensions, features) / features**0.5,
            bias=normal(dimensions) * 0.5,
            logit_weight=normal(dimensions),
            logit_bias=float(normal(1)),
        )

    return make
