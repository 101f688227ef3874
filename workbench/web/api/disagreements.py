"""Images that people disagree on, and adjudications of them."""

from __future__ import annotations

from datetime import datetime

from flask import Blueprint
from pydantic import Field

from workbench.services import workspaces
from workbench.services.queues import disagreements
from workbench.services.review import adjudications
from workbench.services.review.adjudications import LONGEST_REASON, Seen
from workbench.store.database import LARGEST_ID
from workbench.web.api.models import Id, Input, Output, Page, Paged
from workbench.web.api.operations import operation
from workbench.web.api.verdicts import Decision, Label, Verdict
from workbench.web.site import security

blueprint = Blueprint("disagreements", __name__)
TAG = "Disagreements"


class Opinion(Output):
    """What one person says of an image."""

    by: str
    decision: Decision


class Disputed(Output):
    """An image that waits for adjudication."""

    image_id: Id
    name: str
    opinions: list[Opinion]


class DisputedPage(Page):
    """Images that wait for adjudication."""

    items: list[Disputed]
    total: int


class DisputedQuery(Paged):
    """Which page of them."""


class Adjudication(Output):
    """The final decision on an image."""

    id: Id
    decision: Decision
    reason: str
    by: str
    at: datetime
    own_opinion: bool
    """Whether who decided had given one of the verdicts."""
    by_majority: bool
    """Whether it follows from the verdicts of a queue; nobody withdraws it as such."""


class Disagreement(Output):
    """What people say of an image, side by side."""

    image_id: Id
    name: str
    held_out: bool
    imported_label: Label | None
    disputed: bool
    """Whether people disagree and nobody has adjudicated."""
    verdicts: list[Verdict]
    """The newest of each person."""
    adjudication: Adjudication | None
    newest_verdict: int
    """To be sent back with an adjudication, like `adjudication_id`; 0 without one."""
    adjudication_id: int
    kept_out: bool
    """Whether its queue keeps the token's owner from adjudicating it, who judged it."""


class NewAdjudication(Input):
    """What to decide, and what was seen."""

    decision: Decision
    reason: str = Field(min_length=1, max_length=LONGEST_REASON)
    newest_verdict: int = Field(ge=0, le=LARGEST_ID)
    """As it was shown: refused where there is another by now, like `adjudication_id`."""
    adjudication_id: int = Field(default=0, ge=0, le=LARGEST_ID)


class MadeAdjudication(Output):
    """An adjudication that was made."""

    id: Id
    image_id: Id
    decision: Decision
    reason: str


@blueprint.get("/collections/<collection:name>/disagreements")
@operation(TAG, answer=DisputedPage)
def list_disagreements(name: str, query: DisputedQuery) -> DisputedPage:
    """List the images that wait for adjudication."""
    found = disagreements.disputed_images(
        workspaces.collection_id(name), query.after or 0, query.limit
    )
    return DisputedPage(
        items=[Disputed.model_validate(each) for each in found.images],
        total=found.total,
        next=None if found.after is None else str(found.after),
    )


@blueprint.get("/collections/<collection:name>/disagreements/<record:image_id>")
@operation(TAG, answer=Disagreement)
def get_disagreement(name: str, image_id: int) -> Disagreement:
    """Get what people say of an image."""
    found = disagreements.disagreement(workspaces.collection_id(name), image_id)
    told = vars(found) | {
        "imported_label": found.standing.imported,
        "disputed": found.standing.disputed,
        "verdicts": found.standing.verdicts,
        "adjudication": found.standing.adjudication,
        "newest_verdict": found.newest_verdict,
        "adjudication_id": found.adjudication_id,
        "kept_out": security.may("adjudicate")
        and disagreements.is_kept_out(security.user_id(), image_id),
    }
    return Disagreement.model_validate(told)


@blueprint.post("/collections/<collection:name>/disagreements/<record:image_id>")
@operation(TAG, answer=MadeAdjudication, action="adjudicate", status=201)
def adjudicate(name: str, image_id: int, json: NewAdjudication) -> MadeAdjudication:
    """Decide on an image that people disagree on, or decide anew."""
    disagreements.find_image(workspaces.collection_id(name), image_id)
    made = adjudications.adjudicate(
        security.user_id(),
        image_id,
        json.decision,
        json.reason,
        Seen(json.newest_verdict, json.adjudication_id),
        independent=disagreements.must_be_independent(image_id),
    )
    return MadeAdjudication(id=made, image_id=image_id, decision=json.decision, reason=json.reason)


@blueprint.delete("/adjudications/<record:adjudication_id>")
@operation(TAG, action="adjudicate")
def withdraw_adjudication(adjudication_id: int) -> None:
    """Withdraw one's own adjudication: people disagree on the image again."""
    adjudications.withdraw_adjudication(security.user_id(), adjudication_id)
