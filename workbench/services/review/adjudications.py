"""Adjudications: the final decision on an image that people disagree on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from flask_babel import gettext, lazy_gettext
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from workbench.services.errors import (
    ConflictError,
    Differing,
    EditConflictError,
    InvalidError,
    NotFoundError,
)
from workbench.services.review.decision_changes import record_change
from workbench.services.review.withdrawal import Words, withdraw_own
from workbench.store.database import now, transaction
from workbench.store.images import Image
from workbench.store.judgements import DECISIONS, Adjudication, Verdict

LONGEST_REASON = 2000
WITHDRAWAL = Words(
    gone=lazy_gettext("This adjudication is already withdrawn."),
    not_own=lazy_gettext(
        "Only its author can withdraw this adjudication. You can adjudicate again."
    ),
)


@dataclass(frozen=True)
class Seen:
    """What a page showed of an image: its newest verdict and adjudication, 0 where it had none."""

    verdict_id: int
    adjudication_id: int


def adjudicate(
    user_id: int,
    image_id: int,
    decision: str,
    reason: str,
    seen: Seen,
    *,
    independent: bool = False,
) -> int:
    """Decide on an image where people disagree, or decide anew; the id of the adjudication.

    Raises NotFoundError; InvalidError without a reason, and for an image that people agree on;
    ConflictError where `independent` and the person has judged the image, also where they have
    withdrawn that, as it can be restored; EditConflictError where somebody has judged or
    adjudicated the image since the page was loaded.
    """
    reason = reason.strip()
    if decision not in DECISIONS:
        raise InvalidError(gettext("Choose a decision: real, fake, unsure or exclude."))
    if not reason:
        raise InvalidError(gettext("Write a reason: those who disagreed will read it."))
    if len(reason) > LONGEST_REASON:
        raise InvalidError(f"A reason has at most {LONGEST_REASON} characters.")
    with transaction() as write:
        # Of two who adjudicate at one moment the second is compared once the first has been saved.
        locked = select(Image.id).where(Image.id == image_id).with_for_update(key_share=True)
        if write.scalar(locked) is None:
            raise NotFoundError(gettext("Image not found."))
        opinions = _standing(write, image_id)
        standing = _newest(write, image_id)
        _refuse_unseen(opinions, standing, seen, decision, reason)
        if standing is None and len({each.decision for each in opinions}) < 2:
            raise InvalidError(gettext("People do not disagree on this image: give a verdict."))
        own_opinion = any(each.user_id == user_id for each in opinions)
        if independent and has_judged(write, user_id, image_id):
            raise ConflictError(
                gettext("You have judged this image: another reviewer has to adjudicate.")
            )
        made = Adjudication(
            image_id=image_id,
            user_id=user_id,
            decision=decision,
            reason=reason,
            own_opinion=own_opinion,
        )
        write.add(made)
        write.flush()
        made_id = made.id
        record_change(write, image_id)
        return made_id


def withdraw_adjudication(user_id: int, adjudication_id: int) -> None:
    """Withdraw one's own adjudication. Raises NotFoundError or ConflictError."""
    with transaction() as write:
        found = withdraw_own(write, user_id, Adjudication, adjudication_id, WITHDRAWAL)
        record_change(write, found.image_id)


def check_restorable(write: Session, adjudication: Adjudication) -> None:
    """Raise ConflictError where the image was adjudicated again: the newest counts."""
    newer = select(Adjudication.id).where(
        Adjudication.image_id == adjudication.image_id,
        Adjudication.id > adjudication.id,
        Adjudication.withdrawn_at.is_(None),
    )
    if write.scalar(newer.limit(1)) is not None:
        raise ConflictError(gettext("This image has been adjudicated again since."))


def settle(write: Session, user_id: int, image_id: int, decisions: Sequence[str]) -> None:
    """Let what most of these decisions of a review queue say be what was decided by majority.

    None of them, or no majority: nothing is decided so. Within the transaction of what this person
    decided, and before its change is recorded. Where a person has adjudicated, that is left as it
    is.
    """
    decision = _majority(decisions)
    settled = write.scalars(
        select(Adjudication).where(
            Adjudication.image_id == image_id,
            Adjudication.by_majority,
            Adjudication.withdrawn_at.is_(None),
        )
    ).all()
    for each in settled:
        if each.decision != decision:
            each.withdrawn_at = now()
    write.flush()
    if decision is not None and _newest(write, image_id) is None:
        write.add(
            Adjudication(image_id=image_id, user_id=user_id, decision=decision, by_majority=True)
        )


def _majority(decisions: Sequence[str]) -> str | None:
    """What more than half of some decisions say."""
    for decision, most in Counter(decisions).most_common(1):
        if 2 * most > len(decisions):
            return decision
    return None


def has_judged(write: Session, user_id: int, image_id: int) -> bool:
    """Whether a person ever gave a verdict on an image, also one that they withdrew."""
    given = select(Verdict.id).where(Verdict.image_id == image_id, Verdict.user_id == user_id)
    return write.scalar(given.limit(1)) is not None


def _newest(write: Session, image_id: int) -> Adjudication | None:
    return write.scalars(
        select(Adjudication)
        .where(Adjudication.image_id == image_id, Adjudication.withdrawn_at.is_(None))
        .order_by(Adjudication.id.desc())
        .limit(1)
    ).first()


def _standing(write: Session, image_id: int) -> Sequence[Verdict]:
    """Each person's newest standing verdict on an image."""
    newest = (
        select(func.max(Verdict.id))
        .where(Verdict.image_id == image_id, Verdict.withdrawn_at.is_(None))
        .group_by(Verdict.user_id)
    )
    return write.scalars(select(Verdict).where(Verdict.id.in_(newest))).all()


def _refuse_unseen(
    opinions: Sequence[Verdict],
    standing: Adjudication | None,
    seen: Seen,
    decision: str,
    reason: str,
) -> None:
    if standing is not None and standing.id != seen.adjudication_id:
        raise EditConflictError(
            gettext("This image has been adjudicated since this page was loaded."),
            by=standing.user.name,
            at=standing.created_at,
            revision=standing.id,
            fields=(
                Differing("decision", gettext("Decision"), standing.decision, decision),
                Differing("reason", gettext("Reason"), standing.reason, reason),
            ),
        )
    if max((each.id for each in opinions), default=0) != seen.verdict_id:
        raise ConflictError(
            gettext(
                "The verdicts on this image have changed since this page was loaded. Nothing was "
                "saved. Load the page again to see them."
            )
        )
