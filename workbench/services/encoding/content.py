"""What images show, as vectors: like vectors, like content, whatever the model makes of it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from workbench.analysis.encoders.protocol import Encoder, content_feature
from workbench.config import Settings
from workbench.services.encoding.encode import embeddings_of


def content_of(
    collection_id: int, encoder: Encoder, settings: Settings
) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """Ids of a collection's embedded images, ascending, and their content (image, feature).

    The whole embedding where none of its features is made for it.
    """
    ids, embeddings = embeddings_of(collection_id, encoder, settings)
    feature = content_feature(encoder.features)
    shown = embeddings if feature is None else embeddings[:, feature.slice]
    return np.array(ids, np.int64), shown.numpy()
