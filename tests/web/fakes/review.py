"""Verdicts, tags and checks of tags."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace

from tests.web.fakes.data import CARDS, NOON
from tests.web.fakes.explore import FakeChosen
from tests.web.fakes.state import State
from workbench.services.errors import (
    ConflictError,
    InvalidError,
    NotFoundError,
)
from workbench.services.queues.disagreements import (
    A_PAGE,
    Disagreement,
    Disputed,
    DisputedPage,
    Opinion,
)
from workbench.services.review.adjudications import Seen
from workbench.services.review.history import EVENTS_A_PAGE, Asked, EventView, HistoryPage
from workbench.services.review.history_export import Format
from workbench.services.review.labels import AdjudicationView
from workbench.services.review.tag_checks import Answer, Check, Sampled, Tally
from workbench.services.review.tags import Tagged, TaggingView
from workbench.services.review.undo import Undoable
from workbench.services.review.verdicts import VerdictView
from workbench.services.taxonomy.listing import TagRow


@dataclass
class Judging:
    book: State

    def give_verdict(  # noqa: PLR0913 - as the use case has it
        self,
        user_id: int,
        image_id: int,
        version_id: int,
        decision: str,
        reason: str = "",
        *,
        shown_label: str | None = None,
        seen: int | None = None,
        wrong_reason: bool = False,
    ) -> VerdictView:
        if image_id not in CARDS:
            raise NotFoundError("Image not found.")
        by = {1: "ada", 2: "ben"}[user_id]
        card = CARDS[image_id]
        given = VerdictView(
            next(self.book.ids),
            decision,
            reason,
            by,
            NOON,
            withdrawn=False,
            shown_label=shown_label or card.label,
            shown_p=card.p,
            shown_version=version_id,
            wrong_reason=wrong_reason,
        )
        self.book.verdicts.setdefault(image_id, []).append(given)
        return given

    def last_judged(self, user_id: int) -> tuple[int, ...]:
        by = {1: "ada", 2: "ben"}[user_id]
        return tuple(
            image_id
            for image_id, given in self.book.verdicts.items()
            if any(each.by == by and not each.withdrawn for each in given)
        )

    def withdraw_verdict(self, user_id: int, verdict_id: int) -> VerdictView:
        for given in self.book.verdicts.values():
            for place, each in enumerate(given):
                if each.id == verdict_id:
                    if each.by != {1: "ada", 2: "ben"}[user_id]:
                        raise ConflictError("This verdict is somebody else's.")
                    given[place] = replace(each, withdrawn=True)
                    return given[place]
        raise NotFoundError("This verdict is already withdrawn.")


@dataclass
class Adjudicating:
    book: State

    def adjudicate(
        self,
        user_id: int,
        image_id: int,
        decision: str,
        reason: str,
        seen: Seen,
        *,
        independent: bool = False,
    ) -> int:
        if not reason:
            raise InvalidError("Write a reason: those who disagreed will read it.")
        made = int(next(self.book.ids))
        by = {1: "ada", 2: "ben"}[user_id]
        self.book.adjudications[image_id] = AdjudicationView(
            decision, by, NOON, id=made, reason=reason
        )
        return made

    def withdraw_adjudication(self, user_id: int, adjudication_id: int) -> None:
        for image_id, each in list(self.book.adjudications.items()):
            if each.id == adjudication_id:
                del self.book.adjudications[image_id]
                return
        raise NotFoundError("This adjudication is already withdrawn.")


@dataclass
class Disagreements:
    book: State

    def disputed_images(
        self, collection_id: int, after: int = 0, most: int = A_PAGE
    ) -> DisputedPage:
        found = tuple(
            Disputed(
                each,
                CARDS[each].name,
                tuple(Opinion(v.by, v.decision) for v in self.book.label(each).verdicts),
            )
            for each in self._waiting()
            if each > after
        )
        return DisputedPage(found, len(found), None)

    def next_disputed(self, collection_id: int, after: int) -> int | None:
        return next((each for each in self._waiting() if each != after), None)

    def disagreement(self, collection_id: int, image_id: int) -> Disagreement:
        if image_id not in CARDS:
            raise NotFoundError("Image not found.")
        card = CARDS[image_id]
        return Disagreement(image_id, card.name, card.held_out, self.book.label(image_id))

    def find_image(self, collection_id: int, image_id: int) -> None:
        self.disagreement(collection_id, image_id)

    def must_be_independent(self, image_id: int) -> bool:
        return False

    def is_kept_out(self, user_id: int, image_id: int) -> bool:
        return image_id in self.book.kept_out

    def _waiting(self) -> list[int]:
        return [each for each in CARDS if self.book.label(each).disputed]


@dataclass
class TagChecks:
    """Tagging 90 is always on pattern 31; its sample are two groups."""

    book: State

    def check(self, version_id: int, pattern_id: int, tagging_id: int) -> Check:
        known = {each: tagging for each, (_kind, _owner, tagging) in self.book.taggings.items()}
        known[90] = TaggingView(90, "fake smile", "ada", NOON, "pattern", pattern_id=31)
        if pattern_id != 31 or tagging_id not in known:
            raise NotFoundError("This pattern does not have this tag, or it was withdrawn.")
        sample = tuple(
            Sampled(group, group // 100, 0.5, self._answer(tagging_id, group))
            for group in (200, 300)
        )
        return Check(known[tagging_id], 40, sample, self._tally(tagging_id))

    def tallies(self, tagging_ids: list[int]) -> dict[int, Tally]:
        return {each: self._tally(each) for each in tagging_ids}

    def answer(self, user_id: int, tagging_id: int, group_id: int, *, fits: bool) -> int:
        if group_id not in (200, 300):
            raise InvalidError("This pixel group is not in the sample.")
        made = next(self.book.ids)
        self.book.checks[made] = (tagging_id, group_id, fits)
        return int(made)

    def take_off(self, user_id: int, tagging_id: int, group_id: int) -> int:
        made = next(self.book.ids)
        self.book.checks[made] = (tagging_id, group_id, False)
        return int(made)

    def withdraw(self, user_id: int, check_id: int) -> None:
        if self.book.checks.pop(check_id, None) is None:
            raise NotFoundError("This answer is already withdrawn.")

    def _answer(self, tagging_id: int, group_id: int) -> Answer | None:
        for made, (tagging, group, fits) in self.book.checks.items():
            if (tagging, group) == (tagging_id, group_id):
                return Answer(made, fits, "ada", NOON)
        return None

    def _tally(self, tagging_id: int) -> Tally:
        said = [
            fits for tagging, _group, fits in self.book.checks.values() if tagging == tagging_id
        ]
        wrong = said.count(False)
        return Tally(len(said), wrong, wrong / len(said), 0.1, 0.9) if said else Tally(0, 0)


@dataclass
class Tags:
    book: State

    def tag_names(self, text: str = "", *, deprecated: bool = False) -> tuple[str, ...]:
        return tuple(each.name for each in self.book.tags if text in each.name)

    def tag_pattern(self, user_id: int, pattern_id: int, name: str) -> Tagged:
        return self._tag("pattern", pattern_id, name, "pattern")

    def tag_group(self, user_id: int, group_id: int, name: str) -> Tagged:
        return self._tag("group", group_id, name, "hand")

    def _tag(self, kind: str, owner: int, name: str, source: str) -> Tagged:
        if not name:
            raise InvalidError("A tag name must have 1 to 60 printable characters.")
        if name not in self.tag_names():
            self.book.tags.append(TagRow(next(self.book.ids), name, "", 0, 1, 1, "ada", NOON))
        for kind_of, of, known in self.book.taggings.values():
            if (kind_of, of, known.tag) == (kind, owner, name):
                return Tagged(**vars(known), new=False)
        pattern_id = owner if kind == "pattern" else None
        made = TaggingView(next(self.book.ids), name, "ada", NOON, source, pattern_id=pattern_id)
        self.book.taggings[made.id] = (kind, owner, made)
        return Tagged(**vars(made), new=True)

    def withdraw(self, user_id: int, tagging_id: int) -> None:
        if self.book.taggings.pop(tagging_id, None) is None:
            raise NotFoundError("This tag is already withdrawn.")


@dataclass
class TagsOfSelections:
    book: State

    def tag_selection(self, user_id: int, chosen: FakeChosen, name: str, seen: int) -> Tagged:
        if len(chosen.groups) != seen:
            raise ConflictError(f"The selection has {len(chosen.groups)} pixel groups now.")
        return Tags(self.book)._tag("selection", chosen.selection.pattern_id or 0, name, "pattern")


@dataclass
class Histories:
    """Verdicts alone are in histories."""

    book: State

    def history(
        self, asked: Asked, after: int | None = None, most: int = EVENTS_A_PAGE
    ) -> HistoryPage:
        by = {1: "ada", 2: "ben"}.get(asked.person_id or 0)
        found = [
            each
            for each in self._events()
            if by in (None, each.by) and asked.image_id in (None, each.image_id)
        ]
        return HistoryPage(tuple(each for each in found if after is None or each.id < after), None)

    def history_of_image(self, image_id: int, after: int | None = None) -> HistoryPage:
        return self.history(Asked(image_id=image_id), after)

    def person_named(self, user_id: int) -> str:
        if user_id not in (1, 2):
            raise NotFoundError("Person not found.")
        return {1: "ada", 2: "ben"}[user_id]

    def collection_names(self) -> tuple[str, ...]:
        return ("faces", "raw")

    def _events(self) -> list[EventView]:
        found = [
            self._event(image_id, each)
            for image_id, given in self.book.verdicts.items()
            for each in given
        ]
        return sorted(found, key=lambda event: -event.id)

    def _event(self, image_id: int, given: VerdictView) -> EventView:
        return EventView(
            id=given.id,
            at=given.at,
            person_id={"ada": 1, "ben": 2}[given.by],
            by=given.by,
            action="verdict.give",
            subject=f"verdict:{given.id}",
            before=None,
            after={"decision": given.decision},
            image_id=image_id,
            image=CARDS[image_id].name,
            tag_id=None,
            tag="",
            collection="faces",
            version=given.shown_version,
            undoes_id=None,
            undone=given.withdrawn,
            undoable=not given.withdrawn,
        )


@dataclass
class HistoryExports:
    book: State

    def lines(self, asked: Asked, form: Format) -> Iterator[str]:
        for each in Histories(self.book).history(asked).events:
            yield f"{each.id},{each.action}\n"


@dataclass
class Undoing:
    book: State

    def undo(self, user_id: int, event_id: int, within: Collection[str] | None = None) -> None:
        Judging(self.book).withdraw_verdict(user_id, event_id)

    def count_undoable(
        self, user_id: int, asked: Asked, within: Collection[str] | None = None
    ) -> Undoable:
        found = [each for each in Histories(self.book).history(asked).events if each.undoable]
        return Undoable(len(found), found[0].id if found else 0, more=False)

    def undo_all(
        self,
        user_id: int,
        asked: Asked,
        seen: Undoable,
        within: Collection[str] | None = None,
    ) -> int:
        now = self.count_undoable(user_id, asked)
        if now != seen:
            raise ConflictError("The history has changed since the page was loaded.")
        for each in Histories(self.book).history(asked).events:
            if each.undoable:
                self.undo(user_id, each.id)
        return now.count
