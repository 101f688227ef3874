"""Hotkeys that put a tag on: one character, of one tag, that no page uses for something else."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from flask_babel import gettext
from sqlalchemy import select

from workbench.services.errors import ConflictError, InvalidError
from workbench.store.database import session
from workbench.store.judgements import Tag

TAKEN: Final = frozenset("+-/0=?[]abcdefghijklmnopqrstuwxyz")
"""The keys that pages have; a test compares them with the templates'."""


@dataclass(frozen=True)
class Hotkey:
    """A key that puts a tag on."""

    key: str
    tag: str


def hotkeys() -> tuple[Hotkey, ...]:
    """The hotkeys of the tags that can be put on, by key. One query."""
    found = session().execute(
        select(Tag.hotkey, Tag.name)
        .where(Tag.hotkey.is_not(None), Tag.withdrawn_at.is_(None), Tag.state != "deprecated")
        .order_by(Tag.hotkey)
    )
    return tuple(Hotkey(key, name) for key, name in found if key is not None)


def clean_hotkey(text: str) -> str | None:
    """A hotkey as it is kept; None for no hotkey.

    Raises InvalidError for what is no key, ConflictError for a key that pages have.
    """
    key = text.strip().lower()
    if not key:
        return None
    if len(key) != 1 or not key.isprintable() or len(key.encode("utf-16-le")) > 2:
        raise InvalidError(gettext("A hotkey is one character, such as 1 or v."))
    if key in TAKEN:
        raise ConflictError(gettext("Pages use the key %(key)s already: see “?”.", key=key))
    return key
