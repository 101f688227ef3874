"""Counterfactual notes as people write them: what is expected first, then the words."""

from __future__ import annotations

from workbench.services.image import note_writing
from workbench.services.image.edits import Edit
from workbench.services.review.expectations import Expected
from workbench.services.review.notes import NoteView


def save_note(
    user_id: int,
    version_id: int,
    image_id: int,
    edit: Edit,
    direction: str,
    text: str,
    *,
    bound: float | None = None,
) -> NoteView:
    """Expect something of an edit, and save a note on it."""
    expected = Expected(direction, bound)
    written = note_writing.expect(user_id, version_id, image_id, edit, expected)
    return note_writing.save_note(user_id, written, text)
