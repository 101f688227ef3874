"""What the import notes of a file: what was left out, guessed, or is odd about the picture."""

from __future__ import annotations

from enum import StrEnum


class ImportNote(StrEnum):
    """A code for each; kept with the image, so that pages can filter by it."""

    FIRST_FRAME = "first_frame"
    NO_END = "no_end"
    TEXT_LEFT_OUT = "text_left_out"
    PROFILE_LEFT_OUT = "profile_left_out"
    STRETCHED = "stretched"
    DARK = "dark"
    FLOATS = "floats"
    TINY = "tiny"
    ELONGATED = "elongated"
    ONE_COLOUR = "one_colour"
    UNREAD_DATE = "unread_date"

    @property
    def sentence(self) -> str:
        """What it says, for the command line and reports."""
        return _SENTENCES[self]


_SENTENCES = {
    ImportNote.FIRST_FRAME: "only the first of its frames is used",
    ImportNote.NO_END: "its end marker is missing, its pixels are all there",
    ImportNote.TEXT_LEFT_OUT: "its text metadata is too large and was not read",
    ImportNote.PROFILE_LEFT_OUT: "its colour profile is too large and was not used",
    ImportNote.STRETCHED: "16 bits of which the upper ones are unused: brightness was stretched",
    ImportNote.DARK: "16 bits per channel of which the upper ones are unused: it is shown dark",
    ImportNote.FLOATS: "floating-point values were read as brightness from 0 to 1",
    ImportNote.TINY: "its shorter side has fewer than 16 pixels",
    ImportNote.ELONGATED: "it is more than 8 times as long as wide: only its middle is used",
    ImportNote.ONE_COLOUR: "it is of a single colour",
    ImportNote.UNREAD_DATE: "its source gives a date that cannot be read",
}
