"""Training of the forget-to-spell projection."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from jaxtyping import Float
from torch import Tensor

from workbench.analysis.encoders.protocol import Feature
from workbench.analysis.encoders.standardisation import standardisation
from workbench.analysis.spelling.loss import FORGET, Batch, Strengths, forgetting_loss
from workbench.analysis.spelling.projection import Projection, projected_features
from workbench.analysis.spelling.written_set import Texts, WrittenSet

BATCH = 128
RATE = 1e-3
STEPS = 100


def train_projection(
    data: WrittenSet,
    features: Sequence[Feature],
    *,
    seed: int,
    steps: int = STEPS,
    rate: float = RATE,
    strengths: Strengths = FORGET,
    advance: Callable[[int, int], None] = lambda _done, _total: None,
) -> Projection:
    """Fit W by Adam from random orthonormal rows, on embeddings standardised by `data.image`.

    features: the encoder's; W has a block for each.
    rate: the learning rate.
    advance: told of every step; may raise to end the training.

    Each step takes up to `BATCH` images, each once and with one of its words, so that a row has one
    right partner. Texts are centred on their own mean, as they lie apart from all images, and
    scaled as the images are. Deterministic for a seed. ValueError for fewer than two images, or no
    words.
    """
    if len(data.image) < 2 or not data.word.shape[1]:
        raise ValueError("a projection needs two images or more, with words on them")
    generator = torch.Generator().manual_seed(seed)
    mean, scale = standardisation(data.image)
    ready = _standardised(data, mean, scale)
    pairs = zip(features, projected_features(features), strict=True)
    weights = [_start(feature, projected, generator) for feature, projected in pairs]
    optimizer = torch.optim.Adam(weights, lr=rate)
    with torch.enable_grad():
        for step in range(steps):
            advance(step, steps)
            optimizer.zero_grad()
            loss = forgetting_loss(weights, _draw(ready, generator), strengths)
            loss.backward()  # type: ignore[no-untyped-call]
            optimizer.step()
    advance(steps, steps)
    return Projection(mean, scale, tuple(block.detach() for block in weights))


def _start(feature: Feature, projected: Feature, generator: torch.Generator) -> Tensor:
    block = torch.empty(projected.stop - projected.start, feature.stop - feature.start)
    torch.nn.init.orthogonal_(block, generator=generator)
    return block.requires_grad_()


def _standardised(
    data: WrittenSet, mean: Float[Tensor, " feature"], scale: Float[Tensor, " feature"]
) -> WrittenSet:
    image, word, both = ((part - mean) / scale for part in (data.image, data.word, data.both))
    texts = data.texts
    if texts is None:
        return WrittenSet(image, word, both)
    joint_scale = scale[texts.joint_slice]
    content = (texts.content - texts.content.mean(dim=0)) / joint_scale
    written = (texts.word - texts.word.mean(dim=(0, 1))) / joint_scale
    return WrittenSet(image, word, both, Texts(texts.joint_slice, content, written))


def _draw(ready: WrittenSet, generator: torch.Generator) -> Batch:
    """Draw up to BATCH images without repetition, each with one of its words."""
    images, variants = ready.word.shape[:2]
    rows = torch.randperm(images, generator=generator)[:BATCH]
    chosen = torch.randint(variants, (len(rows),), generator=generator)
    word, both = ready.word[rows, chosen], ready.both[rows, chosen]
    texts = ready.texts
    if texts is None:
        return Batch(ready.image[rows], word, both)
    return Batch(
        ready.image[rows],
        word,
        both,
        content_text=texts.content[rows],
        word_text=texts.word[rows, chosen],
        joint_slice=texts.joint_slice,
    )
