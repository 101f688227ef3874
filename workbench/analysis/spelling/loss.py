"""The forget-to-spell loss, over images, words alone, images with words, and their texts.

Materzynska, Torralba, Bau, "Disentangling visual and written concepts in CLIP", CVPR 2022, arXiv
2206.07835, section 4. Natural images i, images t of a word alone, and images ti, which are i with
the word of t written on it; where the encoder has a text tower, the texts of i's content and of
the word beside them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional

from workbench.analysis.spelling.projection import applied


@dataclass(frozen=True)
class Strengths:
    """lambda of each pair, positive to attract and negative to repel, and gamma.

    The defaults forget spelling. With the signs of the three word pairs and of the three content
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
    """One word of each image: x' of images, and standardised texts; rows are pairs.

    joint_slice: the slice of x in the joint space, where the texts are; None without texts.
    """

    image: Float[Tensor, "row feature"]
    word: Float[Tensor, "row feature"]
    both: Float[Tensor, "row feature"]
    content_text: Float[Tensor, "row joint"] | None = None
    word_text: Float[Tensor, "row joint"] | None = None
    joint_slice: slice | None = None


def symmetric_cross_entropy(
    first: Float[Tensor, "row projected"], second: Float[Tensor, "row projected"]
) -> Float[Tensor, ""]:
    """Compute the mean cross-entropy of matching rows by cosine, in both directions.

    Without a temperature, as in the paper. In [0, log n + 2].
    """
    cosine = functional.normalize(first, dim=-1) @ functional.normalize(second, dim=-1).T
    partner = torch.arange(len(first), device=first.device)
    forward, backward = (functional.cross_entropy(side, partner) for side in (cosine, cosine.T))
    value: Tensor = (forward + backward) / 2
    return value


def forgetting_loss(
    weights: Sequence[Tensor], batch: Batch, strengths: Strengths = FORGET
) -> Float[Tensor, ""]:
    """Compute the paper's loss: lambda times cross-entropy of each pair, plus gamma's term.

    weights: the blocks of W. Pairs of images are projected by all of W; texts, and the images that
    they are paired with, by the block of `joint_slice` alone. Without texts only the pairs of
    images are left. ValueError where no block of W takes `joint_slice`.
    """
    image, word, both = (applied(weights, part) for part in (batch.image, batch.word, batch.both))
    value = strengths.both_image * symmetric_cross_entropy(both, image)
    value = value + strengths.both_drawn * symmetric_cross_entropy(both, word)
    value = value + _text_terms(weights, batch, strengths)
    # Off the diagonal blocks W W^T is 0, as the identity is.
    apart = [(torch.eye(len(block)) - block @ block.T).square().sum() for block in weights]
    return value + strengths.orthogonality * torch.stack(apart).sum().sqrt()


def _text_terms(weights: Sequence[Tensor], batch: Batch, strengths: Strengths) -> Float[Tensor, ""]:
    if batch.joint_slice is None or batch.content_text is None or batch.word_text is None:
        return batch.image.new_zeros(())
    joint = _block_of(weights, batch.joint_slice)
    image, word, both = (
        part[:, batch.joint_slice] @ joint.T for part in (batch.image, batch.word, batch.both)
    )
    content_text, word_text = batch.content_text @ joint.T, batch.word_text @ joint.T
    return (
        strengths.image_content * symmetric_cross_entropy(image, content_text)
        + strengths.word_word * symmetric_cross_entropy(word, word_text)
        + strengths.both_content * symmetric_cross_entropy(both, content_text)
        + strengths.both_word * symmetric_cross_entropy(both, word_text)
    )


def _block_of(weights: Sequence[Tensor], joint: slice) -> Tensor:
    start = 0
    for block in weights:
        if (start, start + block.shape[1]) == (joint.start, joint.stop):
            return block
        start += block.shape[1]
    raise ValueError(f"no block of W takes the texts' columns {joint.start} to {joint.stop}")
