"""Review queues: listed, made, and led."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from flask import Blueprint
from pydantic import Field

from workbench.services import workspaces
from workbench.services.queues import leading, making, progress
from workbench.services.queues.making import (
    LARGEST_CONTROL_SHARE,
    LONGEST_INSTRUCTIONS,
    LONGEST_NAME,
    LONGEST_REASON,
    MOST_REASONS,
    MOST_VERDICTS,
    ROUND_SIZE,
    Plan,
)
from workbench.services.queues.progress import QueueView
from workbench.services.queues.sources import Source
from workbench.web.api.models import Id, Input, Line, Number, Output
from workbench.web.api.operations import operation
from workbench.web.api.verdicts import Decision
from workbench.web.api.viewing import FilterQuery, view_of
from workbench.web.request.queue_plan import MOST_IMAGES
from workbench.web.site import security

blueprint = Blueprint("queues", __name__)
TAG = "Review queues"
QueueSource = Literal["misclassified", "uncertain", "label_errors", "slice", "random"]
Disputes = Literal["any", "majority"]
MOST_PEOPLE = 10_000
Share = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]


class QueueLine(Output):
    """A review queue in a list. Verdicts on hidden controls are not counted."""

    id: Id
    name: str
    source: QueueSource
    images: int
    done: int
    """Verdicts given; to who does not lead, in a queue with hidden controls, those of ended
    rounds."""
    needed: int
    """Verdicts needed."""
    created_by: str
    created_at: datetime
    state: Literal["open", "done", "paused", "ended", "making"]
    """`making` while its images are written."""
    own: bool
    """Whether the token's owner takes part."""


class QueueList(Output):
    """The review queues of a collection: open ones first, then the newest."""

    items: list[QueueLine]


class Participant(Output):
    """What one person has done in a queue."""

    user_id: Id
    name: str
    judged: int
    skipped: int
    """Of those that they have not judged since."""
    holding: int
    """Images that they are at."""
    seconds: Number | None
    """Median time that a verdict took."""
    controls: int | None
    """Hidden controls that they judged; null to who does not lead, like `controls_right`."""
    controls_right: int | None
    """By what they said first."""
    is_member: bool
    """Whether the queue names them."""
    sees: bool
    """Whether they see the collection; who does not is given nothing."""


class QueueForecast(Output):
    """How long the verdicts take that are left, with 95% intervals; null where nothing tells."""

    left: int
    pace: Number
    """Verdicts a day."""
    days: Number | None
    low: Number | None
    high: Number | None


class QueueDetail(QueueLine):
    """A review queue with its rules, its people and how long it takes."""

    instructions: str
    version: int | None
    """The number of the version that it was made under."""
    verdicts_needed: int
    """Of an image, by different people."""
    disputes: Disputes
    """Which disagreements are adjudicated: `any`, or those without a `majority`."""
    blind: bool
    """Whether label, score and other verdicts are hidden until one has decided."""
    independent: bool
    """Whether who judged an image is kept from adjudicating it."""
    everybody: bool
    """Whether all take part who may give verdicts; else those named."""
    has_controls: bool
    """Whether hidden controls are mixed in."""
    controls: int | None
    """How many; null to who does not lead, like `control_share`."""
    control_share: Number | None
    """Of what one is given."""
    round_size: int
    reasons: list[str]
    """Reasons to choose from."""
    finished: int
    """Images that have all their verdicts."""
    able: int
    """How many people can take part."""
    people: list[Participant]
    ahead: QueueForecast


class NewQueue(Input):
    """How images are chosen, and how they are to be judged."""

    name: Line = Field(min_length=1, max_length=LONGEST_NAME)
    source: QueueSource = "misclassified"
    filters: FilterQuery = FilterQuery()
    """The version, and which images of it are in a `slice`."""
    low: Share = 0.4
    """Lowest p(fake) of `uncertain` images; `high` is the highest."""
    high: Share = 0.6
    share: Annotated[float, Field(gt=0, le=1, allow_inf_nan=False)] = 0.1
    """Of all images, in a `random` sample."""
    most: int | None = Field(default=None, ge=1, le=MOST_IMAGES)
    """So many images at most."""
    verdicts_needed: int = Field(default=1, ge=1, le=MOST_VERDICTS)
    disputes: Disputes = "any"
    blind: bool = True
    independent: bool = True
    control_share: Annotated[float, Field(ge=0, le=LARGEST_CONTROL_SHARE, allow_inf_nan=False)] = (
        0.0
    )
    """How much of what one is given are hidden controls, of images that were adjudicated."""
    instructions: str = Field(default="", max_length=LONGEST_INSTRUCTIONS)
    reasons: list[Annotated[str, Field(min_length=1, max_length=LONGEST_REASON)]] = Field(
        default=[], max_length=MOST_REASONS
    )
    members: list[Id] = Field(default=[], max_length=MOST_PEOPLE)
    """Who takes part; nobody for everybody."""
    round_size: int = Field(default=ROUND_SIZE, ge=1, le=200)


class NewInstructions(Input):
    """What those who judge are told."""

    instructions: str = Field(max_length=LONGEST_INSTRUCTIONS)


class QueuePeople(Input):
    """Who takes part."""

    everybody: bool = False
    """All who may give verdicts; `members` are not looked at."""
    members: list[Id] = Field(default=[], max_length=MOST_PEOPLE)


class HandOver(Input):
    """Who gives what they have not judged to whom."""

    from_id: Id
    to_id: Id


class HandedOver(Output):
    """What came of it."""

    handed: int
    """How many images."""


class Control(Input):
    """An image that is mixed in, and what it is known to be."""

    image_id: Id
    answer: Decision


