"""Judging the images of a review queue as one is given them; hidden is what pages hide."""

from __future__ import annotations

from flask import Blueprint
from flask_babel import gettext
from pydantic import Field

from workbench.services import workspaces
from workbench.services.errors import ConflictError
from workbench.services.queues import claims, judging, rounds, walking
from workbench.services.review.verdicts import LONGEST_REASON, Said
from workbench.store.database import LARGEST_ID
from workbench.web.api.models import Id, Input, Number, Output
from workbench.web.api.operations import operation
from workbench.web.api.verdicts import Decision, Label, Verdict
from workbench.web.site import security

blueprint = Blueprint("queue_walk", __name__)
TAG = "Review queues"


class Claim(Input):
    """Which image one skips, if any."""

    skip: Id | None = None
    """The image that one was given and does not judge now; it comes back after all others."""


class Claimed(Output):
    """The images that one is given; with none nothing is left."""

    image_ids: list[Id]
    """At most two: the one to judge now, and the next."""


class TurnLabel(Output):
    """What one is told of an image: in a blind queue, once one has decided."""

    label: Label | None
    """As imported."""
    p: Number | None
    """p(fake)."""
    version_id: int | None
    """The id of the version that p(fake) is of."""
    others: list[Verdict]
    """What others say; empty until one has decided."""


class Turn(Output):
    """An image of a queue as one is shown it."""

    image_id: Id
    queue_id: Id
    queue: str
    instructions: str
    reasons: list[str]
    blind: bool
    told: TurnLabel | None
    """Null where label and score are hidden."""
    own: Verdict | None
    """One's verdict, once one has decided here."""
    seen: int
    """The id of one's newest verdict on the image, 0 without one; sent back with a verdict."""
    holds: bool
    """Whether it is one's turn: else it is one that one judged, or had."""
    previous: int | None
    """The image that one judged or skipped before."""
    following: int | None
    """The image that one holds next."""
    done: int
    """Images of the queue that one has judged."""
    in_round: int
    """Those of them that are of the round that runs."""
    round_size: int


class TurnVerdict(Input):
    """What to say of an image of a queue."""

    decision: Decision
    reason: str = Field(default="", max_length=LONGEST_REASON)
    wrong_reason: bool = False
    """Whether the model is right for the wrong reason."""
    seen: int | None = Field(default=None, ge=0, le=LARGEST_ID)
    """The `seen` of what was shown: refused where one has given another verdict since."""


class Judged(Output):
    """A verdict on an image of a queue, and what came of it."""

    verdict: Verdict
    counted: bool
    """Whether it is one of the queue's verdicts; else it is kept on the image alone."""
    why_not: str
    ends_round: int | None
    """The number of the round that it ends."""


class ControlResult(Output):
    """A hidden control that one judged."""

    image_id: Id
    name: str
    answer: Decision
    """What it is known to be."""
    decision: Decision
    """What one said first."""
    right: bool


class Round(Output):
    """How a round of one's own went."""

    number: int
    judged: int
    controls: list[ControlResult]
    controls_right: int
    shared: int
    """Images that others have judged, too."""
    agreed: int
    """Of those, the ones that all others judged alike."""


_QUEUE = "/collections/<collection:name>/queues/<record:queue_id>"
_TURN = f"{_QUEUE}/images/<record:image_id>"


@blueprint.post(f"{_QUEUE}/claims")
@operation(TAG, answer=Claimed, action="judge")
def claim_images(name: str, queue_id: int, json: Claim) -> Claimed:
    """Be given the next images of a queue, or those that one holds.

    A turn lasts some minutes; `lease` renews it.
    """
    found = claims.claim(
        security.user_id(), workspaces.collection_id(name), queue_id, after=json.skip
    )
    return Claimed.model_validate(found)


@blueprint.get(_TURN)
@operation(TAG, answer=Turn, action="judge")
def get_turn(name: str, queue_id: int, image_id: int) -> Turn:
    """Get an image that one was given, as one is to see it."""
    return _turn(name, queue_id, image_id)


@blueprint.post(f"{_TURN}/verdicts")
@operation(TAG, answer=Judged, action="judge", status=201)
def judge_in_queue(name: str, queue_id: int, image_id: int, json: TurnVerdict) -> Judged:
    """Judge an image of a queue.

    It is kept in any case, and counts in the queue where the image still needs it.
    """
    said = Said(json.decision, json.reason, wrong_reason=json.wrong_reason)
    found = judging.judge(
        security.user_id(),
        workspaces.collection_id(name),
        queue_id,
        image_id,
        said,
        seen=json.seen,
    )
    return Judged.model_validate(found)


@blueprint.post(f"{_TURN}/lease")
@operation(TAG, action="judge")
def renew_lease(name: str, queue_id: int, image_id: int) -> None:
    """Keep one's turn at an image while one works at it."""
    collection_id = workspaces.collection_id(name)
    if not claims.renew(security.user_id(), collection_id, queue_id, image_id):
        raise ConflictError(gettext("Your turn at this image has run out."))


@blueprint.post(f"{_QUEUE}/undo")
@operation(TAG, answer=Turn, action="judge")
def undo_in_queue(name: str, queue_id: int) -> Turn:
    """Withdraw one's newest verdict in a queue, and be given its image again."""
    collection_id = workspaces.collection_id(name)
    return _turn(name, queue_id, walking.undo_last(security.user_id(), collection_id, queue_id))


@blueprint.get(f"{_QUEUE}/rounds/<record:number>")
@operation(TAG, answer=Round, action="judge")
def get_round(name: str, queue_id: int, number: int) -> Round:
    """Get how a round of one's own went, once it has ended."""
    found = rounds.round_of(security.user_id(), workspaces.collection_id(name), queue_id, number)
    return Round.model_validate(found)


def _turn(name: str, queue_id: int, image_id: int) -> Turn:
    found = walking.item_view(
        security.user_id(), workspaces.collection_id(name), queue_id, image_id
    )
    return Turn.model_validate(found)
