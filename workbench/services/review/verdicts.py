"""Verdicts: people's decisions on images."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from flask_babel import gettext, lazy_gettext
from sqlalchemy import select
from sqlalchemy.orm import joinedload

from workbench.services import audit
from workbench.services.errors import InvalidError, NotFoundError
from workbench.services.review.decision_changes import record_change
from workbench.services.review.withdrawal import Words, withdraw_own
from workbench.store.database import session, transaction
from workbench.store.images import Image
from workbench.store.judgements import DECISIONS, Verdict
from workbench.store.results import Prediction

LONGEST_REASON = 2000
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
    user_id: int, image_id: int, version_id: int | None, decision: str, reason: str = ""
) -> VerdictView:
    """Decide on an image. A person's newer verdict replaces the older; both stay in the history."""
    if decision not in DECISIONS:
        raise InvalidError(f"A verdict must be one of {', '.join(DECISIONS)}.")
    if len(reason) > LONGEST_REASON:
        raise InvalidError(f"A reason has at most {LONGEST_REASON} characters.")
    with transaction() as write:
        image = write.get(Image, image_id)
        if image is None:
            raise NotFoundError(gettext("Image not found."))
        if version_id is not None and write.get(Prediction, (version_id, image_id)) is None:
            raise NotFoundError(gettext("This version has no prediction for this image."))
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
        view = verdict_view(verdict)
        record_change(write, image)
        return view


def withdraw_verdict(user_id: int, verdict_id: int) -> VerdictView:
    """Take one's own verdict back. Raises NotFoundError or ConflictError."""
    with transaction() as write:
        verdict = withdraw_own(write, user_id, Verdict, verdict_id, _WITHDRAWAL)
        view = verdict_view(verdict)
        record_change(write, verdict.image)
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
    return VerdictView(
        id=verdict.id,
        decision=verdict.decision,
        reason=verdict.reason,
        by=verdict.user.name,
        at=verdict.created_at,
        withdrawn=verdict.withdrawn_at is not None,
    )
