"""Contributions of a batch's patches to the logit, and the scale that heatmaps show them on."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from workbench.analysis.distiller.head import DistilledHead
from workbench.analysis.encoders.protocol import Encoder, Penultimate
from workbench.analysis.relevance.methods import attribute, method_for, needs
from workbench.config import Settings
from workbench.services.encoding.encode import encoded_shards
from workbench.services.encoding.shards import embedding_files, stored_shard

SCALE_IMAGES = 64
"""So many images at least set the scale, where there are as many."""
SCALE_PERCENTILE = 99.0


@dataclass(frozen=True)
class ScoredBatch:
    """A batch under a version. Contributions are in logits per patch, positive toward fake."""

    activations: NDArray[np.float32]
    logits: NDArray[np.float32]
    maps: NDArray[np.float32]
    contributions: NDArray[np.float32]


def score_batch(
    encoder: Encoder, head: DistilledHead, method: str, state: Penultimate
) -> ScoredBatch:
    """Logits, activations (image, K), token maps and contributions (image, K, patch)."""
    with torch.no_grad():
        activations = head.activation(state.embedding)
        logits = head.logit(state.embedding)
    maps = attribute(method, encoder, head, state).maps
    contributions = maps * head.logit_weight[:, None]
    return ScoredBatch(activations.numpy(), logits.numpy(), maps.numpy(), contributions.numpy())


def map_scale(
    collection_id: int, encoder: Encoder, head: DistilledHead, wanted: str, settings: Settings
) -> float:
    """The |contribution| of a patch, in logits, that a heatmap shows at full strength.

    One scale for all images of a version, so that their heatmaps can be compared.
    """
    method = method_for(encoder, wanted)
    ids = embedding_files(collection_id, encoder.fingerprint)
    totals: list[NDArray[np.float32]] = []
    images = 0
    shards = map(stored_shard, ids)
    with closing(encoded_shards(shards, needs(method, encoder), encoder, settings)) as stream:
        for encoded in stream:
            rows = range(len(encoded.shard.pixel_hashes))
            scored = score_batch(encoder, head, method, encoded.state(rows))
            totals.append(np.abs(scored.contributions.sum(axis=1)).ravel())
            images += len(rows)
            if images >= SCALE_IMAGES:
                break
    scale = float(np.percentile(np.concatenate(totals), SCALE_PERCENTILE)) if totals else 0.0
    return scale or 1.0
