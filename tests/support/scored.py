"""The head that scored an image, and what it says of pixels: the reference for what pages show."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from workbench.analysis.cross_fitting.folds import NO_FOLD
from workbench.analysis.cross_fitting.heads import Head
from workbench.analysis.encoders.protocol import Encoder
from workbench.config import Settings
from workbench.services.models.inference import logits_of
from workbench.services.models.weights import load_heads
from workbench.store.database import session
from workbench.store.results import Prediction
from workbench.store.versions import ModelVersion


def head_of(version_id: int, image_id: int, settings: Settings) -> Head:
    """The head that scored an image under a version."""
    heads = load_heads(session().get_one(ModelVersion, version_id), settings)
    return heads.head_of(session().get_one(Prediction, (version_id, image_id)).fold)


def logits_of_edits(
    version_id: int,
    image_id: int,
    pictures: list[NDArray[np.uint8]],
    encoder: Encoder,
    settings: Settings,
) -> list[float]:
    """What that head says of edits of the image."""
    heads = load_heads(session().get_one(ModelVersion, version_id), settings)
    fold = session().get_one(Prediction, (version_id, image_id)).fold
    return logits_of(
        pictures, encoder, heads, np.full(len(pictures), NO_FOLD if fold is None else fold)
    )
