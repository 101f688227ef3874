"""Images to embeddings, tokens and superpixels: made where they are missing, read where not."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass, fields, replace
from functools import partial
from itertools import groupby
from typing import TypeVar

import numpy as np
import structlog
import torch
from numpy.typing import NDArray
from PIL import Image as Picture
from sqlalchemy import select
from torch import Tensor

from workbench.analysis.encoders.protocol import Encoder, Part, Penultimate
from workbench.analysis.images.normalise import NORMAL_SIZE
from workbench.analysis.regions.pixel_groups import superpixels
from workbench.analysis.relevance.methods import needs
from workbench.config import Settings
from workbench.services.encoding.label_maps import SUPERPIXELS, packed
from workbench.services.encoding.part_cache import Arrays, PartCache, read_part
from workbench.services.encoding.pixels import in_frame, read_pixels
from workbench.services.encoding.shards import (
    Shard,
    embedding_files,
    forget_shards,
    missing_batches,
    missing_count,
)
from workbench.services.errors import ImageError, naming
from workbench.services.lookahead import ahead
from workbench.services.progress import Progress
from workbench.store.artifacts import (
    ArtifactDamagedError,
    FileFacts,
    load_arrays,
    store_arrays,
)
from workbench.store.database import session, transaction
from workbench.store.image_files import LostImageError
from workbench.store.images import Image
from workbench.store.results import Embedding, EmbeddingShard

Made = TypeVar("Made")

log = structlog.get_logger()

_READERS = 2
_AHEAD = 3
_ARRAYS: dict[Part, tuple[str, ...]] = {
    "patch_tokens": ("patch_tokens",),
    "last_input": ("last_input",),
    "keys_values": ("keys", "values"),
}
"""The fields of the penultimate state that a part of it is."""
_OF_TOKENS = ("patch_tokens", "last_input")
"""Fields that have the width of the encoder as their last axis."""


@dataclass(frozen=True)
class Read:
    """A shard with what could be read of it, and the pixels where the encoder has to see them.

    made: the parts among `parts` that are not in the cache.
    lost: rows whose pixels were needed and are lost; what is made of them is to be left out.
    """

    shard: Shard
    embedding: NDArray[np.float32] | None
    parts: dict[str, Arrays]
    made: frozenset[str]
    pixels: Tensor | None
    lost: frozenset[int] = frozenset()


@dataclass(frozen=True)
class Encoded:
    """A shard with all that was asked for: embeddings (row, feature) and, by name, its parts."""

    shard: Shard
    embedding: NDArray[np.float32]
    parts: dict[str, Arrays]
    made: frozenset[str]
    lost: frozenset[int] = frozenset()
    """Rows without pixels, that are to be left out."""

    def state(self, rows: Sequence[int]) -> Penultimate:
        """The penultimate state of some rows, with the parts that were asked for.

        From the halves that are kept, so that a map is the same whether or not they were cached.
        """
        kept = {name: each for part in self.parts.values() for name, each in part.items()}
        channels = next((kept[name].shape[-1] for name in _OF_TOKENS if name in kept), 0)
        arrays = {
            "patch_tokens": np.empty((len(self.embedding), 0, 0, channels)),
            "last_input": np.empty((len(self.embedding), 0, channels)),
            "keys": np.empty((len(self.embedding), 0, 0, 0, 0)),
            "values": np.empty((len(self.embedding), 0, 0, 0, 0)),
        } | kept
        chosen = list(rows)
        return Penultimate(
            torch.from_numpy(self.embedding[chosen]),
            *(
                torch.from_numpy(arrays[each.name][chosen]).float()
                for each in fields(Penultimate)[1:]
            ),
        )


def parts_for(method: str, encoder: Encoder) -> frozenset[str]:
    """What is worth keeping of an image: what the method needs of it, and its superpixels."""
    return needs(method, encoder) | {SUPERPIXELS}


def encode_missing(
    collection_id: int, encoder: Encoder, settings: Settings, progress: Progress
) -> int:
    """Encode what has no embedding by this encoder yet; returns how many images that were.

    Each batch is durable before the next is, so an interrupted call goes on where it was. Reading,
    encoding and writing overlap. Embeddings whose file is gone or damaged count as missing. What
    maps and pixel groups will need goes to the cache on the way.
    """
    _forget_lost_shards(collection_id, encoder.fingerprint, settings)
    wanted = parts_for(settings.method, encoder)
    total = missing_count(collection_id, encoder.fingerprint)
    batches = missing_batches(collection_id, encoder.fingerprint, settings.batch_size)
    cache = PartCache(settings)
    cache.trim()
    progress.advance(0, total, "Encoding images")
    done = 0
    with closing(encoded_shards(batches, wanted, encoder, settings)) as stream:
        for encoded in stream:
            keep(encoded, encoder.fingerprint, cache, settings)
            done += len(encoded.shard.pixel_hashes)
            progress.advance(done, total, "Encoding images")
    return done


def encoded_shards(
    shards: Iterable[Shard], wanted: frozenset[str], encoder: Encoder, settings: Settings
) -> Generator[Encoded]:
    """Each shard with the wanted parts: read where they are whole, else made from its pixels.

    Reading and encoding run ahead in threads. Images whose normalised file is lost are left out: a
    new batch is without them, and those of a stored shard are `lost`. Raises ImageError, naming the
    image, for whatever else goes wrong with one.
    """
    read = partial(_read, wanted=wanted, encoder=encoder, settings=settings)
    encode = partial(_encode, encoder=encoder)
    reads = ahead(read, shards, threads=_READERS, depth=_AHEAD)
    return ahead(encode, _not_empty(reads), threads=1, depth=2)


def _not_empty(reads: Generator[Read]) -> Generator[Read]:
    with closing(reads):
        for each in reads:
            if each.shard.pixel_hashes:
                yield each


def keep(encoded: Encoded, fingerprint: str, cache: PartCache, settings: Settings) -> int:
    """Write what of a shard was not on disk yet, and note what was used; returns its id."""
    shard_id = encoded.shard.id
    if shard_id is None:
        shard_id = _store(encoded, fingerprint, settings)
    cache.touch(shard_id, encoded.parts.keys() - encoded.made)
    if encoded.made and not encoded.lost:
        cache.keep(shard_id, {part: encoded.parts[part] for part in sorted(encoded.made)})
    return shard_id


def embeddings_of(
    collection_id: int, encoder: Encoder, settings: Settings
) -> tuple[tuple[int, ...], Tensor]:
    """Ids of a collection's embedded images, ascending, and their embeddings (image, feature)."""
    rows = session().execute(
        select(Embedding.shard_id, Image.id, Embedding.row)
        .join(Image, Image.pixel_hash == Embedding.pixel_hash)
        .where(
            Image.collection_id == collection_id,
            Embedding.encoder_fingerprint == encoder.fingerprint,
        )
        .order_by(Embedding.shard_id, Embedding.row, Image.id)
    )
    located = rows.tuples().all()
    files = embedding_files(collection_id, encoder.fingerprint)
    ids = np.array([image_id for _shard, image_id, _row in located], dtype=np.int64)
    found = np.empty((len(located), encoder.dimension), dtype=np.float32)
    start = 0
    for shard_id, members in groupby(located, key=lambda each: each[0]):
        chosen = [row for _shard, _image, row in members]
        found[start : start + len(chosen)] = _embedding(files[shard_id], settings)[chosen]
        start += len(chosen)
    order = np.argsort(ids)
    return tuple(int(each) for each in ids[order]), torch.from_numpy(found[order])


