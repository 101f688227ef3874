"""The encoder's state of chosen images: embedding and tokens, read where they are kept."""

from __future__ import annotations

from collections.abc import Collection, Generator
from contextlib import closing

import numpy as np
from sqlalchemy import select

from workbench.analysis.encoders.protocol import Encoder, Part, Penultimate
from workbench.config import Settings
from workbench.services.encoding.encode import encoded_shards, keep
from workbench.services.encoding.part_cache import PartCache
from workbench.services.encoding.shards import cached_first, stored_shard
from workbench.store.database import session
from workbench.store.images import Image
from workbench.store.results import Embedding


def states_of(
    collection_id: int,
    image_ids: Collection[int],
    parts: frozenset[Part],
    encoder: Encoder,
    settings: Settings,
) -> Generator[tuple[list[int], Penultimate]]:
    """Images of a collection that are encoded already, shard by shard, with their states.

    What is not in the cache is made of the images' pixels, and kept; images whose pixels would be
    needed and are lost are left out. What runs ahead is bounded.
    """
    located = _located(collection_id, image_ids, encoder.fingerprint)
    shards = map(stored_shard, cached_first(sorted(located), parts))
    cache = PartCache(settings)
    with closing(encoded_shards(shards, frozenset(parts), encoder, settings)) as stream:
        for encoded in stream:
            keep(encoded, encoder.fingerprint, cache, settings)
            members = [
                (image_id, row)
                for image_id, row in located[encoded.shard.id or 0]
                if row not in encoded.lost
            ]
            if members:
                ids, rows = zip(*members, strict=True)
                yield list(ids), encoded.state(rows)


def some_shards_of(
    collection_id: int, image_ids: Collection[int], most: int, encoder: Encoder, *, seed: int
) -> list[int]:
    """Choose about `most` of the images, of as few shards as hold them; all where there are fewer.

    Reading a shard reads all of its tokens.
    """
    located = _located(collection_id, image_ids, encoder.fingerprint)
    chosen: list[int] = []
    for shard in np.random.default_rng(seed).permutation(sorted(located)).tolist():
        if len(chosen) >= most:
            break
        chosen += [image_id for image_id, _row in located[shard]]
    return chosen


def _located(
    collection_id: int, image_ids: Collection[int], fingerprint: str
) -> dict[int, list[tuple[int, int]]]:
    """By shard, the images in it with their rows, by row."""
    wanted = set(image_ids)
    found = session().execute(
        select(Embedding.shard_id, Image.id, Embedding.row)
        .join(Image, Image.pixel_hash == Embedding.pixel_hash)
        .where(
            Image.collection_id == collection_id,
            Embedding.encoder_fingerprint == fingerprint,
        )
        .order_by(Embedding.shard_id, Embedding.row, Image.id)
    )
    located: dict[int, list[tuple[int, int]]] = {}
    for shard_id, image_id, row in found:
        if image_id in wanted:
            located.setdefault(shard_id, []).append((image_id, row))
    session().rollback()
    return located
