"""No head scores an image of its own training."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import Tensor

from tests.support.random_encoders import MakeEncoder
from workbench.analysis.cross_fitting.folds import NO_FOLD
from workbench.analysis.cross_fitting.heads import CrossFittedHeads
from workbench.analysis.distiller.head import DistilledHead
from workbench.analysis.encoders.protocol import Penultimate


def state_of(embedding: Tensor) -> Penultimate:
    """A state of embeddings alone, which is all that these heads read."""
    none = [embedding.new_zeros(len(embedding), *[0] * axes) for axes in (3, 2, 4, 4)]
    return Penultimate(embedding, *none)


def test_each_image_is_scored_by_the_head_for_its_fold(
    timm_encoder: MakeEncoder, make_head: Callable[..., DistilledHead]
) -> None:
    x = torch.randn(30, 6, generator=torch.Generator().manual_seed(0))
    encoder = timm_encoder(((2, "class"),))
    heads = CrossFittedHeads(make_head(6), {fold: make_head(6, seed=fold + 1) for fold in range(4)})
    folds = np.arange(30) % 5 + NO_FOLD

    logits = heads.logit(encoder, state_of(x), folds)
    activations = heads.dimensions_of(encoder, state_of(x), folds)
    for image, fold in enumerate(folds.tolist()):
        head, alone = heads.head_of(fold), x[image]
        torch.testing.assert_close(logits[image], head.logit(alone))
        torch.testing.assert_close(activations[image], head.activation(alone))
        torch.testing.assert_close(logits[image], head.logit_of(activations[image]))


def test_a_fold_without_a_head_is_not_scored_by_another(
    make_head: Callable[..., DistilledHead],
) -> None:
    heads = CrossFittedHeads(make_head(6))

    with pytest.raises(KeyError):
        heads.head_of(2)
