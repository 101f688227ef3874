"""Small encoders with random weights."""

from __future__ import annotations

from collections.abc import Callable

import jaxtyping
import open_clip
import pytest
import torch
from timm.models.vision_transformer import VisionTransformer
from torch.nn import functional
from torchvision.transforms import Resize

from tests.support.random_encoders import MakeEncoder, Wanted, random_clip, random_timm

# As in tests.support.random_encoders.
with jaxtyping.install_import_hook("workbench.analysis", "beartype.beartype"):
    from workbench.analysis.concepts.dictionary import ConceptDictionary
    from workbench.analysis.distiller import (
        concept_training,  # noqa: F401 - imported to be checked, as are the next two
        evidence_training,  # noqa: F401
        gather,  # noqa: F401
    )
    from workbench.analysis.distiller.concept_head import ConceptHead
    from workbench.analysis.distiller.head import DistilledHead
    from workbench.analysis.distiller.linear_evidence import LinearEvidence, evidence_columns
    from workbench.analysis.encoders.open_clip import from_model
    from workbench.analysis.encoders.protocol import Encoder, content_feature
    from workbench.analysis.encoders.timm import tower_of
    from workbench.analysis.encoders.transformer import Preprocessing, TransformerEncoder
    from workbench.analysis.relevance.methods import attribute  # noqa: F401 - imported to be checked
    from workbench.analysis.spelling.projection import Projection


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
            tower_of(model),
            features,
            Preprocessing(size, Resize((size, size)), {"size": size}),
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


@pytest.fixture(scope="session")
def make_concept_head() -> Callable[..., ConceptHead]:
    """Makes a head by concepts with random weights, which reads what its encoder has of evidence.

    Without a content feature its dictionary is one that no token fits.
    """

    def make(
        encoder: Encoder,
        *,
        dimensions: int = 5,
        seed: int = 0,
        smoothing: float = 0.0,
        projection: Projection | None = None,
    ) -> ConceptHead:
        random = torch.Generator().manual_seed(seed)
        length = encoder.dimension if projection is None else projection.dimension
        content = content_feature(encoder.features)
        channels = 1 if content is None else content.stop - content.start

        def normal(*shape: int) -> torch.Tensor:
            return torch.randn(*shape, generator=random)

        def positive(count: int) -> torch.Tensor:
            return torch.rand(count, generator=random) + 0.5

        weight = torch.zeros(length)
        columns = evidence_columns(encoder.features, projection)
        weight[columns] = normal(len(columns)) / max(len(columns), 1) ** 0.5
        centres = functional.normalize(normal(dimensions, channels), dim=1)
        return ConceptHead(
            LinearEvidence(normal(length), positive(length), weight, smoothing, projection),
            ConceptDictionary(normal(channels), centres, temperature=0.1),
            gain=positive(dimensions),
            logit_weight=positive(dimensions),
            logit_bias=float(normal(1)),
        )

    return make
