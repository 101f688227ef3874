"""Collections by name."""

from __future__ import annotations

import re
from typing import Final

from flask_babel import gettext
from sqlalchemy import select

from workbench.services.errors import InvalidError, NotFoundError
from workbench.store.database import session
from workbench.store.images import Collection

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
    if found is None:
        raise NotFoundError(gettext("Collection “%(name)s” not found.", name=name))
    return found


def collection_id(name: str) -> int:
    """A collection's id by its name, for the command line. Raises NotFoundError."""
    found = session().scalar(select(Collection.id).where(Collection.name == name))
    if found is None:
        raise NotFoundError(f"Collection “{name}” not found. Import it first.")
    return found
