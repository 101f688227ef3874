"""Artifact files: big arrays beside the database. Each is written once, and its hash is kept."""

from __future__ import annotations

import hashlib
import os
import secrets
from datetime import datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save
from sqlalchemy import BigInteger, String
from sqlalchemy.orm import Mapped, mapped_column

from workbench.store.database import Base, now


class ArtifactDamagedError(Exception):
    """An artifact file is missing or does not hold what its row says."""


class Artifact(Base):
    """A file in the artifact directory: its place, size and hash."""

    __tablename__ = "artifact"

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(40))
    path: Mapped[str] = mapped_column(String(200), unique=True)
    sha256: Mapped[str] = mapped_column(String(64))
    size: Mapped[int] = mapped_column(BigInteger)
    created_at: Mapped[datetime] = mapped_column(default=now)


def write_durably(path: Path, content: bytes) -> None:
    """Write a file so that it is whole or absent: temporary name, sync, rename, sync the folder."""
    _make_directory(path.parent)
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(6)}")
    try:
        with temporary.open("xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    _sync_directory(path.parent)


def _make_directory(path: Path) -> None:
    """Make a directory and those above it, each entered durably into the one above."""
    if path.is_dir():
        return
    _make_directory(path.parent)
    path.mkdir(exist_ok=True)
    _sync_directory(path.parent)


def _sync_directory(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def store_arrays(directory: Path, kind: str, arrays: dict[str, NDArray[np.generic]]) -> Artifact:
    """Write arrays to a new file under `directory`; the row is returned, not yet in a session."""
    content = save({name: np.ascontiguousarray(array) for name, array in arrays.items()})
    digest = hashlib.sha256(content).hexdigest()
    # The token keeps two runs that compute the same arrays from sharing one file.
    relative = f"{kind}/{digest[:2]}/{digest[:16]}-{secrets.token_hex(4)}.safetensors"
    write_durably(directory / relative, content)
    return Artifact(kind=kind, path=relative, sha256=digest, size=len(content))


def load_arrays(directory: Path, artifact: Artifact) -> dict[str, NDArray[np.generic]]:
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
    with safe_open(path, framework="numpy") as file:
        return {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118


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
