"""What nobody has judged of a version's misclassified images, then of those without a label."""

from __future__ import annotations

from flask import Blueprint
from pydantic import Field

from workbench.services.explore import review_queue
from workbench.web.api.models import Id, Number, Output, Page, Paged
from workbench.web.api.operations import operation
from workbench.web.api.viewing import VersionQuery, version_of

blueprint = Blueprint("review_queue", __name__)
TAG = "Verdicts"


class ToJudge(Output):
    """An image that waits for a verdict."""

    image_id: Id
    p: Number = Field(ge=0, le=1)
    """p(fake)."""
    wrong: bool
    """Whether it is misclassified; else it has no label."""


class ToJudgePage(Page):
    """Images that wait for a verdict, the most urgent first."""

    items: list[ToJudge]
    total: int


class ToJudgeQuery(VersionQuery, Paged):
    """Under which version, and which page."""


@blueprint.get("/collections/<collection:name>/to-judge")
@operation(TAG, answer=ToJudgePage)
def list_to_judge(name: str, query: ToJudgeQuery) -> ToJudgePage:
    """List the images that nobody has judged.

    The misclassified come first, the most wrong at the front; then those without a label.
    """
    queue = review_queue.review_queue(version_of(name, query.version).id)
    found = queue.some(query.after, query.limit + 1)
    shown = found[: query.limit]
    return ToJudgePage(
        items=[ToJudge.model_validate(each) for each in shown],
        total=queue.count,
        next=str(shown[-1].image_id) if len(found) > query.limit else None,
    )
