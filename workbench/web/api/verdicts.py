"""Verdicts on images."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from flask import Blueprint
from pydantic import Field

from workbench.services import collections
from workbench.services.review import verdicts
from workbench.services.review.verdicts import LONGEST_REASON
from workbench.store.database import LARGEST_ID
from workbench.web.api.models import Id, Input, Number, Ordinal, Output
from workbench.web.api.operations import operation
from workbench.web.api.viewing import version_of
from workbench.web.site import security

blueprint = Blueprint("verdicts", __name__)
TAG = "Verdicts"
Decision = Literal["real", "fake", "unsure", "exclude"]
Label = Literal["real", "fake"]


class Verdict(Output):
    """What a person said of an image, with what was shown to them."""

    id: Id
    decision: Decision
    reason: str
    by: str
    at: datetime
    withdrawn: bool
    wrong_reason: bool
    """Whether the model is said to be right for the wrong reason."""
    blind: bool
    """Whether label, score and other people's verdicts were hidden."""
    shown_label: Label | None
    shown_p: Number | None
    shown_version: int | None


class VerdictList(Output):
    """The verdicts on an image, the newest first."""

    items: list[Verdict]


class NewVerdict(Input):
    """What to say of an image."""

    decision: Decision
    """What the image is, `unsure`, or `exclude` for one that is to be left out."""
    reason: str = Field(default="", max_length=LONGEST_REASON)
    wrong_reason: bool = False
    """Whether the model is right for the wrong reason."""
    shown_label: Label | None = None
    """The label that was shown; null for the one that stands."""
    version: Ordinal | None = None
    """The model version that was looked at; the active one by default."""
    seen: int | None = Field(default=None, ge=0, le=LARGEST_ID)
    """The id of one's own newest standing verdict, 0 for none: refused where there is another."""


@blueprint.get("/collections/<collection:name>/images/<record:image_id>/verdicts")
@operation(TAG, answer=VerdictList)
def list_verdicts(name: str, image_id: int) -> VerdictList:
    """List the verdicts on an image."""
    collections.require_image(name, image_id)
    found = verdicts.history(image_id)
    return VerdictList(items=[Verdict.model_validate(each) for each in found])


@blueprint.post("/collections/<collection:name>/images/<record:image_id>/verdicts")
@operation(TAG, answer=Verdict, action="judge", status=201)
def give_verdict(name: str, image_id: int, json: NewVerdict) -> Verdict:
    """Judge an image.

    A person's newer verdict replaces their older one; both stay in the history.
    """
    given = verdicts.give_verdict(
        security.user_id(),
        image_id,
        version_of(name, json.version).id,
        json.decision,
        json.reason,
        wrong_reason=json.wrong_reason,
        shown_label=json.shown_label,
        seen=json.seen,
    )
    return Verdict.model_validate(given)


@blueprint.delete("/verdicts/<record:verdict_id>")
@operation(TAG, answer=Verdict, action="judge")
def withdraw_verdict(verdict_id: int) -> Verdict:
    """Withdraw one's own verdict."""
    return Verdict.model_validate(verdicts.withdraw_verdict(security.user_id(), verdict_id))
