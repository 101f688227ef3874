"""Score a collection under a version: logits, token maps, pixel groups, batch by batch."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice

import numpy as np
import torch
from numpy.typing import NDArray
from sqlalchemy import func, insert, select

from workbench.analysis.distilled_head import DistilledHead
from workbench.analysis.encoder import Encoder, Penultimate
from workbench.analysis.pixel_groups import PixelGroup as FoundGroup
from workbench.analysis.pixel_groups import find_pixel_groups
from workbench.analysis.relevance import method_for, token_maps
from workbench.config import Settings
from workbench.services.encoding import StoredBatch, stored_batches
from workbench.services.pixels import read_pixels
from workbench.services.progress import Progress
from workbench.services.weights import load_head
from workbench.store.artifacts import store_arrays
from workbench.store.database import session, transaction
from workbench.store.images import Image
from workbench.store.results import OUTCOMES, PixelGroup, Prediction, ResultShard
from workbench.store.versions import CuratedItem, ModelVersion

STRONGEST = 3
"""So many of an image's pixel groups are taken away to see how sensitive its score is."""
SCALE_IMAGES = 64
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
    maps = token_maps(method, encoder, head, state).maps
    contributions = maps * head.logit_weight[:, None]
    return ScoredBatch(activations.numpy(), logits.numpy(), maps.numpy(), contributions.numpy())


def map_scale(
    collection_id: int, encoder: Encoder, head: DistilledHead, wanted: str, settings: Settings
) -> float:
    """The |contribution| of a patch, in logits, that a heatmap shows at full strength.

    One scale for all images of a version, so that their heatmaps can be compared.
    """
    totals: list[NDArray[np.float32]] = []
    batches = stored_batches(collection_id, encoder, settings)
    for batch in islice(batches, -(-SCALE_IMAGES // settings.batch_size)):
        scored = score_batch(encoder, head, method_for(encoder, wanted), batch.state)
        totals.append(np.abs(scored.contributions.sum(axis=1)).ravel())
    scale = float(np.percentile(np.concatenate(totals), SCALE_PERCENTILE)) if totals else 0.0
    return scale or 1.0


def score(version_id: int, encoder: Encoder, settings: Settings, progress: Progress) -> None:
    """Write predictions, token maps and pixel groups of every image that has none yet."""
    version = session().get_one(ModelVersion, version_id)
    collection_id, method = version.collection_id, version.relevance
    head = load_head(version, settings)
    labels = _labels(version)
    scored = frozenset(
        session().scalars(select(Prediction.image_id).where(Prediction.version_id == version_id))
    )
    total = (
        session().scalar(
            select(func.count()).select_from(Image).where(Image.collection_id == collection_id)
        )
        or 0
    )
    session().rollback()
    done = len(scored)
    progress.advance(done, total, "Explaining images")
    with ThreadPoolExecutor(max_workers=2) as pool:
        for batch in stored_batches(collection_id, encoder, settings, skip=scored):
            result = score_batch(encoder, head, method, batch.state)
            groups = list(
                pool.map(
                    lambda name, each: find_pixel_groups(
                        read_pixels(settings.image_dir, name), each, encoder.grid
                    ),
                    batch.pixel_hashes,
                    result.contributions,
                )
            )
            _store(version_id, batch, result, groups, labels, head, settings)
            done += len(batch.image_ids)
            progress.advance(done, total, "Explaining images")


def _labels(version: ModelVersion) -> dict[int, str]:
    """Final labels as the version's dataset has them; excluded images keep their own."""
    own = session().execute(
        select(Image.id, Image.label).where(Image.collection_id == version.collection_id)
    )
    final = session().execute(
        select(CuratedItem.image_id, CuratedItem.label).where(
            CuratedItem.dataset_id == version.dataset_id
        )
    )
    return dict(own.tuples().all()) | dict(final.tuples().all())


def outcome(label: str, logit: float) -> str:
    """Which of the four outcomes an image is; p(fake) of exactly 0.5 is called real."""
    called_fake = logit > 0
    if label == "real":
        return OUTCOMES[1] if called_fake else OUTCOMES[0]
    return OUTCOMES[2] if called_fake else OUTCOMES[3]


def sensitivity(
    activation: NDArray[np.float32], groups: list[FoundGroup], head: DistilledHead
) -> float:
    """|Change of the logit| when the strongest pixel groups' shares are taken from each z_k.

    Computed on the maps, without a new look at the pixels: an estimate of what a counterfactual
    measures. A dimension does not fall below zero.
    """
    weight = head.logit_weight.numpy()
    taken = sum((group.by_dimension for group in groups[:STRONGEST]), np.zeros_like(weight))
    share = np.divide(taken, weight, out=np.zeros_like(weight), where=weight != 0)
    change = weight * (np.maximum(activation - share, 0.0) - activation)
    return float(abs(change.sum()))


def _store(
    version_id: int,
    batch: StoredBatch,
    result: ScoredBatch,
    groups: list[list[FoundGroup]],
    labels: dict[int, str],
    head: DistilledHead,
    settings: Settings,
) -> None:
    artifact = store_arrays(
        settings.artifact_dir,
        "results",
        {"token_maps": result.maps.astype(np.float16), "activations": result.activations},
    )
    with transaction() as current:
        shard = ResultShard(version_id=version_id, artifact=artifact)
        current.add(shard)
        current.flush()
        current.execute(
            insert(Prediction),
            [
                {
                    "version_id": version_id,
                    "image_id": image_id,
                    "logit": float(result.logits[row]),
                    "p": float(1.0 / (1.0 + np.exp(-np.float64(result.logits[row])))),
                    "label": labels[image_id],
                    "outcome": outcome(labels[image_id], float(result.logits[row])),
                    "sensitivity": sensitivity(result.activations[row], groups[row], head),
                    "shard_id": shard.id,
                    "row": row,
                }
                for row, image_id in enumerate(batch.image_ids)
            ],
        )
        rows = [
            _group_row(version_id, image_id, number, group)
            for image_id, found in zip(batch.image_ids, groups, strict=True)
            for number, group in enumerate(found)
        ]
        if rows:
            current.execute(insert(PixelGroup), rows)


def _group_row(version_id: int, image_id: int, number: int, group: FoundGroup) -> dict[str, object]:
    return {
        "version_id": version_id,
        "image_id": image_id,
        "number": number,
        "rle": group.rle,
        "left": group.left,
        "top": group.top,
        "width": group.width,
        "height": group.height,
        "area": group.area,
        "contribution": group.contribution,
        # Six digits are more than the map's half precision carries, and a third of the bytes.
        "by_dimension": [float(f"{value:.6g}") for value in group.by_dimension],
    }
