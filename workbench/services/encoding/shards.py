"""Which images are encoded together: shards that there are, and batches that are to become one."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy import Select, and_, delete, exists, func, select
from sqlalchemy.orm import Session, aliased

from workbench.services.encoding.pixels import SOURCE, PixelSource
from workbench.store.artifacts import Artifact, FileFacts
from workbench.store.chunks import write_in_chunks
from workbench.store.database import session
from workbench.store.images import Image
from workbench.store.results import CachedPart, Embedding, EmbeddingShard

_FORGOTTEN_AT_ONCE = 100
"""Shards of a transaction: a few thousand embeddings."""


@dataclass(frozen=True)
class Shard:
    """Images that are encoded together, in the order of their rows, and what is on disk of them.

    id: None for a batch that is not encoded yet.
    sources, names: of each row; a name is for messages.
    embeddings: the kept file; None where there is none.
    parts: files of the cache, by part.
    """

    id: int | None
    sources: tuple[PixelSource, ...]
    names: tuple[str, ...]
    embeddings: FileFacts | None = None
    parts: Mapping[str, FileFacts] = field(default_factory=dict)

    @property
    def pixel_hashes(self) -> tuple[str, ...]:
        """Of each row."""
        return tuple(each.pixel_hash for each in self.sources)


def embedding_files(collection_id: int, fingerprint: str) -> dict[int, FileFacts]:
    """The shards that hold embeddings of a collection's images, oldest first, with their files."""
    of_its_images = (
        select(Embedding.shard_id)
        .join(Image, Image.pixel_hash == Embedding.pixel_hash)
        .where(Image.collection_id == collection_id, Embedding.encoder_fingerprint == fingerprint)
    )
    found = session().execute(
        select(EmbeddingShard.id, Artifact)
        .join(Artifact, Artifact.id == EmbeddingShard.artifact_id)
        .where(EmbeddingShard.id.in_(of_its_images))
        .order_by(EmbeddingShard.id)
    )
    files = {shard_id: artifact.facts for shard_id, artifact in found}
    session().rollback()
    return files


def cached_first(ids: list[int], parts: Collection[str]) -> list[int]:
    """The same shards, those of which all these parts are cached before the others.

    A pass so uses what is there before it makes room for what it makes.
    """
    cached = session().scalars(
        select(CachedPart.shard_id)
        .where(CachedPart.part.in_(parts))
        .group_by(CachedPart.shard_id)
        .having(func.count() == len(parts))
    )
    there = set(cached)
    session().rollback()
    return sorted(ids, key=lambda each: (each not in there, each))


def stored_shard(shard_id: int) -> Shard:
    """A shard with its files, as rows know them."""
    same = aliased(Image)
    first = (
        select(func.min(same.id))
        .where(same.pixel_hash == Embedding.pixel_hash)
        .correlate(Embedding)
        .scalar_subquery()
    )
    rows = (
        session()
        .execute(
            select(
                Embedding.pixel_hash,
                Image.name,
                Image.original_uri,
                Image.content_hash,
                Image.made_alike,
            )
            .outerjoin(Image, Image.id == first)
            .where(Embedding.shard_id == shard_id)
            .order_by(Embedding.row)
        )
        .tuples()
        .all()
    )
    artifact = session().scalars(
        select(Artifact)
        .join(EmbeddingShard, EmbeddingShard.artifact_id == Artifact.id)
        .where(EmbeddingShard.id == shard_id)
    )
    parts = session().scalars(select(CachedPart).where(CachedPart.shard_id == shard_id))
    shard = Shard(
        id=shard_id,
        sources=tuple(
            PixelSource.of(pixel_hash, uri or "", content_hash or "", alike)
            for pixel_hash, _name, uri, content_hash, alike in rows
        ),
        names=tuple(name or pixel_hash for pixel_hash, name, *_rest in rows),
        embeddings=artifact.one().facts,
        parts={each.part: each.facts for each in parts},
    )
    session().rollback()
    return shard


def missing_count(collection_id: int, fingerprint: str) -> int:
    """How many different images of a collection have no embedding yet."""
    missing = _missing(collection_id, fingerprint).subquery()
    count = session().scalar(select(func.count()).select_from(missing)) or 0
    session().rollback()
    return count


def missing_batches(collection_id: int, fingerprint: str, size: int) -> Iterator[Shard]:
    """Batches of a collection's images without an embedding, in the order of their import.

    Looks a batch up when it is asked for; what has been given once is not given again.
    """
    after = 0
    while True:
        rows = (
            session()
            .execute(
                _missing(collection_id, fingerprint)
                .where(Image.id > after)
                .order_by(Image.id)
                .limit(size)
            )
            .tuples()
            .all()
        )
        session().rollback()
        if not rows:
            return
        after = rows[-1][0]
        yield Shard(
            id=None,
            sources=tuple(
                PixelSource.of(pixel_hash, uri, content_hash, alike)
                for _id, _name, pixel_hash, uri, content_hash, alike in rows
            ),
            names=tuple(name for _id, name, *_source in rows),
        )


def _missing(
    collection_id: int, fingerprint: str
) -> Select[tuple[int, str, str, str, str, str | None]]:
    """Images without an embedding; of several with the same pixels, the first."""
    earlier = aliased(Image)
    known = and_(
        Embedding.pixel_hash == Image.pixel_hash, Embedding.encoder_fingerprint == fingerprint
    )
    return (
        select(Image.id, Image.name, *SOURCE)
        .outerjoin(Embedding, known)
        .where(
            Image.collection_id == collection_id,
            Embedding.pixel_hash.is_(None),
            ~exists().where(
                earlier.collection_id == collection_id,
                earlier.pixel_hash == Image.pixel_hash,
                earlier.id < Image.id,
            ),
        )
    )


def forget_shards(lost: list[int]) -> None:
    """Have the images of these shards encoded again: nothing of them can be read."""
    write_in_chunks(lost, _forget, size=_FORGOTTEN_AT_ONCE)


def _forget(write: Session, shard_ids: Sequence[int]) -> None:
    for table in (CachedPart, Embedding):
        write.execute(delete(table).where(table.shard_id.in_(shard_ids)))
    write.execute(delete(EmbeddingShard).where(EmbeddingShard.id.in_(shard_ids)))
