"""Artifact files: big arrays beside the database. Each is written once, and its hash is kept."""

from __future__ import annotations

import hashlib
import json
import secrets
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open
from safetensors.numpy import load, save
from sqlalchemy import BigInteger, String
from sqlalchemy.orm import Mapped, mapped_column

from workbench.files import write_durably
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


class ArtifactDamagedError(Exception):
    """An artifact file is missing or does not hold what its row says."""


@dataclass(frozen=True)
class FileFacts:
    """What is known of a file of arrays; unlike a row, it may go from thread to thread.

    `path` is relative to the directory of such files; `size` is in bytes.
    """

    kind: str
    path: str
    sha256: str
    size: int


class Artifact(Base):
    """A file in the artifact directory: its path, size and hash."""

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
    """Write arrays to a new file under `directory`; the row is returned, not yet in a session."""
    facts, content = described(kind, arrays)
    write_durably(directory / facts.path, content)
    return Artifact(kind=kind, path=facts.path, sha256=facts.sha256, size=facts.size)


def described(kind: str, arrays: dict[str, NDArray[np.generic]]) -> tuple[FileFacts, bytes]:
    """The content of a new file of these arrays, and where it belongs; nothing is written."""
    content = save({name: np.ascontiguousarray(array) for name, array in arrays.items()})
    digest = hashlib.sha256(content).hexdigest()
    # The token keeps two runs that compute the same arrays from sharing one file.
    path = f"{kind}/{digest[:2]}/{digest[:16]}-{secrets.token_hex(4)}.safetensors"
    return FileFacts(kind, path, digest, len(content)), content


def load_arrays(directory: Path, artifact: Artifact | FileFacts) -> dict[str, NDArray[np.generic]]:
    """All arrays of an artifact, checked against its hash.

    Raises ArtifactDamagedError where the file is missing or differs from what was written.
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
    """The content of a file of arrays, with a few words about them, for `map_arrays`."""
    return save({name: np.ascontiguousarray(array) for name, array in arrays.items()}, facts)


def map_arrays(path: Path) -> tuple[dict[str, NDArray[np.generic]], dict[str, str]]:
    """The arrays of a file, mapped into memory instead of read, and the words about them.

    Raises OSError where there is no such file, ArtifactDamagedError where it is torn.
    """
    content = np.memmap(path, dtype=np.uint8, mode="r")
    start = 8 + int.from_bytes(content[:8].tobytes(), "little")
    try:
        header = json.loads(content[8:start].tobytes())
        facts = header.pop("__metadata__", {})
        arrays = {}
        for name, entry in header.items():
            first, end = (start + offset for offset in entry["data_offsets"])
            kind = np.dtype(_KINDS[entry["dtype"]])
            arrays[name] = np.asarray(content[first:end]).view(kind).reshape(entry["shape"])
    except (KeyError, ValueError) as error:
        raise ArtifactDamagedError(f"{path} is torn") from error
    return arrays, facts


def load_rows(directory: Path, artifact: Artifact, name: str, row: int) -> NDArray[np.generic]:
    """One row of one array of an artifact, without reading the rest.

    Raises ArtifactDamagedError where the file is missing, torn, or has no such row.
    """
    path = directory / artifact.path
    try:
        if path.stat().st_size != artifact.size:
            raise ArtifactDamagedError(f"{artifact.kind} file {path} is torn")
        if row < 0:
            raise ArtifactDamagedError(f"{artifact.kind} file {path} has no row {row}")
        with safe_open(path, framework="numpy") as file:
            rows: NDArray[np.generic] = file.get_slice(name)[row : row + 1]
    except (OSError, SafetensorError) as error:
        raise ArtifactDamagedError(f"{artifact.kind} file {path} cannot be read") from error
    if len(rows) != 1:
        raise ArtifactDamagedError(f"{artifact.kind} file {path} has no row {row}")
    only: NDArray[np.generic] = rows[0]
    return only
