"""Originals that came by upload: kept by their hash, since they lie nowhere else."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import select

from workbench.config import Settings
from workbench.files import settle, write_whole
from workbench.services.sources.originals import (
    Original,
    OriginalChangedError,
    OriginalMissingError,
    read_imported,
)
from workbench.store.database import session
from workbench.store.image_files import kept_original_path, original_uri
from workbench.store.images import Image


def keep_originals(upload: Path, settings: Settings) -> None:
    """Keep the originals of all images that were imported from the folder of an upload.

    They are on disk, and survive a power cut, before this returns.
    """
    below = original_uri(upload.resolve(), None) + "/"
    found = session().execute(
        select(Image.original_uri, Image.content_hash)
        .where(Image.original_uri.startswith(below, autoescape=True))
        .order_by(Image.original_uri)
    )
    originals = [Original(*row) for row in found]
    session().rollback()
    for each in originals:
        path = kept_original_path(settings.original_dir, each.content_hash)
        if path.exists():
            continue
        try:
            write_whole(path, read_imported(each, None))
        except (OriginalMissingError, OriginalChangedError):
            continue  # kept before by whoever removed it, or damaged on disk since
    if originals:
        settle(settings.original_dir)
