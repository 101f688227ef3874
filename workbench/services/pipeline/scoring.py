"""Score a collection under a version: logits, token maps, pixel groups, batch by batch."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from contextlib import closing
from dataclasses import dataclass
from itertools import chain, groupby

import numpy as np
import torch
from numpy.typing import NDArray
from sqlalchemy import ColumnElement, and_, func, select

from workbench.analysis.cross_fitting.folds import NO_FOLD
from workbench.analysis.encoders.protocol import Encoder, Penultimate
from workbench.analysis.kinds.contrast import tokens_of_blocks
from workbench.analysis.kinds.space import directions
from workbench.analysis.regions.pixel_groups import KEPT_AT_MOST, join_superpixels
from workbench.analysis.regions.pixel_groups import PixelGroup as FoundGroup
from workbench.config import Settings
from workbench.services.encoding.encode import Encoded, encoded_shards, keep, parts_for
from workbench.services.encoding.label_maps import SUPERPIXELS, unpacked
from workbench.services.encoding.part_cache import PartCache
from workbench.services.encoding.shards import (
    Shard,
    cached_first,
    missing_batches,
    stored_shard,
)
from workbench.services.errors import naming
from workbench.services.lookahead import ahead
from workbench.services.models.weights import load_heads, load_kinds
from workbench.services.pipeline.contributions import ScoredBatch, score_batch
from workbench.services.pipeline.explained import Explained, Member, write_explained
from workbench.services.progress import Progress
from workbench.services.training.folds import folds_of_others
from workbench.store.artifacts import store_arrays
from workbench.store.database import session
from workbench.store.images import Image
from workbench.store.results import Embedding, Prediction
from workbench.store.versions import CuratedItem, ModelVersion


@dataclass(frozen=True)
class _Part:
    """Those of a shard's images that one head scores."""

    result: ScoredBatch
    groups: list[list[FoundGroup]]
    directions: NDArray[np.float16]


