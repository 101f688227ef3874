"""Review queues: number 7 has the images 1 and 2."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from tests.web.fakes.data import CARDS, NOON
from tests.web.fakes.state import State
from workbench.services.errors import ConflictError, InvalidError, NotFoundError
from workbench.services.queues.claims import Claimed
from workbench.services.queues.forecast import Forecast
from workbench.services.queues.judging import Judged
from workbench.services.queues.making import Plan
from workbench.services.queues.progress import Participant, QueueLine, QueueView
from workbench.services.queues.rounds import ControlResult, Round
from workbench.services.queues.sources import Source
from workbench.services.queues.walking import ItemView, Told
from workbench.services.review.verdicts import Said, VerdictView

IMAGES = (1, 2)
LINE = QueueLine(
    id=7,
    name="errors <b>",
    source="misclassified",
    images=2,
    done=1,
    needed=4,
    created_by="ada",
    created_at=NOON,
    state="open",
    own=True,
)


@dataclass
class QueueProgress:
    book: State

    def queues(
        self, collection_id: int, user_id: int | None, *, leads: bool = True
    ) -> tuple[QueueLine, ...]:
        return (self._line(user_id),)

    def queue_view(
        self, collection_id: int, queue_id: int, user_id: int | None, *, leads: bool = True
    ) -> QueueView:
        if queue_id != LINE.id:
            raise NotFoundError("Review queue not found.")
        person = Participant(1, "ada", 1, 0, 1, 2.5, 2, 1, sees=self.book.sees, is_member=True)
        return QueueView(
            line=self._line(user_id),
            instructions="Look at the hands. <i>Twice.</i>",
            filters={},
            version=2,
            verdicts_needed=2,
            disputes="any",
            blind=self.book.blind,
            independent=True,
            everybody=True,
            control_share=0.1,
            controls=3,
            round_size=20,
            reasons=("hands", "text"),
            finished=0,
            people=(person,),
            ahead=Forecast(3, 0.9, 3.2, 2.0, 6.0),
            able=self.book.able,
        )

    def _line(self, user_id: int | None) -> QueueLine:
        return replace(LINE, state=self.book.queue_state, own=user_id is not None)


@dataclass
class QueueMaking:
    book: State

    def count_images(self, collection_id: int, version_id: int, source: Source) -> int:
        return 0 if source.kind == "label_errors" else 2

    def count_controls(self, collection_id: int) -> int:
        return 3

    def make_queue(self, user_id: int, collection_id: int, version_id: int, plan: Plan) -> int:
        if plan.source.kind == "label_errors":
            raise InvalidError("No image to review: change what the queue is made of.")
        self.book.queue_plans.append(plan)
        return LINE.id


@dataclass
class QueueLeading:
    book: State

    def active_people(self, collection_id: int) -> tuple[tuple[int, str], ...]:
        return ((1, "ada"), (2, "ben"))

    def write_instructions(
        self, user_id: int, collection_id: int, queue_id: int, text: str
    ) -> None:
        self.book.queue_acts.append(("instructions", text))

    def choose_people(
        self,
        user_id: int,
        collection_id: int,
        queue_id: int,
        members: Sequence[int],
        *,
        everybody: bool,
    ) -> None:
        self.book.queue_acts.append(("people", (tuple(members), everybody)))

    def hand_over(
        self, user_id: int, collection_id: int, queue_id: int, from_id: int, to_id: int
    ) -> int:
        self.book.queue_acts.append(("hand over", (from_id, to_id)))
        return 2

    def name_control(
        self, user_id: int, collection_id: int, queue_id: int, image_id: int, answer: str
    ) -> None:
        self.book.queue_acts.append(("control", (image_id, answer)))

    def pause(self, user_id: int, collection_id: int, queue_id: int, *, paused: bool) -> None:
        self.book.queue_state = "paused" if paused else "open"
        self.book.queue_acts.append(("pause", paused))

    def end(self, user_id: int, collection_id: int, queue_id: int) -> None:
        self.book.queue_state = "ended"
        self.book.queue_acts.append(("end", queue_id))


@dataclass
class QueueClaims:
    book: State

    def claim(
        self, user_id: int, collection_id: int, queue_id: int, *, after: int | None = None
    ) -> Claimed:
        if self.book.queue_state != "open":
            raise ConflictError("This queue is paused.")
        if after is not None:
            self.book.queue_acts.append(("skip", after))
        return Claimed(tuple(each for each in IMAGES if each not in self._judged() | {after}))

    def renew(self, user_id: int, collection_id: int, queue_id: int, image_id: int) -> bool:
        return image_id in IMAGES

    def _judged(self) -> set[int]:
        return {each for each in IMAGES if self.book.standing(each)}


@dataclass
class QueueJudging:
    book: State

    def judge(
        self,
        user_id: int,
        collection_id: int,
        queue_id: int,
        image_id: int,
        said: Said,
        *,
        seen: int | None,
    ) -> Judged:
        if image_id not in IMAGES:
            raise NotFoundError("This image was removed from the workbench meanwhile.")
        given = VerdictView(
            next(self.book.ids),
            said.decision,
            said.reason,
            {1: "ada", 2: "ben"}[user_id],
            NOON,
            withdrawn=False,
            shown_label=None,
            shown_p=None,
            shown_version=None,
            blind=self.book.blind,
            wrong_reason=said.wrong_reason,
        )
        self.book.verdicts.setdefault(image_id, []).append(given)
        late = "" if self.book.queue_state == "open" else "Your verdict is kept on the image."
        return Judged(given, not late, late, 1 if said.reason == "the last" else None)


@dataclass
class QueueWalking:
    book: State

    def item_view(self, user_id: int, collection_id: int, queue_id: int, image_id: int) -> ItemView:
        if image_id not in IMAGES or queue_id != LINE.id:
            raise NotFoundError("This image is not one that you were given.")
        card = CARDS[image_id]
        own = self.book.standing(image_id)
        hidden = self.book.blind and own is None
        return ItemView(
            image_id=image_id,
            queue_id=queue_id,
            queue=LINE.name,
            instructions="Look at the hands. <i>Twice.</i>",
            reasons=("hands", "text"),
            blind=self.book.blind,
            told=None if hidden else Told(card.label, card.p, 2, ()),
            own=own,
            seen=own.id if own else 0,
            holds=own is None,
            previous=1 if image_id == 2 else None,
            following=2 if image_id == 1 else None,
            done=1,
            round_size=20,
        )

    def undo_last(self, user_id: int, collection_id: int, queue_id: int) -> int:
        for image_id in IMAGES:
            if given := self.book.standing(image_id):
                given_on = self.book.verdicts[image_id]
                given_on[given_on.index(given)] = replace(given, withdrawn=True)
                return image_id
        raise NotFoundError("There is nothing to undo in this queue.")


@dataclass
class QueueRounds:
    book: State

    def round_of(self, user_id: int, collection_id: int, queue_id: int, number: int) -> Round:
        if number > 1:
            raise NotFoundError("You have not judged so many images yet.")
        controls = (
            ControlResult(1, CARDS[1].name, "real", "real"),
            ControlResult(2, CARDS[2].name, "fake", "real"),
        )
        return Round(number, 20, controls, shared=8, agreed=6)
