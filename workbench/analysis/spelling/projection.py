"""Forget-to-spell: a linear projection of the embedding that overlooks words written on images.

Materzynska, Torralba, Bau, "Disentangling visual and written concepts in CLIP", CVPR 2022, arXiv
2206.07835, section 4. Natural images i, images t of a word alone, and images ti, which are i with
the word of t written on it; where the encoder has a text tower, the texts of i's content and of
the word beside them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional

from workbench.analysis.encoders.protocol import Feature

BATCH = 128
RATE = 1e-3
STEPS = 100


@dataclass(frozen=True)
class Projection:
    """v = W x' / |W x'| with x' = (x - mean) / scale; of length 1, or 0 where W x' is 0.

    mean, scale: the training images', of each feature of the embedding x; scale > 0.
    weights: the blocks of W along its diagonal, in the order of the columns of x; the rows of each
        are the directions that it keeps. Published weights are of this shape too and are applied
        as x W^T, whatever the README beside them says.

    We differ from the paper, which projects CLIP's embedding as it is by a W without blocks. We
    standardise first, since the features of several blocks of an encoder differ in size by orders
    of magnitude; and each feature has a block of its own in W, so that what a column of v is made
    of can still be said. For the paper's embedding, one class token, that is one block. Raises
    ValueError where a scale is not positive, or the blocks do not take the columns of x.
    """

    mean: Float[Tensor, " feature"]
    scale: Float[Tensor, " feature"]
    weights: tuple[Float[Tensor, "_ _"], ...]

    def __post_init__(self) -> None:
        if not bool((self.scale > 0).all()):
            raise ValueError("every scale must be positive")
        taken = sum(block.shape[1] for block in self.weights)
        if taken != len(self.mean):
            raise ValueError(f"W takes {taken} features, but the mean has {len(self.mean)}")

    @property
    def dimension(self) -> int:
        """Length of v."""
        return sum(len(block) for block in self.weights)

    def standardise(self, x: Float[Tensor, "*batch feature"]) -> Float[Tensor, "*batch feature"]:
        """The embedding as W is given it, x'."""
        return (x - self.mean) / self.scale

    def project(self, x: Float[Tensor, "*batch feature"]) -> Float[Tensor, "*batch projected"]:
        """The projected embedding v."""
        raw = applied(self.weights, self.standardise(x))
        return raw * _inverse(raw.norm(dim=-1, keepdim=True))

    def pull_back(
        self,
        x: Float[Tensor, "image feature"],
        slope: Float[Tensor, "image dimension projected"],
    ) -> Float[Tensor, "image dimension feature"]:
        """Derivatives by v at each image, taken on to derivatives by x.

        dv/dx = (1 - v v^T) W diag(1/scale) / |W x'|: what would only lengthen W x' changes
        nothing. 0 where W x' is 0 and v has no derivative.
        """
        v = self.project(x)
        along = torch.einsum("ikp,ip->ik", slope, v)
        return self.share_back(x, slope - along[..., None] * v[:, None])

    def share_back(
        self,
        x: Float[Tensor, "image feature"],
        slope: Float[Tensor, "image dimension projected"],
    ) -> Float[Tensor, "image dimension feature"]:
        """The same with each image's own length |W x'| taken as a constant.

        v is then linear in x - mean, and complete: slope v = share_back (x - mean), exactly. This
        is what shares a dimension out over the parts of x; `pull_back` says how it would change.
        """
        inverse = _inverse(applied(self.weights, self.standardise(x)).norm(dim=-1))
        by_block = torch.split(slope, [len(block) for block in self.weights], dim=-1)
        back = [part @ block for part, block in zip(by_block, self.weights, strict=True)]
        return torch.cat(back, dim=-1) / self.scale * inverse[:, None, None]


def applied(
    weights: Sequence[Tensor], x: Float[Tensor, "*batch feature"]
) -> Float[Tensor, "*batch projected"]:
    """W x, with W made of blocks along its diagonal."""
    parts = torch.split(x, [block.shape[1] for block in weights], dim=-1)
    return torch.cat([part @ block.T for part, block in zip(parts, weights, strict=True)], dim=-1)


def _inverse(length: Tensor) -> Tensor:
    return torch.where(length > 0, 1 / torch.where(length > 0, length, 1.0), 0.0)


@dataclass(frozen=True)
class Texts:
    """What the text tower makes of the images' content and of the words, in CLIP's joint space."""

    columns: slice
    """The part of x that lives in the joint space."""
    content: Float[Tensor, "image joint"]
    word: Float[Tensor, "image variant joint"]


@dataclass(frozen=True)
class WrittenSet:
    """Embeddings x of natural images, and of each with several words; not standardised.

    image: of the image itself.
    word: of each of its words alone.
    both: of the image with that word on it.
    """

    image: Float[Tensor, "image feature"]
    word: Float[Tensor, "image variant feature"]
    both: Float[Tensor, "image variant feature"]
    texts: Texts | None = None


@dataclass(frozen=True)
class Strengths:
    """lambda of each pair: positive pulls it together, negative pushes it apart; and gamma.

    The defaults forget spelling. With all signs of the three word pairs and of the three content
    pairs changed, the same loss learns to spell (the paper's other projection).
    """

    image_content: float = 1.0
    """(i, txt_i)"""
    word_word: float = -1.0
    """(t, txt_t)"""
    both_content: float = 1.0
    """(ti, txt_i)"""
    both_word: float = -1.0
    """(ti, txt_t)"""
    both_image: float = 1.0
    """(ti, i)"""
    both_drawn: float = -1.0
    """(ti, t)"""
    orthogonality: float = 0.5
    """gamma, of |1 - W W^T|_F"""


