"""Counterfactual notes: written, listed, answered, replayed."""

from __future__ import annotations

from dataclasses import dataclass, replace

from tests.web.fakes.data import CARDS, NOON
from tests.web.fakes.image import Counterfactuals
from tests.web.fakes.state import State
from workbench.services.errors import ConflictError, NotFoundError
from workbench.services.image.edits import DimensionEdit, RegionEdit
from workbench.services.image.note_replays import OpenRequest
from workbench.services.image.note_writing import Trial
from workbench.services.review.expectations import Expected, check_expected, is_met
from workbench.services.review.note_list import (
    CAME,
    NOTES_A_PAGE,
    Came,
    ListedNote,
    NoteFilter,
    NotePage,
    ReplayView,
)
from workbench.services.review.note_replies import ReplyView
from workbench.services.review.notes import NoteView, check_text

NAMES = {1: "ada", 2: "ben"}


@dataclass
class Notes:
    book: State

    def withdraw_note(self, user_id: int, note_id: int) -> None:
        if self.book.notes.pop(note_id, None) is None:
            raise NotFoundError("This note is already withdrawn.")


@dataclass
class NoteWriting:
    book: State

    def expect(
        self,
        user_id: int,
        version_id: int,
        image_id: int,
        edit: RegionEdit | DimensionEdit,
        expected: Expected,
    ) -> int:
        check_expected(expected)
        if isinstance(edit, RegionEdit) and edit.group_id // 100 != image_id:
            raise NotFoundError("Pixel group not found in this image under this version.")
        made = int(next(self.book.ids))
        self.book.expectations[made] = (user_id, version_id, image_id, edit, expected)
        return made

    def trial(
        self, user_id: int, version_id: int, image_id: int, expectation_id: int
    ) -> Trial | None:
        row = self.book.expectations.get(expectation_id)
        if row is None or row[:3] != (user_id, version_id, image_id):
            return None
        edit, expected = row[3], row[4]
        outcome = Counterfactuals(self.book).try_edit(version_id, image_id, edit)
        met = is_met(expected, outcome.p_after, outcome.delta_logit, outcome.interval)
        known = any(
            other[2:4] == (image_id, edit)
            for number, other in self.book.expectations.items()
            if number < expectation_id
        )
        return Trial(expectation_id, expected, met, outcome, known, noted=False)

    def save_note(self, user_id: int, expectation_id: int, text: str) -> NoteView:
        text = check_text(text)
        row = self.book.expectations.get(expectation_id)
        if row is None or row[0] != user_id:
            raise NotFoundError("This was not run. Say what you expect, and run it.")
        _user, version_id, image_id, edit, expected = row
        outcome = Counterfactuals(self.book).try_edit(version_id, image_id, edit)
        note = NoteView(
            id=next(self.book.ids),
            edit_label=outcome.edit_label,
            p_before=outcome.p_before,
            p_after=outcome.p_after,
            delta_logit=outcome.delta_logit,
            control_mean=outcome.control_mean,
            control_std=outcome.control_std,
            expectation=expected.direction,
            bound=expected.bound,
            met=is_met(expected, outcome.p_after, outcome.delta_logit, outcome.interval),
            text=text,
            by=NAMES[user_id],
            at=NOON,
        )
        self.book.notes[note.id] = (image_id, note)
        return note


@dataclass
class NoteReplies:
    book: State

    def reply(self, user_id: int, note_id: int, text: str) -> int:
        text = check_text(text)
        if note_id not in self.book.notes:
            raise NotFoundError("This note was withdrawn.")
        made = int(next(self.book.ids))
        self.book.replies[made] = (note_id, ReplyView(made, text, NAMES[user_id], NOON))
        return made

    def withdraw_reply(self, user_id: int, reply_id: int) -> None:
        if self.book.replies.pop(reply_id, None) is None:
            raise NotFoundError("This reply is already withdrawn.")


@dataclass
class NoteList:
    """Notes were written on version 2, and replayed where `replays` says it."""

    book: State

    def notes_of(
        self,
        collection_id: int,
        version_id: int,
        asked: NoteFilter,
        after: int | None = None,
        limit: int = NOTES_A_PAGE,
    ) -> NotePage:
        found = [
            note
            for note in self._all(version_id)
            if asked.text.lower() in note.text.lower()
            and asked.person in ("", note.by)
            and asked.came in ("", _came(note))
        ]
        return NotePage(tuple(each for each in found if after is None or each.id < after), None)

    def counts(self, collection_id: int, version_id: int) -> dict[Came, int]:
        came = [_came(each) for each in self._all(version_id)]
        return {each: came.count(each) for each in CAME}

    def authors(self, collection_id: int) -> tuple[str, ...]:
        return tuple(sorted({note.by for _image, note in self.book.notes.values()}))

    def _all(self, version_id: int) -> list[ListedNote]:
        return [
            self._listed(image_id, note, version_id)
            for image_id, note in sorted(self.book.notes.values(), key=lambda each: -each[1].id)
        ]

    def _listed(self, image_id: int, note: NoteView, version_id: int) -> ListedNote:
        shown = version_id == 2 or (note.id, version_id) in self.book.replays
        replies = [reply for of, reply in self.book.replies.values() if of == note.id]
        return ListedNote(
            id=note.id,
            image_id=image_id,
            image=CARDS[image_id].name,
            edit_label=note.edit_label,
            edit_kind="region",
            expectation=note.expectation,
            bound=note.bound,
            known=False,
            text=note.text,
            by=note.by,
            at=note.at,
            version=2,
            replay=ReplayView(
                note.p_before,
                note.p_after,
                note.delta_logit,
                note.control_mean,
                note.met,
                self.book.replays.get((note.id, version_id), ""),
            )
            if shown
            else None,
            replies=tuple(replies),
        )


@dataclass
class NoteReplays:
    book: State

    def replay(self, note_id: int, version_id: int) -> None:
        if note_id not in self.book.notes:
            raise NotFoundError("This note was withdrawn.")
        self.book.replays[note_id, version_id] = ""

    def request_replays(self, user_id: int, version_id: int) -> None:
        if self.book.replaying is not None:
            raise ConflictError("The notes are being replayed already.")
        self.book.replaying = OpenRequest(1, cancelled=False)

    def cancel_replays(self, version_id: int) -> None:
        if self.book.replaying is None:
            raise ConflictError("The notes are not being replayed any more.")
        self.book.replaying = None

    def open_request(self, version_id: int) -> OpenRequest | None:
        return replace(self.book.replaying) if self.book.replaying else None

    def last_error(self, version_id: int) -> str:
        return self.book.replay_error


def _came(note: ListedNote) -> Came:
    if note.replay is None:
        return "waiting"
    if note.replay.refused:
        return "refused"
    return "untested" if note.replay.met is None else "met" if note.replay.met else "unmet"
