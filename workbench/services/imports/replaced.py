"""Images whose files were overwritten, and which leave the collection."""

from __future__ import annotations

from sqlalchemy import delete, exists, or_, select
from sqlalchemy.orm import Session

from workbench.services import audit
from workbench.services.imports.changes import CONTENT, Acceptance, count_less
from workbench.services.imports.known import Known
from workbench.store.database import Base
from workbench.store.images import Image


def hindrance_of(write: Session, images: list[Known]) -> str:
    """Why these images cannot leave, if so: a version was made of one, or somebody judged it."""
    referring = [
        exists().where(key.parent == Image.id)
        for table in Base.metadata.tables.values()
        for key in table.foreign_keys
        if key.column.table.name == Image.__tablename__
    ]
    ids = [each.id for each in images]
    found = write.scalars(
        select(Image.id).where(Image.id.in_(ids), or_(*referring)).order_by(Image.id)
    ).all()
    if not found:
        return ""
    which = " ".join(f"--image {each}" for each in found)
    return (
        "versions or verdicts refer to the image imported earlier; first remove it with "
        f"`manage.py remove {which}`"
    )


def replace_image(write: Session, image: Known, content: str, by: Acceptance) -> None:
    """Remove an image for which another file lies where it was imported from."""
    count_less(write, image)
    write.execute(
        delete(Image).where(Image.id == image.id), execution_options={"synchronize_session": False}
    )
    audit.record(
        write,
        by.user_id,
        "image.change",
        f"image:{image.id}",
        **{CONTENT: {"old": image.content, "new": content}},
    )
