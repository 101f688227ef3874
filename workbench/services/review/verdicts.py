"""Verdicts: people's decisions on images."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from flask_babel import gettext, lazy_gettext
from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session, joinedload

from workbench.services import audit
from workbench.services.errors import (
    ConflictError,
    Differing,
    EditConflictError,
    InvalidError,
    NotFoundError,
)
from workbench.services.review.blinding import is_told
from workbench.services.review.decision_changes import record_change
from workbench.services.review.decisions import decisions_on, label_by
from workbench.services.review.queued import follow_verdicts
from workbench.services.review.withdrawal import Words, withdraw_own
from workbench.store.database import session, transaction
from workbench.store.images import LABELS, Image
from workbench.store.judgements import DECISIONS, Verdict
from workbench.store.outcomes import THRESHOLD
from workbench.store.people import User
from workbench.store.results import Prediction
from workbench.store.versions import ModelVersion

LONGEST_REASON = 2000
LAST_JUDGED = 50
WITHDRAWAL = Words(
    gone=lazy_gettext("This verdict is already withdrawn."),
    not_own=lazy_gettext("Only its author can withdraw this verdict."),
)


@dataclass(frozen=True)
class VerdictView:
    """A verdict in an image's history, with what was shown to who gave it."""

    id: int
    decision: str
    reason: str
    by: str
    at: datetime
    withdrawn: bool
    shown_label: str | None
    """The label that stood then; None where there was none."""
    shown_p: float | None
    shown_version: int | None
    """The number of the version that p(fake) is of."""
    blind: bool = False
    """Whether label, score and other people's verdicts were hidden."""
    wrong_reason: bool = False
    """Whether the model is said to be right for the wrong reason."""

    @property
    def overturns(self) -> bool | None:
        """Whether it overturns the label shown, or confirms it; None where one says no label."""
        if self.shown_label is None or self.decision not in LABELS:
            return None
        return self.decision != self.shown_label


@dataclass(frozen=True)
class _Shown:
    """An image as a page shows it under a version; p and number are None without one."""

    imported: str | None
    p: float | None
    version: int | None
    to: str
    """The name of who looks at it."""


@dataclass(frozen=True)
class Said:
    """What a person says of an image; `wrong_reason` of one that the model gets right."""

    decision: str
    reason: str = ""
    wrong_reason: bool = False


@dataclass(frozen=True)
class Prepared:
    """A verdict that was checked, with what was shown to who gives it; not written yet."""

    user_id: int
    image_id: int
    version_id: int | None
    said: Said
    blind: bool
    shown_label: str | None
    shown: _Shown


def give_verdict(  # noqa: PLR0913 - what a form says of an image, field by field
    user_id: int,
    image_id: int,
    version_id: int | None,
    decision: str,
    reason: str = "",
    *,
    shown_label: str | None = None,
    seen: int | None = None,
    wrong_reason: bool = False,
) -> VerdictView:
    """Decide on an image. A person's newer verdict replaces the older; both stay in the history.

    `shown_label` is the label that stood on the page, which others may have changed since; None
    for the one that stands now. `seen` is the id of that person's own newest standing verdict on
    the image as their page showed it, 0 for none; None is not compared. Raises EditConflictError,
    with both, where they have judged the image since: by a second key pressed in haste, or in
    another tab.
    """
    said = Said(decision, reason, wrong_reason=wrong_reason)
    prepared = prepare(user_id, image_id, version_id, said, shown_label=shown_label)
    with transaction() as write:
        if seen is not None:
            refuse_unseen(write, user_id, image_id, seen, prepared.said)
        view = add_verdict(write, prepared)
        follow_verdicts(write, user_id, [image_id])
        record_change(write, image_id)
        return view


def prepare(
    user_id: int,
    image_id: int,
    version_id: int | None,
    said: Said,
    *,
    shown_label: str | None = None,
    blind: bool = False,
) -> Prepared:
    """Check a verdict, and read what was shown, before the transaction that others wait for.

    To who is `blind` neither a label nor a score was shown. Raises InvalidError, NotFoundError.
    """
    if said.decision not in DECISIONS:
        raise InvalidError(f"A verdict must be one of {', '.join(DECISIONS)}.")
    if shown_label not in (None, *LABELS):
        raise InvalidError(f"A label must be one of {', '.join(LABELS)}.")
    if len(said.reason) > LONGEST_REASON:
        raise InvalidError(f"A reason has at most {LONGEST_REASON} characters.")
    shown = _shown(user_id, image_id, None if blind else version_id)
    called = None if shown.p is None else "fake" if shown.p > THRESHOLD else "real"
    if said.wrong_reason and said.decision != called:
        raise InvalidError(
            gettext("Only where the model is right, it can be right for the wrong reason.")
        )
    if shown_label is None and not blind:
        shown_label = label_by(shown.imported, decisions_on([image_id]).get(image_id))
    return Prepared(
        user_id=user_id,
        image_id=image_id,
        version_id=None if blind else version_id,
        said=replace(said, reason=said.reason.strip()),
        blind=blind,
        shown_label=shown_label,
        shown=shown,
    )