@blueprint.get("/collections/<collection:name>/queues")
@operation(TAG, answer=QueueList)
def list_queues(name: str) -> QueueList:
    """List the review queues of a collection."""
    found = progress.queues(workspaces.collection_id(name), _reader(), leads=_leads())
    return QueueList(items=[QueueLine.model_validate(each) for each in found])


@blueprint.post("/collections/<collection:name>/queues")
@operation(TAG, answer=QueueDetail, action="queues", status=201)
def make_queue(name: str, json: NewQueue) -> QueueDetail:
    """Make a review queue."""
    view, version = view_of(name, json.filters)
    plan = Plan(
        name=json.name,
        source=Source(
            json.source,
            p=(json.low, json.high),
            share=json.share,
            selection=view.selection,
            arguments=view.changed(queue=False, version=None).arguments(),
            most=json.most,
        ),
        verdicts_needed=json.verdicts_needed,
        disputes=json.disputes,
        blind=json.blind,
        independent=json.independent,
        control_share=json.control_share,
        instructions=json.instructions,
        reasons=tuple(json.reasons),
        members=tuple(json.members),
        round_size=json.round_size,
    )
    collection_id = workspaces.collection_id(name)
    return _told(
        collection_id, making.make_queue(security.user_id(), collection_id, version.id, plan)
    )


@blueprint.get("/collections/<collection:name>/queues/<record:queue_id>")
@operation(TAG, answer=QueueDetail)
def get_queue(name: str, queue_id: int) -> QueueDetail:
    """Get a review queue with how far it is."""
    return _told(workspaces.collection_id(name), queue_id)


@blueprint.put("/collections/<collection:name>/queues/<record:queue_id>/instructions")
@operation(TAG, answer=QueueDetail, action="queues")
def write_instructions(name: str, queue_id: int, json: NewInstructions) -> QueueDetail:
    """Change the instructions of a queue."""
    collection_id = workspaces.collection_id(name)
    leading.write_instructions(security.user_id(), collection_id, queue_id, json.instructions)
    return _told(collection_id, queue_id)


@blueprint.put("/collections/<collection:name>/queues/<record:queue_id>/people")
@operation(TAG, answer=QueueDetail, action="queues")
def choose_people(name: str, queue_id: int, json: QueuePeople) -> QueueDetail:
    """Say who takes part in a queue.

    Who no longer does is given nothing more; their verdicts stay.
    """
    collection_id = workspaces.collection_id(name)
    leading.choose_people(
        security.user_id(), collection_id, queue_id, json.members, everybody=json.everybody
    )
    return _told(collection_id, queue_id)


@blueprint.post("/collections/<collection:name>/queues/<record:queue_id>/hand-over")
@operation(TAG, answer=HandedOver, action="queues")
def hand_over(name: str, queue_id: int, json: HandOver) -> HandedOver:
    """Give another person what one was given and has not judged."""
    collection_id = workspaces.collection_id(name)
    return HandedOver(
        handed=leading.hand_over(
            security.user_id(), collection_id, queue_id, json.from_id, json.to_id
        )
    )


@blueprint.post("/collections/<collection:name>/queues/<record:queue_id>/controls")
@operation(TAG, answer=QueueDetail, action="queues", status=201)
def name_control(name: str, queue_id: int, json: Control) -> QueueDetail:
    """Make an image a hidden control, or correct what one is known to be."""
    collection_id = workspaces.collection_id(name)
    leading.name_control(security.user_id(), collection_id, queue_id, json.image_id, json.answer)
    return _told(collection_id, queue_id)


@blueprint.post("/collections/<collection:name>/queues/<record:queue_id>/pause")
@operation(TAG, answer=QueueDetail, action="queues")
def pause_queue(name: str, queue_id: int) -> QueueDetail:
    """Give out nothing more of a queue for now."""
    return _paused(name, queue_id, paused=True)


@blueprint.post("/collections/<collection:name>/queues/<record:queue_id>/resume")
@operation(TAG, answer=QueueDetail, action="queues")
def resume_queue(name: str, queue_id: int) -> QueueDetail:
    """Go on with a queue that was paused."""
    return _paused(name, queue_id, paused=False)


@blueprint.post("/collections/<collection:name>/queues/<record:queue_id>/end")
@operation(TAG, answer=QueueDetail, action="queues")
def end_queue(name: str, queue_id: int) -> QueueDetail:
    """End a queue for good. Its verdicts stay."""
    collection_id = workspaces.collection_id(name)
    leading.end(security.user_id(), collection_id, queue_id)
    return _told(collection_id, queue_id)


def _paused(name: str, queue_id: int, *, paused: bool) -> QueueDetail:
    collection_id = workspaces.collection_id(name)
    leading.pause(security.user_id(), collection_id, queue_id, paused=paused)
    return _told(collection_id, queue_id)


def _told(collection_id: int, queue_id: int) -> QueueDetail:
    return _detail(progress.queue_view(collection_id, queue_id, _reader(), leads=_leads()))


def _detail(found: QueueView) -> QueueDetail:
    """A queue, without what who does not lead must not know of hidden controls."""
    hidden = {} if _leads() else {"controls": None, "control_share": None}
    hidden_of_person = {} if _leads() else {"controls": None, "controls_right": None}
    people = [vars(each) | hidden_of_person for each in found.people]
    told = vars(found.line) | vars(found) | {"has_controls": found.control_share > 0}
    return QueueDetail.model_validate(told | hidden | {"people": people})


def _reader() -> int | None:
    """Who is told whether they take part: who may give verdicts."""
    return security.user_id() if security.may("judge") else None


def _leads() -> bool:
    return security.may("queues")
