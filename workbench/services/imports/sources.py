"""What there is to import: the files of a folder tree, or the rows of a CSV manifest.

Both are read as streams, in an order that is the same every time. The order costs the names of
the one folder being read (about 100 bytes a file); nothing else is kept.
"""

from __future__ import annotations

import os
from pathlib import Path

from workbench.services.errors import InvalidError, NotFoundError
from workbench.services.imports.entries import ImageSource, display
from workbench.services.imports.folder import FolderSource
from workbench.services.imports.manifest import ManifestSource


def open_source(path: Path, manifest: Path | None, image_root: Path | None) -> ImageSource:
    """Find out how to read `path`: a folder tree, a CSV file, or a folder with a manifest.

    Raises NotFoundError where something is missing, InvalidError where it cannot be a source or
    lies outside the image root.
    """
    for wanted in (path, manifest):
        if wanted is not None and not wanted.exists():
            raise NotFoundError(f"{display(wanted)} not found")
    base = Path(os.path.realpath(path))
    if manifest is None and not base.is_dir():
        base, manifest = base.parent, base
    if not base.is_dir():
        raise InvalidError(f"{display(path)} is not a folder")
    if image_root is not None and not base.is_relative_to(image_root):
        raise InvalidError(f"{display(path)} is outside the image root {display(image_root)}")
    if manifest is None:
        return FolderSource(base)
    return ManifestSource(Path(os.path.realpath(manifest)), base, image_root)
