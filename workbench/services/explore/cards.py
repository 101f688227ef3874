"""An image's card: what a grid of images shows of each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from workbench.services.review.decisions import decisions_on
from workbench.store.database import session
from workbench.store.outcomes import WRONG
from workbench.store.results import Prediction


@dataclass(frozen=True)
class ImageCard:
    """An image in a grid. p(fake) is in [0, 1]; `decision` is the final one."""

    id: int
    name: str
    label: str | None
    generator: str
    p: float
    outcome: str
    wrong: bool
    held_out: bool
    decision: str | None


def cards_of(version_id: int, image_ids: Sequence[int]) -> tuple[ImageCard, ...]:
    """Cards of those images that a version has scored, in this order; two queries."""
    found = {
        each.image_id: each
        for each in session().scalars(
            select(Prediction)
            .options(joinedload(Prediction.image))
            .where(Prediction.version_id == version_id, Prediction.image_id.in_(image_ids))
        )
    }
    return cards([found[each] for each in image_ids if each in found])


def cards(predictions: Sequence[Prediction]) -> tuple[ImageCard, ...]:
    """Cards of these predictions, whose images are loaded; one query for their decisions."""
    decisions = decisions_on([each.image_id for each in predictions])
    return tuple(card_of(each, decisions.get(each.image_id)) for each in predictions)


def card_of(prediction: Prediction, decision: str | None) -> ImageCard:
    """The card of one prediction, whose image is loaded."""
    image = prediction.image
    return ImageCard(
        id=image.id,
        name=image.name,
        label=prediction.label,
        generator=image.generator,
        p=prediction.p,
        outcome=prediction.outcome,
        wrong=prediction.outcome in WRONG,
        held_out=image.held_out,
        decision=decision,
    )
