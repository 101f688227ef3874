"""Verdicts: people's decisions on images."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from flask_babel import gettext, lazy_gettext
from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from workbench.services import audit
from workbench.services.errors import ConflictError, InvalidError, NotFoundError
from workbench.services.review.decision_changes import record_change
from workbench.services.review.withdrawal import Words, withdraw_own
from workbench.store.database import session, transaction
from workbench.store.images import Image
from workbench.store.judgements import DECISIONS, Verdict
from workbench.store.people import User
from workbench.store.results import Prediction

LONGEST_REASON = 2000
LAST_JUDGED = 50
_WITHDRAWAL = Words(
    action="verdict.withdraw",
    subject="verdict",
    gone=lazy_gettext("This verdict is already withdrawn."),
    not_own=lazy_gettext("Only its author can withdraw this verdict."),
)


@dataclass(frozen=True)
class VerdictView:
    """A verdict in an image's history."""

    id: int
    decision: str
    reason: str
    by: str
    at: datetime
    withdrawn: bool


def give_verdict(
    user_id: int,
    image_id: int,
    version_id: int | None,
    decision: str,
    reason: str = "",
    *,
    seen: int | None = None,
) -> VerdictView:
    """Decide on an image. A person's newer verdict replaces the older; both stay in the history.

    `seen` is the id of that person's own newest standing verdict on the image as their page showed
    it, 0 for none; None is not compared. Raises ConflictError where they have judged the image
    since: by a second key pressed in haste, or in another tab.
    """
    if decision not in DECISIONS:
        raise InvalidError(f"A verdict must be one of {', '.join(DECISIONS)}.")
    if len(reason) > LONGEST_REASON:
        raise InvalidError(f"A reason has at most {LONGEST_REASON} characters.")
    _check_scored(image_id, version_id)
    by = session().scalars(select(User.name).where(User.id == user_id)).one()
    with transaction() as write:
        if seen is not None:
            _refuse_unseen(write, user_id, image_id, seen)
        verdict = Verdict(
            image_id=image_id,
            version_id=version_id,
            user_id=user_id,
            decision=decision,
            reason=reason.strip(),
        )
        write.add(verdict)
        write.flush()
        audit.record(write, user_id, "verdict.give", f"verdict:{verdict.id}", decision=decision)
        view = _view(verdict, by)
        record_change(write, image_id)
        return view


def _refuse_unseen(write: Session, user_id: int, image_id: int, seen: int) -> None:
    # Of two verdicts sent at one moment the second is compared once the first has been saved.
    write.execute(select(Image.id).where(Image.id == image_id).with_for_update(key_share=True))
    own = write.scalars(
        select(Verdict)
        .where(
            Verdict.image_id == image_id,
            Verdict.user_id == user_id,
            Verdict.withdrawn_at.is_(None),
        )
        .order_by(Verdict.id.desc())
        .limit(1)
    ).first()
    if own is not None and own.id != seen:
        raise ConflictError(
            gettext(
                "You have already judged this image since this page was loaded. Nothing was "
                "changed. Load the page again to see your verdict and to change it."
            )
        )


def last_judged(user_id: int) -> tuple[int, ...]:
    """The images that a person judged last, the newest first; at most 50, some perhaps twice."""
    return tuple(
        session().scalars(
            select(Verdict.image_id)
            .where(Verdict.user_id == user_id, Verdict.withdrawn_at.is_(None))
            .order_by(Verdict.id.desc())
            .limit(LAST_JUDGED)
        )
    )


def _check_scored(image_id: int, version_id: int | None) -> None:
    """Before the write transaction, which others wait for: neither ever goes."""
    scored = (
        session()
        .execute(
            select(Prediction.image_id)
            .select_from(Image)
            .outerjoin(
                Prediction,
                (Prediction.image_id == Image.id) & (Prediction.version_id == version_id),
            )
            .where(Image.id == image_id)
        )
        .first()
    )
    if scored is None:
        raise NotFoundError(gettext("Image not found."))
    if version_id is not None and scored.image_id is None:
        raise NotFoundError(gettext("This version has no prediction for this image."))


def withdraw_verdict(user_id: int, verdict_id: int) -> VerdictView:
    """Take one's own verdict back. Raises NotFoundError or ConflictError."""
    with transaction() as write:
        verdict = withdraw_own(write, user_id, Verdict, verdict_id, _WITHDRAWAL)
        view = verdict_view(verdict)
        record_change(write, verdict.image_id)
        return view


def history(image_id: int) -> tuple[VerdictView, ...]:
    """All verdicts on an image, the newest first."""
    found = session().scalars(
        select(Verdict)
        .options(joinedload(Verdict.user))
        .where(Verdict.image_id == image_id)
        .order_by(Verdict.id.desc())
    )
    return tuple(verdict_view(each) for each in found)


def verdict_view(verdict: Verdict) -> VerdictView:
    """A verdict as pages show it."""
    return _view(verdict, verdict.user.name)


def _view(verdict: Verdict, by: str) -> VerdictView:
    return VerdictView(
        id=verdict.id,
        decision=verdict.decision,
        reason=verdict.reason,
        by=by,
        at=verdict.created_at,
        withdrawn=verdict.withdrawn_at is not None,
    )