FORGET = Strengths()


@dataclass(frozen=True)
class Batch:
    """One word of each image: x' of images, and standardised texts, row by row the same pair."""

    image: Float[Tensor, "row feature"]
    word: Float[Tensor, "row feature"]
    both: Float[Tensor, "row feature"]
    content_text: Float[Tensor, "row joint"] | None = None
    word_text: Float[Tensor, "row joint"] | None = None
    columns: slice | None = None


def symmetric_cross_entropy(
    first: Float[Tensor, "row projected"], second: Float[Tensor, "row projected"]
) -> Float[Tensor, ""]:
    """Mean cross-entropy of finding each row's partner by cosine, in both directions.

    Cosines are taken without a temperature, as in the paper. In [0, log n + 2].
    """
    cosine = functional.normalize(first, dim=-1) @ functional.normalize(second, dim=-1).T
    partner = torch.arange(len(first), device=first.device)
    forward, backward = (functional.cross_entropy(side, partner) for side in (cosine, cosine.T))
    value: Tensor = (forward + backward) / 2
    return value


def forgetting_loss(
    weights: Sequence[Tensor], batch: Batch, strengths: Strengths = FORGET
) -> Float[Tensor, ""]:
    """The paper's loss: each pair's lambda times its symmetric cross-entropy, plus gamma's term.

    Without texts only the pairs of images are left. Texts meet the columns of x that live in the
    joint space; the pairs of images are projected whole. ValueError where these columns are not
    those of one block of W.
    """
    image, word, both = (applied(weights, part) for part in (batch.image, batch.word, batch.both))
    value = strengths.both_image * symmetric_cross_entropy(both, image)
    value = value + strengths.both_drawn * symmetric_cross_entropy(both, word)
    value = value + _text_terms(weights, batch, strengths)
    # What lies off the blocks of W W^T is 0, as it is in 1.
    apart = [(torch.eye(len(block)) - block @ block.T).square().sum() for block in weights]
    return value + strengths.orthogonality * torch.stack(apart).sum().sqrt()


def _text_terms(weights: Sequence[Tensor], batch: Batch, strengths: Strengths) -> Float[Tensor, ""]:
    if batch.columns is None or batch.content_text is None or batch.word_text is None:
        return batch.image.new_zeros(())
    joint = _block_of(weights, batch.columns)
    image, word, both = (
        part[:, batch.columns] @ joint.T for part in (batch.image, batch.word, batch.both)
    )
    content_text, word_text = batch.content_text @ joint.T, batch.word_text @ joint.T
    return (
        strengths.image_content * symmetric_cross_entropy(image, content_text)
        + strengths.word_word * symmetric_cross_entropy(word, word_text)
        + strengths.both_content * symmetric_cross_entropy(both, content_text)
        + strengths.both_word * symmetric_cross_entropy(both, word_text)
    )


def _block_of(weights: Sequence[Tensor], columns: slice) -> Tensor:
    start = 0
    for block in weights:
        if (start, start + block.shape[1]) == (columns.start, columns.stop):
            return block
        start += block.shape[1]
    raise ValueError(f"no block of W takes the texts' columns {columns.start} to {columns.stop}")


def projected_features(features: Sequence[Feature]) -> tuple[Feature, ...]:
    """The columns of v that each feature of x becomes: half as many, as in the paper."""
    made: list[Feature] = []
    start = 0
    for feature in features:
        stop = start + max((feature.stop - feature.start) // 2, 1)
        made.append(replace(feature, start=start, stop=stop))
        start = stop
    return tuple(made)


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
    """Fit W by Adam at `rate` from random orthonormal rows; standardised by `data.image`.

    W has a block for each of `features`, the encoder's. Each step takes up to `BATCH` images, each
    once and with one of its words, so that a row has one right partner. Texts are centred on their
    own mean, as they lie apart from all images, and scaled as the images' columns are. `advance`
    is told of every step and may raise to end it. Deterministic for a seed. Raises ValueError
    where there are fewer than two images, or no words.
    """
    if len(data.image) < 2 or not data.word.shape[1]:
        raise ValueError("a projection needs two images or more, with words on them")
    generator = torch.Generator().manual_seed(seed)
    mean, scale = data.image.mean(dim=0), _spread(data.image)
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


def _spread(x: Float[Tensor, "image feature"]) -> Float[Tensor, " feature"]:
    # A feature that never moves carries nothing; dividing by its spread would blow noise up.
    return x.std(dim=0, correction=0).clamp_min(1e-6)


def _standardised(
    data: WrittenSet, mean: Float[Tensor, " feature"], scale: Float[Tensor, " feature"]
) -> WrittenSet:
    image, word, both = ((part - mean) / scale for part in (data.image, data.word, data.both))
    texts = data.texts
    if texts is None:
        return WrittenSet(image, word, both)
    ruler = scale[texts.columns]
    content = (texts.content - texts.content.mean(dim=0)) / ruler
    written = (texts.word - texts.word.mean(dim=(0, 1))) / ruler
    return WrittenSet(image, word, both, Texts(texts.columns, content, written))


def _draw(ready: WrittenSet, generator: torch.Generator) -> Batch:
    """Up to BATCH images without repetition, each with one of its words."""
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
        columns=texts.columns,
    )
