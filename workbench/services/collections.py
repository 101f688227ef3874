"""Collections by name."""

from __future__ import annotations

from flask_babel import gettext
from sqlalchemy import select

from workbench.services.errors import NotFoundError
from workbench.store.database import session
from workbench.store.images import Collection


def find_collection(name: str) -> Collection:
    """A collection by its name. Raises NotFoundError."""
    found = session().scalar(select(Collection).where(Collection.name == name))
    if found is None:
        raise NotFoundError(gettext("Collection “%(name)s” not found.", name=name))
    return found


def collection_id(name: str) -> int:
    """A collection's id by its name, for the command line. Raises NotFoundError."""
    found = session().scalar(select(Collection.id).where(Collection.name == name))
    if found is None:
        raise NotFoundError(f"Collection “{name}” not found. Import it first.")
    return found
