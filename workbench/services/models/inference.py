"""The logits that a model gives to pixels as they are."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image as Picture

from workbench.analysis.distiller.head import DistilledHead
from workbench.analysis.encoders.protocol import Encoder
from workbench.config import Settings
from workbench.services.models.encoders import encoder_of_version
from workbench.services.models.weights import load_head
from workbench.store.database import session
from workbench.store.versions import ModelVersion


def logits_of(
    pictures: list[NDArray[np.uint8]], encoder: Encoder, head: DistilledHead
) -> list[float]:
    """One logit a picture (height, width, 3), + toward fake; all in one pass."""
    batch = encoder.preprocess([Picture.fromarray(each) for each in pictures])
    with torch.no_grad():
        return [float(value) for value in head.logit(encoder.encode(batch).embedding)]


def logits_under(
    version_id: int, pictures: list[NDArray[np.uint8]], settings: Settings
) -> list[float]:
    """The same under a model version. Raises UnavailableError where its encoder cannot be had."""
    version = session().get_one(ModelVersion, version_id)
    return logits_of(pictures, encoder_of_version(version, settings), load_head(version, settings))