def add_verdict(write: Session, prepared: Prepared) -> VerdictView:
    """Add a verdict; at the end of its transaction queues follow, and the change is recorded."""
    audit.acting(write, prepared.user_id)
    verdict = Verdict(
        image_id=prepared.image_id,
        version_id=prepared.version_id,
        user_id=prepared.user_id,
        decision=prepared.said.decision,
        reason=prepared.said.reason,
        wrong_reason=prepared.said.wrong_reason,
        blind=prepared.blind,
        shown_label=prepared.shown_label,
        shown_p=prepared.shown.p,
    )
    write.add(verdict)
    write.flush()
    return _view(verdict, prepared.shown.to, prepared.shown.version)


def refuse_unseen(write: Session, user_id: int, image_id: int, seen: int, said: Said) -> None:
    """Raise EditConflictError where a person has judged an image since their page was loaded."""
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
        raise EditConflictError(
            gettext(
                "You have already judged this image since this page was loaded: %(decision)s. "
                "Nothing was changed. Load the page again to see your verdict and to change it.",
                decision=own.decision,
            ),
            by=None,
            at=own.created_at,
            revision=own.id,
            fields=(
                Differing("decision", gettext("Verdict"), own.decision, said.decision),
                Differing("reason", gettext("Reason"), own.reason, said.reason),
            ),
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


# Made once, as every verdict asks it.
_SHOWN = (
    select(Image.label, Prediction.p, ModelVersion.number, User.name)
    .select_from(Image)
    .join(User, User.id == bindparam("user_id"))
    .outerjoin(
        Prediction,
        (Prediction.image_id == Image.id) & (Prediction.version_id == bindparam("version_id")),
    )
    .outerjoin(ModelVersion, ModelVersion.id == Prediction.version_id)
    .where(Image.id == bindparam("image_id"))
)


def _shown(user_id: int, image_id: int, version_id: int | None) -> _Shown:
    """What is shown of an image. Raises NotFoundError.

    Before the write transaction, which others wait for: neither ever goes.
    """
    found = (
        session()
        .execute(
            _SHOWN,
            {"user_id": user_id, "image_id": image_id, "version_id": version_id},
        )
        .first()
    )
    if found is None:
        raise NotFoundError(gettext("Image not found."))
    shown = _Shown(*found)
    if version_id is not None and shown.p is None:
        raise NotFoundError(gettext("This version has no prediction for this image."))
    return shown


def withdraw_verdict(user_id: int, verdict_id: int) -> VerdictView:
    """Withdraw one's own verdict. Raises NotFoundError or ConflictError."""
    with transaction() as write:
        return withdraw_within(write, user_id, verdict_id)


def withdraw_within(write: Session, user_id: int, verdict_id: int) -> VerdictView:
    """The same within a transaction."""
    verdict = withdraw_own(write, user_id, Verdict, verdict_id, WITHDRAWAL)
    follow_verdicts(write, user_id, [verdict.image_id])
    number = write.scalar(select(ModelVersion.number).where(ModelVersion.id == verdict.version_id))
    view = verdict_view(verdict, number)
    record_change(write, verdict.image_id)
    return view


def check_restorable(write: Session, verdict: Verdict) -> None:
    """Raise ConflictError where the person has judged the image again: the newest counts."""
    newer = select(Verdict.id).where(
        Verdict.image_id == verdict.image_id,
        Verdict.user_id == verdict.user_id,
        Verdict.id > verdict.id,
        Verdict.withdrawn_at.is_(None),
    )
    if write.scalar(newer.limit(1)) is not None:
        raise ConflictError(gettext("You have judged this image again since."))


def history(image_id: int) -> tuple[VerdictView, ...]:
    """All verdicts on an image that the reader is told of, the newest first."""
    found = session().execute(
        select(Verdict, ModelVersion.number)
        .outerjoin(ModelVersion, ModelVersion.id == Verdict.version_id)
        .options(joinedload(Verdict.user))
        .where(Verdict.image_id == image_id, is_told(Verdict.image_id, Verdict.user_id))
        .order_by(Verdict.id.desc())
    )
    return tuple(verdict_view(verdict, number) for verdict, number in found)


def verdict_view(verdict: Verdict, version: int | None) -> VerdictView:
    """A verdict as pages show it; `version` is the number of the version that was shown."""
    return _view(verdict, verdict.user.name, version)


def _view(verdict: Verdict, by: str, version: int | None) -> VerdictView:
    return VerdictView(
        id=verdict.id,
        decision=verdict.decision,
        reason=verdict.reason,
        by=by,
        at=verdict.created_at,
        withdrawn=verdict.withdrawn_at is not None,
        shown_label=verdict.shown_label,
        shown_p=verdict.shown_p,
        shown_version=version,
        blind=verdict.blind,
        wrong_reason=verdict.wrong_reason,
    )
