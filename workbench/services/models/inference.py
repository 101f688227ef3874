"""The logits that a model gives to pixels as they are."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image as Picture

from workbench.analysis.cross_fitting.folds import NO_FOLD
from workbench.analysis.cross_fitting.heads import CrossFittedHeads, Head
from workbench.analysis.encoders.protocol import Encoder
from workbench.config import Settings
from workbench.services.models.encoders import encoder_of_version
from workbench.services.models.weights import load_heads
from workbench.store.database import session
from workbench.store.versions import ModelVersion


def logits_of(
    pictures: list[NDArray[np.uint8]],
    encoder: Encoder,
    heads: CrossFittedHeads[Head],
    folds: NDArray[np.int64],
) -> list[float]:
    """One logit a picture (height, width, 3), + toward fake; all in one pass.

    folds: of each picture, or rather of the image that it is an edit of: whose head scores it.
    """
    batch = encoder.preprocess([Picture.fromarray(each) for each in pictures])
    with torch.no_grad():
        state = encoder.encode(batch, heads.parts)
        return [float(value) for value in heads.logit(encoder, state, folds)]


def logits_under(
    version_id: int, fold: int | None, pictures: list[NDArray[np.uint8]], settings: Settings
) -> list[float]:
    """The same of edits of one image under a model version.

    fold: that of the image's prediction. Raises UnavailableError where the version's encoder cannot
    be had.
    """
    version = session().get_one(ModelVersion, version_id)
    folds = np.full(len(pictures), NO_FOLD if fold is None else fold, dtype=np.int64)
    heads = load_heads(version, settings)
    return logits_of(pictures, encoder_of_version(version, settings), heads, folds)
