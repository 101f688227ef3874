"""Contributions of a batch's patches to the logit, and the scale that heatmaps show them on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np
import torch
from numpy.typing import NDArray
from sqlalchemy import select

from workbench.analysis.cross_fitting.heads import Head
from workbench.analysis.encoders.protocol import Encoder, Penultimate
from workbench.analysis.relevance.methods import attribute
from workbench.config import Settings
from workbench.store.artifacts import Artifact, load_arrays
from workbench.store.database import session
from workbench.store.results import ResultShard

SCALE_PERCENTILE = 99.0
_LARGEST = float(np.finfo(np.float16).max)
_HALVES = 1 << 15
"""So many halves (float16) are not negative."""


@dataclass(frozen=True)
class ScoredBatch:
    """A batch under a version. Contributions are in logits per patch, positive toward fake."""

    activations: NDArray[np.float32]
    logits: NDArray[np.float32]
    maps: NDArray[np.float32]
    contributions: NDArray[np.float32]

    @staticmethod
    def joined(parts: Sequence[ScoredBatch]) -> ScoredBatch:
        """Concatenate batches, at least one."""
        return ScoredBatch(
            *(
                np.concatenate([getattr(part, each.name) for part in parts])
                for each in fields(ScoredBatch)
            )
        )


def score_batch(encoder: Encoder, head: Head, method: str, state: Penultimate) -> ScoredBatch:
    """Logits, activations (image, K), token maps and contributions (image, K, patch)."""
    with torch.no_grad():
        explained = attribute(method, encoder, head, state)
        activations = explained.maps.sum(dim=-1) + explained.baseline
        logits = head.logit_of(activations)
        maps = explained.maps
        contributions = maps * head.logit_weight[:, None]
    return ScoredBatch(activations.numpy(), logits.numpy(), maps.numpy(), contributions.numpy())


def map_scale(version_id: int, head: Head, settings: Settings) -> float:
    """The |contribution| of a patch, in logits, that a heatmap shows at full strength.

    One scale for all images of a version, so that their heatmaps can be compared: a percentile over
    all patches of all of them, read from the version's results a shard at a time.
    """
    artifacts = session().scalars(
        select(Artifact)
        .join(ResultShard, ResultShard.artifact_id == Artifact.id)
        .where(ResultShard.version_id == version_id)
    )
    files = [artifact.facts for artifact in artifacts]
    session().rollback()
    weights = head.logit_weight.numpy()
    counts = np.zeros(_HALVES, np.int64)
    for facts in files:
        maps = load_arrays(settings.artifact_dir, facts)["token_maps"]
        totals = np.einsum("ikp,k->ip", maps.astype(np.float32), weights)
        # Halves that are not negative are ordered like the integers of the same bits.
        bits = np.abs(totals).clip(max=_LARGEST).astype(np.float16).view(np.uint16)
        counts += np.bincount(bits.ravel(), minlength=_HALVES)
    return _percentile(counts, SCALE_PERCENTILE) or 1.0


def _percentile(counts: NDArray[np.int64], percentile: float) -> float:
    """A percentile of halves, given how often each of them occurs; 0 where none does."""
    below = np.cumsum(counts)
    rank = np.searchsorted(below, max(below[-1] * percentile / 100.0, 1.0))
    return float(np.array(min(rank, _HALVES - 1), np.uint16).view(np.float16)) if below[-1] else 0.0
