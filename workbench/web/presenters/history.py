"""What people have made of an image, in the order of time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from workbench.services.review.history import EventView
from workbench.services.review.notes import NoteView
from workbench.services.review.verdicts import VerdictView

_TOLD_BY_ROWS = {"verdict.give", "note.save"}


@dataclass(frozen=True)
class HistoryEntry:
    """One thing that somebody did to an image: a verdict, a note, or another event."""

    verdict: VerdictView | None = None
    note: NoteView | None = None
    event: EventView | None = None


def history(
    verdicts: Sequence[VerdictView], notes: Sequence[NoteView], events: Sequence[EventView]
) -> tuple[HistoryEntry, ...]:
    """Verdicts and notes with their words, and all other events, the newest first."""
    shown = {f"verdict:{each.id}" for each in verdicts} | {f"note:{each.id}" for each in notes}
    entries = [(given.at, HistoryEntry(verdict=given)) for given in verdicts]
    entries += [(note.at, HistoryEntry(note=note)) for note in notes]
    entries += [
        (each.at, HistoryEntry(event=each))
        for each in events
        if each.action not in _TOLD_BY_ROWS or each.subject not in shown
    ]
    entries.sort(key=lambda entry: entry[0], reverse=True)
    return tuple(entry for _, entry in entries)