def _read(shard: Shard, *, wanted: frozenset[str], encoder: Encoder, settings: Settings) -> Read:
    parts = {
        part: arrays
        for part, facts in shard.parts.items()
        if part in wanted and (arrays := read_part(settings.part_dir, facts)) is not None
    }
    embedding = _whole_embedding(shard, settings)
    made = wanted - parts.keys()
    if not made and embedding is not None:
        return Read(shard, embedding, parts, made, None)
    shard, pictures, lost = _pictures(shard, encoder.image_size, settings)
    if not pictures:
        return Read(shard, None, {}, made, None)
    if SUPERPIXELS in made:
        parts[SUPERPIXELS] = packed(
            [
                _named(name, partial(superpixels, in_frame(picture), encoder.grid))
                for name, picture in zip(shard.names, pictures, strict=True)
            ]
        )
    pixels = None
    if embedding is None or made - {SUPERPIXELS}:
        with naming(_between(shard.names)):
            pixels = encoder.preprocess([Picture.fromarray(each) for each in pictures])
    return Read(shard, embedding, parts, made, pixels, lost)


def _pictures(
    shard: Shard, side: int, settings: Settings
) -> tuple[Shard, list[NDArray[np.uint8]], frozenset[int]]:
    """A shard's pixels, and its rows without any: of a new batch these are left out at once.

    Those of a stored shard stand black, so that the rows of its files stay the same.
    """
    found: dict[int, NDArray[np.uint8]] = {}
    for row, (name, source) in enumerate(zip(shard.names, shard.sources, strict=True)):
        try:
            found[row] = read_pixels(source, side, settings)
        except LostImageError as error:
            log.warning("image left out", image=name, error=str(error))
        except Exception as error:
            raise ImageError(name, error) from error
    lost = frozenset(range(len(shard.names))) - found.keys()
    if lost and shard.id is None:
        there = replace(
            shard,
            names=tuple(shard.names[row] for row in found),
            sources=tuple(shard.sources[row] for row in found),
        )
        return there, list(found.values()), frozenset()
    black = np.zeros((max(side, NORMAL_SIZE), max(side, NORMAL_SIZE), 3), np.uint8)
    return shard, [found.get(row, black) for row in range(len(shard.names))], lost


