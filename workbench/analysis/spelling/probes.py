"""How much of the words written on images an embedding shows, and how much they hide."""

from __future__ import annotations

import torch
from jaxtyping import Float, Integer
from numpy import ndarray
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from torch import Tensor
from torch.nn import functional


def content_recall(
    image: Float[Tensor, "image feature"],
    word: Float[Tensor, "image variant feature"],
    both: Float[Tensor, "image variant feature"],
) -> float:
    """Recall@1 of content: how often the nearest neighbour of `both` is its own `image`.

    `both` is an image with a word on it. By cosine, among all images without words and all words
    without images; in [0, 1].
    """
    candidates = functional.normalize(torch.cat([image, word.flatten(0, 1)]), dim=-1)
    nearest = (functional.normalize(both, dim=-1) @ candidates.T).argmax(dim=-1)
    own = torch.arange(len(image))[:, None]
    return float((nearest == own).float().mean())


def spelling_accuracy(
    fitted: Float[Tensor, "fitted feature"],
    fitted_word: Integer[ndarray, " fitted"],
    tested: Float[Tensor, "tested feature"],
    tested_word: Integer[ndarray, " tested"],
) -> float:
    """How often a linear probe says which word is written, on images it was not fitted on.

    Linear discriminant analysis on standardised columns, its covariance shrunk by Ledoit and Wolf:
    what images show besides their word counts as noise that the probe sees through as well as a
    linear one can. In [0, 1]; one over the number of words is chance.
    """
    probe = make_pipeline(
        StandardScaler(), LinearDiscriminantAnalysis(solver="lsqr", shrinkage="auto")
    )
    probe.fit(fitted.numpy(), fitted_word)
    return float((probe.predict(tested.numpy()) == tested_word).mean())
