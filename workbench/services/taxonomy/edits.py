"""Renaming and describing a tag: nobody saves over a change that they have not seen."""

from __future__ import annotations

import unicodedata
from dataclasses import asdict, dataclass

from flask_babel import gettext, lazy_gettext
from sqlalchemy import select
from sqlalchemy.orm import Session

from workbench.services.errors import Differing, EditConflictError, InvalidError
from workbench.services.review.tags import LONGEST_DESCRIPTION, clean_name
from workbench.services.taxonomy.changes import changing, locked, standing
from workbench.services.taxonomy.hotkeys import clean_hotkey
from workbench.store.database import transaction
from workbench.store.folding import is_printable_line
from workbench.store.judgements import Tag
from workbench.store.tag_changes import TagChange

LONGEST_SOURCE = 200
HUES = (
    lazy_gettext("orange"),
    lazy_gettext("pink"),
    lazy_gettext("green"),
    lazy_gettext("blue"),
    lazy_gettext("violet"),
    lazy_gettext("yellow"),
)
"""What the colours of chips are called, in their order."""
LABELS = {
    "name": lazy_gettext("Name"),
    "description": lazy_gettext("Description"),
    "source": lazy_gettext("Source"),
    "hue": lazy_gettext("Colour"),
    "hotkey": lazy_gettext("Hotkey"),
}


@dataclass(frozen=True)
class Edited:
    """A tag's fields as somebody wants them. `hue` None: by the name."""

    name: str
    description: str = ""
    source: str = ""
    hue: int | None = None
    hotkey: str | None = None

    def cleaned(self) -> Edited:
        """The same as it is kept. Raises InvalidError or ConflictError with what is wrong."""
        description = unicodedata.normalize("NFC", self.description.strip())
        if len(description) > LONGEST_DESCRIPTION:
            raise InvalidError(
                gettext(
                    "A description has at most %(longest)s characters.", longest=LONGEST_DESCRIPTION
                )
            )
        source = " ".join(self.source.split())
        if len(source) > LONGEST_SOURCE or not is_printable_line(source):
            raise InvalidError(
                gettext(
                    "A source must have at most %(longest)s printable characters.",
                    longest=LONGEST_SOURCE,
                )
            )
        if self.hue is not None and not 0 <= self.hue < len(HUES):
            raise InvalidError(gettext("Choose one of the colours."))
        return Edited(
            clean_name(self.name), description, source, self.hue, clean_hotkey(self.hotkey or "")
        )


def edit(user_id: int, tag_id: int, wanted: Edited, revision: int) -> str:
    """Rename a tag, say what it means, give it a colour or a hotkey. Returns its name.

    `revision` is that of the tag which the person saw. Raises EditConflictError with both versions
    where somebody has changed the tag since, and to something else; ConflictError for a name or
    hotkey that another tag has.
    """
    wanted = wanted.cleaned()
    with transaction() as write:
        tag = standing(write, locked(write, [tag_id]), tag_id)
        there = _edited(tag)
        if there == wanted:
            return tag.name
        if tag.revision != revision:
            raise _conflict(write, tag, there, wanted)
        with changing(write, user_id, "edit", tag):
            for name, value in asdict(wanted).items():
                setattr(tag, name, value)
        return tag.name


def _edited(tag: Tag) -> Edited:
    return Edited(**{name: getattr(tag, name) for name in LABELS})


def _shown(edited: Edited, name: str) -> str:
    if name == "hue":
        return str(HUES[edited.hue]) if edited.hue is not None else gettext("by name")
    return getattr(edited, name) or ""


def _conflict(write: Session, tag: Tag, theirs: Edited, yours: Edited) -> EditConflictError:
    """Both versions, with who made the other one."""
    newest = write.scalar(
        select(TagChange)
        .where((TagChange.tag_id == tag.id) | (TagChange.other_id == tag.id))
        .order_by(TagChange.id.desc())
        .limit(1)
    )
    differing = tuple(
        Differing(name, str(label), _shown(theirs, name), _shown(yours, name))
        for name, label in LABELS.items()
        if getattr(theirs, name) != getattr(yours, name)
    )
    return EditConflictError(
        gettext("Edit conflict: “%(tag)s” was changed since you opened it.", tag=tag.name),
        by=newest.user.name if newest else None,
        at=newest.at if newest else None,
        revision=tag.revision,
        fields=differing,
    )
