"""Folders below the import root: the only ones that pages can name."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Final
from urllib.parse import quote_from_bytes, unquote_to_bytes

from flask_babel import gettext

from workbench.config import Settings
from workbench.services.errors import InvalidError, NotFoundError
from workbench.services.sources.entries import display

MOST_LISTED: Final = 500
"""Folders of one folder that are listed."""


@dataclass(frozen=True)
class Folder:
    """A folder below the import root; `key` is its path, percent-encoded, so that any can be."""

    key: str
    shown: str


@dataclass(frozen=True)
class Listing:
    """A folder and those in it."""

    here: Folder
    above: tuple[Folder, ...]
    """From the import root down."""
    folders: tuple[Folder, ...]
    more: int
    """How many are not listed."""
    files: int


def list_folder(key: str, settings: Settings) -> Listing | None:
    """What can be chosen; None without an import root.

    Raises NotFoundError for what is none, or lies outside.
    """
    if settings.import_root is None:
        return None
    path = resolve(key, settings)
    folders, files = [], 0
    try:
        with os.scandir(path) as entries:
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    folders += [] if entry.name.startswith(".") else [entry.name]
                else:
                    files += 1
    except OSError as error:
        raise InvalidError(gettext("This folder cannot be read.")) from error
    folders.sort()
    here = _decoded(key)
    above = [PurePosixPath(*here.parts[:end]) for end in range(len(here.parts))]
    return Listing(
        _folder(here),
        tuple(_folder(each) for each in above),
        tuple(_folder(here / each) for each in folders[:MOST_LISTED]),
        max(len(folders) - MOST_LISTED, 0),
        files,
    )


def resolve(key: str, settings: Settings) -> Path:
    """The folder of a key, its links resolved. Raises NotFoundError for one outside the root."""
    root = settings.import_root
    missing = NotFoundError(gettext("There is no such folder below the import root."))
    if root is None:
        raise missing
    try:
        path = Path(os.path.realpath(root / _decoded(key)))
        below = path.is_relative_to(root) and path.is_dir()
    except (OSError, ValueError) as error:
        raise missing from error
    if not below:
        raise missing
    return path


def shown_folder(key: str) -> str:
    """A folder's path below the import root, as it can be shown."""
    return display(str(_decoded(key))) if key else gettext("the import root")


def _folder(path: PurePosixPath) -> Folder:
    key = "" if path == PurePosixPath() else quote_from_bytes(os.fsencode(path))
    return Folder(key, display(path.name))


def _decoded(key: str) -> PurePosixPath:
    return PurePosixPath(os.fsdecode(unquote_to_bytes(key)))
