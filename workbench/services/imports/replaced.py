"""Images whose files were overwritten, and which leave the collection."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from typing import Any

from flask_babel import gettext
from sqlalchemy import delete, exists, or_, select
from sqlalchemy.orm import Session

from workbench.config import Settings
from workbench.services import audit
from workbench.services.audit import Concerned
from workbench.services.image.paths import of_pictures
from workbench.services.imports.changes import CONTENT, Acceptance, count_less
from workbench.services.imports.known import Known
from workbench.store.database import Base, session
from workbench.store.images import Image


def hindrance_of(write: Session, image: Known) -> str:
    """Why an image cannot leave, if so: a version was made of it, or somebody judged it."""
    referring = [
        exists().where(key.parent == Image.id)
        for table in Base.metadata.tables.values()
        for key in table.foreign_keys
        if key.column.table.name == Image.__tablename__
    ]
    found = select(Image.id).where(Image.id == image.id, or_(*referring))
    if write.scalar(found) is None:
        return ""
    return gettext(
        "versions or verdicts refer to the image imported earlier; first remove it with "
        "`manage.py remove --image %(id)s`",
        id=image.id,
    )


def replace_image(write: Session, image: Known, kind: str, by: Acceptance) -> None:
    """Remove an image for which another file, of this kind, lies where it was imported from."""
    its = write.scalar(select(Image.collection_id).where(Image.id == image.id))
    count_less(write, image)
    write.execute(
        delete(Image).where(Image.id == image.id), execution_options={"synchronize_session": False}
    )
    told: dict[str, Any] = {CONTENT: {"old": image.kind, "new": kind}}
    audit.record(
        write,
        by.user_id,
        "image.change",
        f"image:{image.id}",
        concerned=Concerned(collection_id=its),
        **told,
    )


def remove_pictures(images: Sequence[Known], settings: Settings) -> None:
    """Remove the files of images that have left, but for those that another image has as well.

    The one thing that follows the commit: what a killed process leaves is found as a stray file.
    """
    pixels, contents = (
        {getattr(each, what) for each in images} for what in ("pixel_hash", "content_hash")
    )
    pixels -= set(session().scalars(select(Image.pixel_hash).where(Image.pixel_hash.in_(pixels))))
    contents -= set(
        session().scalars(select(Image.content_hash).where(Image.content_hash.in_(contents)))
    )
    session().rollback()
    for path in of_pictures(settings, pixels, contents):
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)
