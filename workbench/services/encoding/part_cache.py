"""What relevance and grouping need of each image, in files that are bounded and may be lost."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import delete, func, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from workbench.config import Settings
from workbench.files import write_whole
from workbench.store.artifacts import ArtifactDamagedError, FileFacts, described, load_arrays
from workbench.store.chunks import write_in_chunks
from workbench.store.database import now, session, transaction
from workbench.store.results import CachedPart

Arrays = dict[str, NDArray[np.generic]]


def read_part(directory: Path, facts: FileFacts) -> Arrays | None:
    """A part's arrays; None where its file was taken away, torn or altered. For any thread."""
    try:
        return load_arrays(directory, facts)
    except ArtifactDamagedError:
        return None


class PartCache:
    """The cache during one pass over a collection. It writes rows: for the pass's own thread.

    Least recently used out first; but never for what this very pass has used: of a collection that
    is larger than the bound, each pass would otherwise throw out what the next begins with.
    """

    def __init__(self, settings: Settings) -> None:
        self._directory = settings.part_dir
        self._bound = settings.cache_bytes
        self._since = now()

    def trim(self) -> None:
        """Bring the cache within its bound, which may have been lowered."""
        self._make_room(0)

    def files(self, shard_id: int) -> dict[str, FileFacts]:
        """What is cached of a shard, by part. Whether the files are still whole, reading tells."""
        found = session().scalars(select(CachedPart).where(CachedPart.shard_id == shard_id))
        files = {each.part: each.facts for each in found}
        session().rollback()
        return files

    def touch(self, shard_id: int, parts: Collection[str]) -> None:
        """Note that these parts of a shard were used."""
        if parts:
            with transaction() as write:
                write.execute(
                    update(CachedPart)
                    .where(CachedPart.shard_id == shard_id, CachedPart.part.in_(parts))
                    .values(used_at=now())
                )

    def keep(self, shard_id: int, parts: Mapping[str, Arrays]) -> None:
        """Write these parts of a shard, each where there is room for it, and remember them."""
        self.forget(shard_id, parts)
        for part, arrays in parts.items():
            facts, content = described(part, arrays)
            if not self._make_room(facts.size):
                continue
            write_whole(self._directory / facts.path, content)
            row = CachedPart(
                shard_id=shard_id,
                part=part,
                path=facts.path,
                sha256=facts.sha256,
                size=facts.size,
            )
            try:
                with transaction() as write:
                    write.add(row)
            except IntegrityError:
                # Another process made it at the same time, or found the shard lost: theirs counts.
                (self._directory / facts.path).unlink(missing_ok=True)

    def forget(self, shard_id: int, parts: Iterable[str]) -> None:
        """Take these parts of a shard away, where they are there."""
        chosen = CachedPart.shard_id == shard_id, CachedPart.part.in_(list(parts))
        self._remove(list(session().scalars(select(CachedPart).where(*chosen))))

    def _make_room(self, size: int) -> bool:
        """Remove what was unused for longest until a file of this size fits; False if it cannot."""
        total = session().scalar(select(func.coalesce(func.sum(CachedPart.size), 0))) or 0
        excess = total + size - self._bound
        going: list[CachedPart] = []
        if excess > 0:
            oldest = session().scalars(
                select(CachedPart)
                .where(CachedPart.used_at < self._since)
                .order_by(CachedPart.used_at, CachedPart.id)
                .execution_options(yield_per=100)
            )
            for each in oldest:
                if excess <= 0:
                    break
                going.append(each)
                excess -= each.size
            oldest.close()
        if excess > 0:
            session().rollback()
            return False
        self._remove(going)
        return True

    def _remove(self, going: list[CachedPart]) -> None:
        paths = [self._directory / each.path for each in going]
        ids = [each.id for each in going]
        session().rollback()
        if not ids:
            return
        write_in_chunks(ids, _delete)
        # After the rows: a reader of a row without its file makes the part again.
        for path in paths:
            path.unlink(missing_ok=True)


def _delete(write: Session, ids: Sequence[int]) -> None:
    write.execute(delete(CachedPart).where(CachedPart.id.in_(ids)))
