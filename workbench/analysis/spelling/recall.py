"""Recall of an image's content under the words written on it."""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional


def content_recall(
    image: Float[Tensor, "image feature"],
    word: Float[Tensor, "image variant feature"],
    both: Float[Tensor, "image variant feature"],
) -> float:
    """Compute recall@1 of content: how often the nearest neighbour of `both` is its own `image`.

    `both` is an image with a word on it. By cosine, among all images without words and all words
    without images; in [0, 1].
    """
    candidates = functional.normalize(torch.cat([image, word.flatten(0, 1)]), dim=-1)
    nearest = (functional.normalize(both, dim=-1) @ candidates.T).argmax(dim=-1)
    own = torch.arange(len(image))[:, None]
    return float((nearest == own).float().mean())