class Pass:
    """One pass of a version over those images of its collection that it has not scored yet."""

    def __init__(self, version: ModelVersion, encoder: Encoder, settings: Settings) -> None:
        self.version_id = version.id
        self._heads = load_heads(version, settings)
        self._kinds = load_kinds(version, settings)
        # Of images that the dataset has not; before cross-fitting there are no heads of folds.
        self._folds = folds_of_others(version) if self._heads.folds else {}
        self._collection_id = version.collection_id
        self._dataset_id = version.dataset_id
        self._method = version.relevance
        self._wanted = parts_for(version.relevance, encoder)
        self._encoder = encoder
        self._settings = settings
        session().rollback()

    def explained(self) -> Generator[Explained]:
        """Each shard's images as they are ready; encoding, relevance and grouping run ahead."""
        encoded = encoded_shards(self._shards(), self._wanted, self._encoder, self._settings)
        return ahead(self._explain, self._with_members(encoded), threads=2, depth=2)

    def counts(self) -> tuple[int, int]:
        """How many images are scored, and how many there are."""
        here = Image.collection_id == self._collection_id
        total = session().scalar(select(func.count()).select_from(Image).where(here))
        scored = session().scalar(
            select(func.count())
            .select_from(Prediction)
            .where(Prediction.version_id == self.version_id)
        )
        session().rollback()
        return scored or 0, total or 0

    def _shards(self) -> Iterator[Shard]:
        """Shards with images to score, then batches of images that have no embedding yet."""
        ids = session().scalars(
            select(Embedding.shard_id)
            .join(Image, Image.pixel_hash == Embedding.pixel_hash)
            .outerjoin(Prediction, self._its_prediction())
            .where(
                Image.collection_id == self._collection_id,
                Embedding.encoder_fingerprint == self._encoder.fingerprint,
                Prediction.image_id.is_(None),
            )
            .distinct()
        )
        ordered = cached_first(list(ids), self._wanted)
        batches = missing_batches(
            self._collection_id, self._encoder.fingerprint, self._settings.batch_size
        )
        return chain(map(stored_shard, ordered), batches)

    def _its_prediction(self) -> ColumnElement[bool]:
        return and_(Prediction.image_id == Image.id, Prediction.version_id == self.version_id)

    def _with_members(self, stream: Generator[Encoded]) -> Generator[tuple[Encoded, list[Member]]]:
        with closing(stream):
            for encoded in stream:
                if members := self._members(encoded):
                    yield encoded, members

    def _members(self, encoded: Encoded) -> list[Member]:
        """The collection's images in a shard that can be scored and are not yet, by row.

        Their labels are those of the version's dataset; excluded images keep their own.
        """
        rows = {
            pixel_hash: row
            for row, pixel_hash in enumerate(encoded.shard.pixel_hashes)
            if row not in encoded.lost
        }
        found = session().execute(
            select(
                Image.id,
                Image.pixel_hash,
                Image.name,
                Image.label,
                CuratedItem.label,
                CuratedItem.fold,
            )
            .outerjoin(
                CuratedItem,
                and_(CuratedItem.image_id == Image.id, CuratedItem.dataset_id == self._dataset_id),
            )
            .outerjoin(Prediction, self._its_prediction())
            .where(
                Image.collection_id == self._collection_id,
                Image.pixel_hash.in_(rows),
                Prediction.image_id.is_(None),
            )
            .order_by(Image.id)
        )
        members = [
            Member(image_id, rows[pixel_hash], name, final or label, self._fold(image_id, fold))
            for image_id, pixel_hash, name, label, final, fold in found
        ]
        session().rollback()
        return sorted(members, key=lambda member: member.row)

    def _fold(self, image_id: int, listed: int | None) -> int | None:
        """The fold whose head scores an image; None for the final head."""
        fold = self._folds.get(image_id) if listed is None else listed
        return fold if fold in self._heads.folds else None

    def _explain(self, given: tuple[Encoded, list[Member]]) -> Explained:
        encoded, members = given
        members = sorted(members, key=lambda member: (_number(member.fold), member.row))
        parts = [
            self._under_one_head(encoded, fold, list(alike))
            for fold, alike in groupby(members, key=lambda member: member.fold)
        ]
        result = ScoredBatch.joined([part.result for part in parts])
        arrays: dict[str, NDArray[np.generic]] = {
            "token_maps": result.maps.astype(np.float16),
            "activations": result.activations,
            "directions": np.concatenate([part.directions for part in parts]),
        }
        artifact = store_arrays(self._settings.artifact_dir, "results", arrays)
        groups = [of_image for part in parts for of_image in part.groups]
        return Explained(encoded, result, members, groups, artifact)

    def _under_one_head(self, encoded: Encoded, fold: int | None, members: list[Member]) -> _Part:
        head = self._heads.head_of(fold)
        state = encoded.state([member.row for member in members])
        result = score_batch(self._encoder, head, self._method, state)
        groups = [
            self._groups(encoded, member, contributions)
            for member, contributions in zip(members, result.contributions, strict=True)
        ]
        return _Part(result, groups, self._directions(state, result.contributions, groups))

    def _directions(
        self,
        state: Penultimate,
        contributions: NDArray[np.float32],
        groups: list[list[FoundGroup]],
    ) -> NDArray[np.float16]:
        """Where each image's groups lie by kind and by what they show; 0 where there is no more."""
        kinds = self._kinds
        if kinds is None:
            tokens = torch.zeros(len(groups), 0, contributions.shape[2], 0)
        else:
            tokens = tokens_of_blocks(state, self._encoder.features, kinds.blocks)
        areas = _by_image(groups, "areas", contributions.shape[2])
        by_group = _by_image(groups, "by_dimension", contributions.shape[1])
        found = [
            directions(kinds, *of_image)
            for of_image in zip(tokens, areas, contributions, by_group, strict=True)
        ]
        return np.stack(found).astype(np.float16)

    def _groups(
        self, encoded: Encoded, member: Member, contributions: NDArray[np.float32]
    ) -> list[FoundGroup]:
        with naming(member.name):
            labels = unpacked(encoded.parts[SUPERPIXELS], member.row)
            return join_superpixels(labels, contributions, self._encoder.grid)


def _number(fold: int | None) -> int:
    return NO_FOLD if fold is None else fold


def _by_image(groups: list[list[FoundGroup]], field: str, length: int) -> NDArray[np.float32]:
    """A field of every group (image, group, length), 0 where an image has fewer than it may."""
    found = np.zeros((len(groups), KEPT_AT_MOST, length), dtype=np.float32)
    for row, of_image in enumerate(groups):
        for number, group in enumerate(of_image):
            found[row, number] = getattr(group, field)
    return found


def score(version_id: int, encoder: Encoder, settings: Settings, progress: Progress) -> None:
    """Write predictions, token maps and pixel groups of every image that has none yet.

    Images without an embedding are encoded on the way. Each batch is durable before the next is.
    """
    one = Pass(session().get_one(ModelVersion, version_id), encoder, settings)
    done, total = one.counts()
    cache = PartCache(settings)
    cache.trim()
    progress.advance(done, total, "Computing attributions")
    with closing(one.explained()) as stream:
        for explained in stream:
            keep(explained.encoded, encoder.fingerprint, cache, settings)
            write_explained(version_id, explained)
            done += len(explained.members)
            progress.advance(done, total, "Computing attributions")