def _named(name: str, work: Callable[[], Made]) -> Made:
    with naming(name):
        return work()


def _whole_embedding(shard: Shard, settings: Settings) -> NDArray[np.float32] | None:
    """None where the shard has no file yet, or it is lost or damaged."""
    try:
        return _embedding(shard.embeddings, settings) if shard.embeddings else None
    except ArtifactDamagedError:
        return None


def _encode(read: Read, *, encoder: Encoder) -> Encoded:
    embedding, parts = read.embedding, dict(read.parts)
    if read.pixels is not None:
        tokens = {part: names for part, names in _ARRAYS.items() if part in read.made}
        with naming(_between(read.shard.names)):
            state = encoder.encode(read.pixels, frozenset(tokens))
        if embedding is None:
            embedding = state.embedding.numpy()
        for part, names in tokens.items():
            # Halves: they feed maps only, and are by far the largest of what is kept.
            # Laid out as a file gives them back: sums are then the same to the last bit.
            parts[part] = {name: getattr(state, name).half().contiguous().numpy() for name in names}
    if embedding is None:
        raise AssertionError("a shard without embeddings has pixels to encode")
    return Encoded(read.shard, embedding, parts, read.made, read.lost)


def _between(names: tuple[str, ...]) -> str:
    return names[0] if len(names) == 1 else f"{names[0]} … {names[-1]} ({len(names)} images)"


def _embedding(facts: FileFacts, settings: Settings) -> NDArray[np.float32]:
    return load_arrays(settings.artifact_dir, facts)["embedding"].astype(np.float32, copy=False)


def _store(encoded: Encoded, fingerprint: str, settings: Settings) -> int:
    artifact = store_arrays(settings.artifact_dir, "embeddings", {"embedding": encoded.embedding})
    with transaction() as write:
        shard = EmbeddingShard(encoder_fingerprint=fingerprint, artifact=artifact)
        write.add(shard)
        write.flush()
        write.add_all(
            Embedding(pixel_hash=name, encoder_fingerprint=fingerprint, shard_id=shard.id, row=row)
            for row, name in enumerate(encoded.shard.pixel_hashes)
        )
        return shard.id


def _forget_lost_shards(collection_id: int, fingerprint: str, settings: Settings) -> None:
    lost = []
    for shard_id, facts in embedding_files(collection_id, fingerprint).items():
        try:
            _embedding(facts, settings)
        except ArtifactDamagedError:
            lost.append(shard_id)
    forget_shards(lost)
