"""What people have made of an image, in the order of time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from workbench.services.review.notes import NoteView
from workbench.services.review.verdicts import VerdictView


@dataclass(frozen=True)
class HistoryEntry:
    """One thing that somebody did to an image: a verdict or a note."""

    verdict: VerdictView | None
    note: NoteView | None


def history(verdicts: Sequence[VerdictView], notes: Sequence[NoteView]) -> tuple[HistoryEntry, ...]:
    """Verdicts and notes together, the newest first."""
    entries = [(given.at, HistoryEntry(given, None)) for given in verdicts]
    entries += [(note.at, HistoryEntry(None, note)) for note in notes]
    entries.sort(key=lambda entry: entry[0], reverse=True)
    return tuple(entry for _, entry in entries)
