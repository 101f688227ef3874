"""Collections by name."""

from __future__ import annotations

import re
from typing import Final

from flask_babel import gettext
from sqlalchemy import select
from sqlalchemy.orm import Session

from workbench.services import visibility
from workbench.services.errors import InvalidError, NotFoundError
from workbench.store.database import session
from workbench.store.images import Collection, Image
from workbench.store.removals import Removal

LONGEST_NAME: Final = 80

NAME: Final = (
    r"(?!\.{1,2}(?:/|$))"  # browsers take these for folders
    r"(?=[^/]*[^/\s])"
    rf"[^/\x00-\x1f\x7f-\x9f\ud800-\udfff]{{1,{LONGEST_NAME}}}"
)
"""Pattern of a collection's name, in addresses as at the import."""


def check_name(name: str) -> None:
    """Raise InvalidError for a name that cannot stand in an address."""
    if re.fullmatch(NAME, name):
        return
    if not name.strip() or not name.isprintable():
        raise InvalidError("a collection name needs visible characters")
    if len(name) > LONGEST_NAME:
        raise InvalidError(f"a collection name has at most {LONGEST_NAME} characters")
    raise InvalidError(
        f"a collection name stands in addresses: it is not “.” or “..” and has no “/”, "
        f"unlike “{name}”"
    )


def find_collection(name: str) -> Collection:
    """A collection by its name. Raises NotFoundError."""
    found = session().scalar(select(Collection).where(Collection.name == name))
    if found is None or not visibility.sees(found.id):
        raise NotFoundError(gettext("Collection “%(name)s” not found.", name=name))
    return found


def require_image(name: str, image_id: int) -> None:
    """Raise NotFoundError where an image is not in the collection of that name."""
    collection = find_collection(name)
    here = select(Image.id).where(Image.id == image_id, Image.collection_id == collection.id)
    if session().scalar(here) is None:
        raise NotFoundError(gettext("Image not found."))


def refuse_leaving(write: Session, collection_id: int) -> None:
    """Raise NotFoundError where a collection is being removed or is gone: nothing comes in."""
    leaving = write.scalar(
        select(Removal.id).where(
            Removal.kind == "collection",
            Removal.subject_id == collection_id,
            Removal.finished_at.is_(None),
        )
    )
    if leaving is not None or write.get(Collection, collection_id) is None:
        raise NotFoundError(gettext("This collection is removed, or is being removed."))


def collection_id(name: str) -> int:
    """A collection's id by its name, for the command line. Raises NotFoundError."""
    found = session().scalar(select(Collection.id).where(Collection.name == name))
    if found is None:
        raise NotFoundError(f"Collection “{name}” not found. Import it first.")
    return found
