"""What maps cost: embedding and 16 maps of one batch, over open_clip's own `encode_image` of it.

ViT-B/32 with random weights, one batch, float32, repetitions of all in turn, medians. The backward
passes are timed twice: through weights and all, as the paper's code does it, and with the weights
frozen, down to the pixels alone. Their time and that of the fast maps both include the embedding.
"""

from __future__ import annotations

from collections.abc import Callable
from statistics import median
from time import perf_counter

import open_clip
import torch
from torch import Tensor
from torch.nn.functional import normalize

from benchmarks.backward_passes import backward_maps
from benchmarks.command import Figures, run
from workbench.analysis.concepts.dictionary import ConceptDictionary
from workbench.analysis.cross_fitting.heads import Head
from workbench.analysis.distiller.concept_head import ConceptHead
from workbench.analysis.distiller.head import DistilledHead
from workbench.analysis.distiller.linear_evidence import LinearEvidence
from workbench.analysis.encoders.open_clip import from_model
from workbench.analysis.encoders.protocol import Encoder, FeatureKind, content_feature
from workbench.analysis.relevance.methods import attribute, needs, smoothing_of

MODEL = "ViT-B-32"
IMAGES = 16
DIMENSIONS = 16
REPETITIONS = 15
BACKWARD_EVERY = 5
"""Backward passes take as long as all else forty times over: they run in fewer repetitions."""
EVIDENCE: tuple[tuple[int, FeatureKind], ...] = tuple(
    (block, "patch_mean") for block in (2, 5, 8, 11)
)
PAPERS: tuple[tuple[int, FeatureKind], ...] = ((11, "class"),)
SHARED: tuple[tuple[int, FeatureKind], ...] = (*EVIDENCE, (9, "content"))


def measure(quick: bool) -> Figures:
    """All in one process; each candidate runs once unmeasured first."""
    model = _model()
    pixels = torch.randn(IMAGES, 3, 224, 224, generator=torch.Generator().manual_seed(0))
    classes = from_model(_twin(model), name=MODEL, features=PAPERS)
    means = from_model(_twin(model), name=MODEL, features=SHARED)
    head = _head(classes.dimension)
    share_head = _concept_head(means)
    times = _interleaved(
        {
            "encode_image": lambda: _encode_image(model, pixels),
            "last_block": lambda: _explain("last_block", classes, head, pixels),
            "class_token_path": lambda: _explain("class_token_path", classes, head, pixels),
            "patch_share": lambda: _explain("patch_share", means, share_head, pixels),
        },
        {
            "backward": lambda: backward_maps(model, head, pixels),
            "backward_frozen": lambda: _frozen_backward(model, head, pixels),
        },
        repetitions=BACKWARD_EVERY if quick else REPETITIONS,
    )
    baseline = times["encode_image"]
    return {
        "ratio_last_block": times["last_block"] / baseline,
        "ratio_class_token_path": times["class_token_path"] / baseline,
        "ratio_patch_share": times["patch_share"] / baseline,
        "speedup_over_backward": times["backward"] / times["last_block"],
        "speedup_over_backward_with_frozen_weights": times["backward_frozen"] / times["last_block"],
        "max_relative_difference": _difference(model, classes, head, pixels),
        "seconds_encode_image": baseline,
        "images": IMAGES,
        "dimensions": DIMENSIONS,
        "dtype": "float32",
        "threads": torch.get_num_threads(),
    }


def _model() -> open_clip.CLIP:
    torch.manual_seed(0)
    # The text tower has no part in this.
    small = {"context_length": 8, "vocab_size": 32, "width": 16, "heads": 2, "layers": 1}
    return open_clip.CLIP(**(open_clip.get_model_config(MODEL) | {"text_cfg": small})).eval()


def _twin(model: open_clip.CLIP) -> open_clip.CLIP:
    """The same weights in a model of its own, as an encoder freezes what it takes over."""
    twin = _model()
    twin.load_state_dict(model.state_dict())
    return twin


def _head(features: int) -> DistilledHead:
    random = torch.Generator().manual_seed(0)

    def normal(*shape: int) -> Tensor:
        return torch.randn(*shape, generator=random)

    return DistilledHead(
        mean=torch.zeros(features),
        scale=torch.ones(features),
        weight=normal(DIMENSIONS, features),
        bias=normal(DIMENSIONS),
        logit_weight=normal(DIMENSIONS),
        logit_bias=0.0,
    )


def _concept_head(encoder: Encoder) -> ConceptHead:
    random = torch.Generator().manual_seed(0)
    content = content_feature(encoder.features)
    if content is None:
        raise ValueError("the features have no content")
    weight = torch.randn(encoder.dimension, generator=random)
    weight[content.slice] = 0
    centres = torch.randn(DIMENSIONS, content.stop - content.start, generator=random)
    return ConceptHead(
        LinearEvidence(
            torch.zeros(encoder.dimension),
            torch.ones(encoder.dimension),
            weight,
            smoothing=smoothing_of("patch_share"),
        ),
        ConceptDictionary(torch.zeros(centres.shape[1]), normalize(centres, dim=1), 0.1),
        gain=torch.ones(DIMENSIONS),
        logit_weight=torch.ones(DIMENSIONS),
        logit_bias=0.0,
    )


def _encode_image(model: open_clip.CLIP, pixels: Tensor) -> Tensor:
    with torch.inference_mode():
        embedding: Tensor = model.encode_image(pixels)
    return embedding


def _explain(method: str, encoder: Encoder, head: Head, pixels: Tensor) -> Tensor:
    state = encoder.encode(pixels, needs(method, encoder))
    return attribute(method, encoder, head, state).maps


def _frozen_backward(model: open_clip.CLIP, head: DistilledHead, pixels: Tensor) -> Tensor:
    model.requires_grad_(requires_grad=False)
    try:
        return backward_maps(model, head, pixels.clone().requires_grad_())
    finally:
        model.requires_grad_(requires_grad=True)


def _interleaved(
    often: dict[str, Callable[[], Tensor]],
    seldom: dict[str, Callable[[], Tensor]],
    *,
    repetitions: int,
) -> dict[str, float]:
    """Median seconds of each candidate, so that a busy moment of the machine touches all alike."""
    times: dict[str, list[float]] = {name: [] for name in often | seldom}
    for candidate in often.values():
        candidate()
    for repetition in range(repetitions):
        due = often | (seldom if repetition % BACKWARD_EVERY == 0 else {})
        for name, candidate in due.items():
            start = perf_counter()
            candidate()
            times[name].append(perf_counter() - start)
    return {name: median(measured) for name, measured in times.items()}


def _difference(
    model: open_clip.CLIP, encoder: Encoder, head: DistilledHead, pixels: Tensor
) -> float:
    """The largest difference from the backward passes' maps, over the largest value of them."""
    expected = backward_maps(model, head, pixels)
    found = _explain("last_block", encoder, head, pixels)
    return float((found - expected).abs().max() / expected.abs().max())


if __name__ == "__main__":
    run(__doc__ or "", measure)
