"""A shard's images as a version explains them, and the rows that they become."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from sqlalchemy import insert

from workbench.analysis.regions.pixel_groups import PixelGroup as FoundGroup
from workbench.services.encoding.encode import Encoded
from workbench.services.pipeline.contributions import ScoredBatch
from workbench.services.regions.found import regions_of
from workbench.store.artifacts import Artifact
from workbench.store.database import transaction
from workbench.store.outcomes import outcome_of
from workbench.store.results import PixelGroup, Prediction, ResultShard


@dataclass(frozen=True)
class Member:
    """An image to score: its row in its shard, its name, its final label, whose head scores it."""

    id: int
    row: int
    name: str
    label: str | None
    fold: int | None


@dataclass(frozen=True)
class Explained:
    """A shard's images under a version: what is to be written."""

    encoded: Encoded
    result: ScoredBatch
    members: list[Member]
    groups: list[list[FoundGroup]]
    artifact: Artifact
    """Token maps (image, K, patch), activations (image, K), and for each image the directions of
    its groups (image, group, part), 0 where there are fewer groups than it has room."""


def write_explained(version_id: int, explained: Explained) -> None:
    """Write predictions and pixel groups of one shard; one transaction."""
    result, groups = explained.result, explained.groups
    with transaction() as write:
        shard = ResultShard(version_id=version_id, artifact=explained.artifact)
        write.add(shard)
        write.flush()
        write.execute(
            insert(Prediction),
            [
                {
                    "version_id": version_id,
                    "image_id": member.id,
                    "logit": float(result.logits[row]),
                    "p": float(1.0 / (1.0 + np.exp(-np.float64(result.logits[row])))),
                    "label": member.label,
                    # p(fake) of exactly 0.5 is called real.
                    "outcome": outcome_of(member.label, called_fake=bool(result.logits[row] > 0)),
                    "fold": member.fold,
                    "shard_id": shard.id,
                    "row": row,
                }
                for row, member in enumerate(explained.members)
            ],
        )
        found = {
            member.id: some for member, some in zip(explained.members, groups, strict=True) if some
        }
        regions = regions_of(write, found)
        rows = [
            _group_row(version_id, image_id, number, group, regions[image_id, group.rle])
            for image_id, some in found.items()
            for number, group in enumerate(some)
        ]
        if rows:
            write.execute(insert(PixelGroup), rows)


def _group_row(
    version_id: int, image_id: int, number: int, group: FoundGroup, region_id: int
) -> dict[str, object]:
    return {
        "version_id": version_id,
        "image_id": image_id,
        "number": number,
        "region_id": region_id,
        "contribution": group.contribution,
        # Six digits are more than the map's half precision carries, and a third of the bytes.
        "by_dimension": [float(f"{value:.6g}") for value in group.by_dimension],
    }
