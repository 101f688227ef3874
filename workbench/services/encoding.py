"""Embeddings of images: made once for each content and encoder, kept in shards, read back."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, fields
from itertools import islice
from pathlib import Path
from typing import TypeVar

import numpy as np
import torch
from PIL import Image as Picture
from sqlalchemy import and_, delete, select
from torch import Tensor

from workbench.analysis.encoder import Encoder, Penultimate
from workbench.analysis.relevance import method_for, needs
from workbench.config import Settings
from workbench.services.pixels import read_pixels
from workbench.services.progress import Progress
from workbench.store.artifacts import Artifact, load_arrays, store_arrays
from workbench.store.database import session, transaction
from workbench.store.images import Image
from workbench.store.results import Embedding, EmbeddingShard

Item = TypeVar("Item")


@dataclass(frozen=True)
class StoredBatch:
    """Some images of one shard, in the order of `image_ids`, with what the encoder gave of them."""

    image_ids: tuple[int, ...]
    pixel_hashes: tuple[str, ...]
    state: Penultimate


def encode_missing(
    collection_id: int, encoder: Encoder, settings: Settings, progress: Progress
) -> int:
    """Encode what has no embedding by this encoder yet; returns how many images that were.

    Each batch is durable before the next starts, so an interrupted call goes on where it was.
    Decoding runs one batch ahead of the encoder. Shards whose file is gone or torn count as
    missing.
    """
    _forget_lost_shards(encoder.fingerprint, settings)
    missing = _missing(collection_id, encoder.fingerprint)
    progress.advance(0, len(missing), "Encoding images")
    done = 0
    parts = needs(method_for(encoder, settings.relevance), encoder)
    with ThreadPoolExecutor(max_workers=1) as reader:
        batches = _batched(missing, settings.batch_size)
        for hashes, pixels in _one_ahead(reader, batches, encoder, settings.image_dir):
            _store(hashes, encoder.encode(pixels, parts), encoder.fingerprint, settings)
            done += len(hashes)
            progress.advance(done, len(missing), "Encoding images")
    return done


def stored_batches(
    collection_id: int, encoder: Encoder, settings: Settings, *, skip: frozenset[int] = frozenset()
) -> Iterator[StoredBatch]:
    """All embedded images of a collection, a shard at a time, without the images in `skip`."""
    places = (
        session()
        .execute(
            select(Image.id, Image.pixel_hash, Embedding.shard_id, Embedding.row)
            .join(Embedding, Embedding.pixel_hash == Image.pixel_hash)
            .where(
                Image.collection_id == collection_id,
                Embedding.encoder_fingerprint == encoder.fingerprint,
            )
            .order_by(Embedding.shard_id, Embedding.row, Image.id)
        )
        .all()
    )
    by_shard: dict[int, list[tuple[int, str, int]]] = {}
    for image_id, pixel_hash, shard_id, row in places:
        if image_id not in skip:
            by_shard.setdefault(shard_id, []).append((image_id, pixel_hash, row))
    session().rollback()
    for shard_id, members in by_shard.items():
        ids, hashes, rows = zip(*members, strict=True)
        yield StoredBatch(ids, hashes, _read_shard(shard_id, list(rows), settings))


def embeddings_of(
    collection_id: int, encoder: Encoder, settings: Settings
) -> tuple[tuple[int, ...], Tensor]:
    """Ids of a collection's embedded images, ascending, and their embeddings (image, feature)."""
    ids: list[int] = []
    parts: list[Tensor] = []
    for batch in stored_batches(collection_id, encoder, settings):
        ids.extend(batch.image_ids)
        parts.append(batch.state.embedding)
    if not ids:
        return (), torch.empty(0, encoder.dimension)
    order = np.argsort(ids)
    return tuple(int(ids[place]) for place in order), torch.cat(parts)[torch.from_numpy(order)]


def _missing(collection_id: int, fingerprint: str) -> list[str]:
    known = and_(
        Embedding.pixel_hash == Image.pixel_hash, Embedding.encoder_fingerprint == fingerprint
    )
    rows = session().scalars(
        select(Image.pixel_hash)
        .outerjoin(Embedding, known)
        .where(Image.collection_id == collection_id, Embedding.pixel_hash.is_(None))
        .order_by(Image.id)
    )
    missing = list(dict.fromkeys(rows))
    session().rollback()
    return missing


def _batched(items: Sequence[Item], size: int) -> Iterator[tuple[Item, ...]]:
    iterator = iter(items)
    while batch := tuple(islice(iterator, size)):
        yield batch


def _one_ahead(
    reader: ThreadPoolExecutor,
    batches: Iterable[tuple[str, ...]],
    encoder: Encoder,
    image_dir: Path,
) -> Iterator[tuple[tuple[str, ...], Tensor]]:
    def read(hashes: tuple[str, ...]) -> tuple[tuple[str, ...], Tensor]:
        pictures = [Picture.fromarray(read_pixels(image_dir, name)) for name in hashes]
        return hashes, encoder.preprocess(pictures)

    waiting = None
    for batch in batches:
        following = reader.submit(read, batch)
        if waiting is not None:
            yield waiting.result()
        waiting = following
    if waiting is not None:
        yield waiting.result()


def _store(
    hashes: tuple[str, ...], state: Penultimate, fingerprint: str, settings: Settings
) -> None:
    artifact = store_arrays(
        settings.artifact_dir,
        "embeddings",
        {
            "embedding": state.embedding.numpy(),
            # Halves: they feed maps only, and are by far the largest of what is kept.
            "patch_tokens": state.patch_tokens.half().numpy(),
            "last_input": state.last_input.half().numpy(),
            "keys": state.keys.half().numpy(),
            "values": state.values.half().numpy(),
        },
    )
    with transaction() as current:
        shard = EmbeddingShard(encoder_fingerprint=fingerprint, artifact=artifact)
        current.add(shard)
        current.flush()
        current.add_all(
            Embedding(pixel_hash=name, encoder_fingerprint=fingerprint, shard_id=shard.id, row=row)
            for row, name in enumerate(hashes)
        )


def _read_shard(shard_id: int, rows: list[int], settings: Settings) -> Penultimate:
    shard = session().get_one(EmbeddingShard, shard_id)
    arrays = load_arrays(settings.artifact_dir, shard.artifact)
    session().rollback()

    def tensor(name: str) -> Tensor:
        return torch.from_numpy(arrays[name][rows]).float()

    return Penultimate(*(tensor(each.name) for each in fields(Penultimate)))


def _forget_lost_shards(fingerprint: str, settings: Settings) -> None:
    shards = (
        session()
        .execute(
            select(EmbeddingShard.id, Artifact)
            .join(Artifact)
            .where(EmbeddingShard.encoder_fingerprint == fingerprint)
        )
        .all()
    )
    lost = [
        shard_id
        for shard_id, artifact in shards
        if not _whole(settings.artifact_dir / artifact.path, artifact.size)
    ]
    session().rollback()
    if lost:
        with transaction() as current:
            current.execute(delete(Embedding).where(Embedding.shard_id.in_(lost)))


def _whole(path: Path, size: int) -> bool:
    try:
        return path.stat().st_size == size
    except OSError:
        return False
