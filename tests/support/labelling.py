"""Decisions of several kinds on images that need no files."""

from __future__ import annotations

from dataclasses import asdict

from workbench.services.accounts import Account
from workbench.services.regions.found import new_region
from workbench.services.regions.shapes import Drawing, DrawnStep, fill
from workbench.services.review.decision_changes import record_changes
from workbench.services.review.findings import UNSAID, Finding
from workbench.services.review.tags import put_tag
from workbench.store.database import session, transaction
from workbench.store.images import Image
from workbench.store.judgements import Adjudication, CounterfactualNote, Verdict
from workbench.store.regions import DrawnRegion


def judge(image_id: int, decision: str, *people: Account, reason: str = "") -> None:
    """A verdict of each of these people."""
    with transaction() as write:
        write.add_all(
            Verdict(image_id=image_id, user_id=each.id, decision=decision, reason=reason)
            for each in people
        )
        record_changes(write, [image_id])


def adjudicate(image_id: int, decision: str, by: Account, *, by_majority: bool = False) -> None:
    """A final decision on an image."""
    with transaction() as write:
        write.add(
            Adjudication(
                image_id=image_id, user_id=by.id, decision=decision, by_majority=by_majority
            )
        )
        record_changes(write, [image_id])


def draw(
    image_id: int,
    by: Account,
    tag: str,
    *points: tuple[float, float],
    finding: Finding = UNSAID,
) -> int:
    """The region of a polygon that is drawn on an image, with a tag; its id."""
    image = session().get_one(Image, image_id)
    step = DrawnStep("polygon", points=points)
    drawing = Drawing(image.width, image.height, (step,))
    filled = fill(image, drawing)
    with transaction() as write:
        region_id = new_region(write, image_id, filled.normal, {})
        write.add(
            DrawnRegion(
                region_id=region_id,
                user_id=by.id,
                tool="polygon",
                picture_width=image.width,
                picture_height=image.height,
                **asdict(filled.full),
            )
        )
        put_tag(write, by.id, tag, finding, region_id=region_id)
    return region_id


def note(image_id: int, by: Account, text: str) -> None:
    """A counterfactual note."""
    with transaction() as write:
        write.add(
            CounterfactualNote(
                image_id=image_id,
                user_id=by.id,
                edit={"kind": "dimension", "label": "dimension 1", "dimension": 1},
                p_before=0.9,
                p_after=0.4,
                delta_logit=-2.0,
                expectation="fall",
                text=text,
            )
        )
