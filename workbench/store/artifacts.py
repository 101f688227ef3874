"""Artifact files: large arrays beside the database, written once, checked by hash."""

from __future__ import annotations

import hashlib
import json
import secrets
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open
from safetensors.numpy import load, save
from sqlalchemy import BigInteger, String
from sqlalchemy.orm import Mapped, mapped_column

from workbench.files import DamagedError, unsealed, write_durably
from workbench.store.database import Base, now

_KINDS = {
    "BOOL": "?",
    "U8": "u1",
    "U16": "<u2",
    "I32": "<i4",
    "I64": "<i8",
    "F32": "<f4",
    "F64": "<f8",
}


class ArtifactDamagedError(DamagedError):
    """An artifact file is missing or its content does not match its row."""


@dataclass(frozen=True)
class FileFacts:
    """Metadata of a file of arrays; unlike a row, it can be passed between threads.

    path: relative to the directory of such files.
    size: in bytes.
    """

    kind: str
    path: str
    sha256: str
    size: int


class Artifact(Base):
    """A file in the artifact directory: path, size in bytes and SHA-256."""

    __tablename__ = "artifact"

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(40))
    path: Mapped[str] = mapped_column(String(200), unique=True)
    sha256: Mapped[str] = mapped_column(String(64))
    size: Mapped[int] = mapped_column(BigInteger)
    created_at: Mapped[datetime] = mapped_column(default=now)

    @property
    def facts(self) -> FileFacts:
        return FileFacts(self.kind, self.path, self.sha256, self.size)


def store_arrays(directory: Path, kind: str, arrays: dict[str, NDArray[np.generic]]) -> Artifact:
    """Write arrays to a new file under `directory`; return its row, not yet in a session."""
    facts, content = described(kind, arrays)
    write_durably(directory / facts.path, content)
    return Artifact(kind=kind, path=facts.path, sha256=facts.sha256, size=facts.size)


def described(kind: str, arrays: dict[str, NDArray[np.generic]]) -> tuple[FileFacts, bytes]:
    """Serialise arrays to a new file's metadata and content, without writing it."""
    content = save({name: np.ascontiguousarray(array) for name, array in arrays.items()})
    digest = hashlib.sha256(content).hexdigest()
    # The token keeps two runs that compute the same arrays from sharing one file.
    path = f"{kind}/{digest[:2]}/{digest[:16]}-{secrets.token_hex(4)}.safetensors"
    return FileFacts(kind, path, digest, len(content)), content


def load_arrays(directory: Path, artifact: Artifact | FileFacts) -> dict[str, NDArray[np.generic]]:
    """Load all arrays of an artifact, and check its hash.

    Raises ArtifactDamagedError where the file is missing or was changed.
    """
    path = directory / artifact.path
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ArtifactDamagedError(f"{artifact.kind} file {path} cannot be read") from error
    if hashlib.sha256(content).hexdigest() != artifact.sha256:
        raise ArtifactDamagedError(f"{artifact.kind} file {path} differs from what was written")
    arrays: dict[str, NDArray[np.generic]] = load(content)
    return arrays


def pack_arrays(arrays: dict[str, NDArray[np.generic]], facts: dict[str, str]) -> bytes:
    """Serialise arrays with metadata, for a sealed file that `map_arrays` reads."""
    return save({name: np.ascontiguousarray(array) for name, array in arrays.items()}, facts)


def map_arrays(path: Path) -> tuple[dict[str, NDArray[np.generic]], dict[str, str]]:
    """Map the arrays of a sealed file into memory, and read its metadata.

    Raises OSError where there is no such file, DamagedError where it is not what was written.
    """
    if not path.stat().st_size:
        raise DamagedError(f"{path} is empty")
    content = np.memmap(path, dtype=np.uint8, mode="r")
    body = content[: len(unsealed(content.data))]
    start = 8 + int.from_bytes(body[:8].tobytes(), "little")
    header = json.loads(body[8:start].tobytes())
    facts = header.pop("__metadata__", {})
    arrays = {}
    for name, entry in header.items():
        first, end = (start + offset for offset in entry["data_offsets"])
        kind = np.dtype(_KINDS[entry["dtype"]])
        arrays[name] = np.asarray(body[first:end]).view(kind).reshape(entry["shape"])
    return arrays, facts


def load_rows(directory: Path, artifact: Artifact, name: str, row: int) -> NDArray[np.generic]:
    """Load one row of one array of an artifact, without the rest.

    The file's hash is computed at its first row in a process, and again once the file has changed.
    Raises ArtifactDamagedError where the file is missing or was changed, or has no such row.
    """
    path = directory / artifact.path
    if row < 0:
        raise ArtifactDamagedError(f"{artifact.kind} file {path} has no row {row}")
    try:
        found = path.stat()
        if _digest(path, (found.st_ino, found.st_size, found.st_mtime_ns)) != artifact.sha256:
            raise ArtifactDamagedError(f"{artifact.kind} file {path} differs from what was written")
        with safe_open(path, framework="numpy") as file:
            rows: NDArray[np.generic] = file.get_slice(name)[row : row + 1]
    except (OSError, SafetensorError) as error:
        raise ArtifactDamagedError(f"{artifact.kind} file {path} cannot be read") from error
    if len(rows) != 1:
        raise ArtifactDamagedError(f"{artifact.kind} file {path} has no row {row}")
    only: NDArray[np.generic] = rows[0]
    return only


@lru_cache(maxsize=16_384)
def _digest(path: Path, _identity: tuple[int, int, int]) -> str:
    """The same, remembered for as long as it is the same file: inode, size, time."""
    return file_digest(path)


def file_digest(path: Path) -> str:
    """SHA-256 of a file, hexadecimal. Raises OSError."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
