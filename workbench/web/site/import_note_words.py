"""What the import noted of an image, in words: a template filter."""

from __future__ import annotations

from flask import Flask
from flask_babel import lazy_gettext

from workbench.analysis.images.notes import ImportNote

IMPORT_NOTE_WORDS = {
    "any": lazy_gettext("any note"),
    ImportNote.FIRST_FRAME: lazy_gettext("first frame of several"),
    ImportNote.NO_END: lazy_gettext("JPEG without its end marker"),
    ImportNote.TEXT_LEFT_OUT: lazy_gettext("text metadata too large, not read"),
    ImportNote.PROFILE_LEFT_OUT: lazy_gettext("colour profile too large, not used"),
    ImportNote.STRETCHED: lazy_gettext("16 bits of narrow range, stretched"),
    ImportNote.DARK: lazy_gettext("16 bits of narrow range, shown dark"),
    ImportNote.FLOATS: lazy_gettext("floating-point values as brightness"),
    ImportNote.TINY: lazy_gettext("shorter side below 16 px"),
    ImportNote.ELONGATED: lazy_gettext("more than 8 times as long as wide"),
    ImportNote.ONE_COLOUR: lazy_gettext("a single colour"),
    ImportNote.UNREAD_DATE: lazy_gettext("date of the source not understood"),
}


def import_note_words(note: str) -> str:
    """A note of the import: "a single colour"."""
    return str(IMPORT_NOTE_WORDS[note])


def register(app: Flask) -> None:
    """Make it a template filter of its own name."""
    app.add_template_filter(import_note_words)
