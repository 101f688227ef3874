"""Indexes of nearest neighbours as files of the cache: where they lie, whole or not, opened."""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Callable, Collection
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Literal

import numpy as np
import structlog
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load, save
from usearch.index import Index

from workbench.analysis.neighbours import Space, nearest, view_index
from workbench.config import Settings
from workbench.files import DamagedError, unsealed, write_sealed, written_durably
from workbench.store.versions import ModelVersion

Kind = Literal["images", "groups", "words"]
"""Of images by their embeddings, of pixel groups by their evidence, of images by what words say."""

Identity = tuple[int, int, int, int, int]

LOCK = ".lock"
_OPEN_AT_ONCE = 8

log = structlog.get_logger()


@dataclass(frozen=True)
class Opened:
    """An index that can be searched; `space` is what its vectors lie in, None as they are."""

    index: Index
    space: Space | None
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def nearest(self, vector: NDArray[np.float32], count: int) -> list[tuple[int, float]]:
        """Ids with their cosines, the most alike first."""
        # One search at a time: a search takes a millisecond, and the library gives each thread of
        # a call a working space by its number, which two calls would share.
        with self._lock:
            keys, cosines = nearest(self.index, vector, count)
        return list(zip(keys.tolist(), cosines.tolist(), strict=True))


_open: dict[tuple[Path, Kind, Identity], Opened] = {}
"""Indexes that this process has checked and holds open, the oldest first."""
_guard = threading.Lock()


def root(settings: Settings) -> Path:
    """The folder of all indexes."""
    return settings.cache_dir / "neighbours"


def folder_of(version: ModelVersion, settings: Settings) -> Path:
    """The folder of one version's indexes.

    Named by its weights' file too: the id of a version that failed may be given out again.
    """
    return root(settings) / folder_name(version.id, version.weights.path)


def folder_name(version_id: int, weights_path: str) -> str:
    """What the folder of a version is called."""
    return f"{version_id}-{Path(weights_path).stem}"


def keep_index(folder: Path, kind: Kind, index: Index, space: Space | None) -> None:
    """Write an index durably. Its facts come last and go first: without them it is not there."""
    facts, path = _facts_path(folder, kind), _index_path(folder, kind)
    facts.unlink(missing_ok=True)
    with written_durably(path) as temporary:
        index.save(temporary)
    arrays: dict[str, NDArray[np.generic]] = {"sha256": _digest(path)}
    if space is not None:
        arrays |= {"mean": space.mean, "axes": space.axes}
    write_sealed(facts, save(arrays))


def open_index(folder: Path, kind: Kind) -> Opened | None:
    """An index, kept open for the next one who asks; None where it is missing or damaged.

    Its hash is computed when it is first opened in a process, 1.6 GB per second.
    """
    identity = _identity(folder, kind)
    return _opened(folder, kind, identity) if identity else None


def opened_before(folder: Path, kind: Kind) -> Opened | None:
    """The same of one that this process has opened already, at once; None for any other."""
    identity = _identity(folder, kind)
    return _open.get((folder, kind, identity)) if identity else None


def _identity(folder: Path, kind: Kind) -> Identity | None:
    """What tells its files from those that were or will be in their place."""
    try:
        facts, content = _facts_path(folder, kind).stat(), _index_path(folder, kind).stat()
    except FileNotFoundError:
        return None
    return facts.st_ino, facts.st_mtime_ns, content.st_ino, content.st_mtime_ns, content.st_size


def _opened(folder: Path, kind: Kind, identity: Identity) -> Opened | None:
    key = folder, kind, identity
    if found := _open.get(key):
        return found
    path = _index_path(folder, kind)
    try:
        arrays = load(bytes(unsealed(_facts_path(folder, kind).read_bytes())))
        whole = np.array_equal(arrays["sha256"], _digest(path))
        # Not of a damaged file: its graph would be walked out of its bounds.
        index = view_index(path) if whole else None
    except (OSError, SafetensorError, DamagedError, KeyError, RuntimeError):
        index = None
    if index is None:
        log.warning("similarity index damaged", path=str(path))
        return None
    space = Space(arrays["mean"], arrays["axes"]) if "mean" in arrays else None
    found = Opened(index, space)
    with _guard:
        while len(_open) >= _OPEN_AT_ONCE:
            del _open[next(iter(_open))]
        return _open.setdefault(key, found)


def _digest(path: Path) -> NDArray[np.uint8]:
    with path.open("rb") as file:
        return np.frombuffer(hashlib.file_digest(file, "sha256").digest(), np.uint8)


def _facts_path(folder: Path, kind: Kind) -> Path:
    return folder / f"{kind}.safetensors"


def _index_path(folder: Path, kind: Kind) -> Path:
    return folder / f"{kind}.usearch"


def remove_others(
    names: Callable[[], Collection[str]], settings: Settings, young: timedelta
) -> int:
    """Remove files of folders that are not among these, and what killed makers left half-written.

    `names` is called once the folders are listed: one that comes later stays. Returns how many
    files went.
    """
    removed = 0
    folders = [each for each in _entries(root(settings)) if each.is_dir()]
    kept = names()
    for folder in folders:
        for path in _entries(folder):
            if folder.name not in kept or _is_left(path, young):
                path.unlink(missing_ok=True)
                removed += 1
        if folder.name not in kept:
            with suppress(OSError):
                folder.rmdir()
    return removed


def _entries(folder: Path) -> list[Path]:
    return list(folder.iterdir()) if folder.is_dir() else []


def _is_left(path: Path, young: timedelta) -> bool:
    try:
        age = time.time() - path.stat().st_mtime
    except FileNotFoundError:
        return False  # its maker has just put it in its place
    return path.name.startswith(".") and age >= young.total_seconds()
