"""The label that stands for an image, and where it comes from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from workbench.services.review.blinding import is_told
from workbench.services.review.decisions import final_decision, label_by
from workbench.services.review.verdicts import VerdictView
from workbench.store.database import session
from workbench.store.images import LABELS
from workbench.store.judgements import Adjudication
from workbench.store.people import User


@dataclass(frozen=True)
class AdjudicationView:
    """The adjudication that counts on an image."""

    decision: str
    by: str
    at: datetime
    id: int = 0
    reason: str = ""
    own_opinion: bool = False
    """Whether the adjudicator had given one of the verdicts."""
    by_majority: bool = False


@dataclass(frozen=True)
class StandingLabel:
    """What an image is taken for at present: what the next training and the test set take it for.

    Versions made earlier may have taken it for the other one.
    """

    imported: str | None
    verdicts: tuple[VerdictView, ...]
    """The newest standing verdict of each person, the newest first."""
    adjudication: AdjudicationView | None

    @property
    def decision(self) -> str | None:
        """The final decision; None where nobody judged the image."""
        adjudicated = self.adjudication.decision if self.adjudication else None
        return final_decision((each.decision for each in self.verdicts), adjudicated)

    @property
    def label(self) -> str | None:
        """The decided label, else the imported one; None for an image that has neither."""
        return label_by(self.imported, self.decision)

    @property
    def opposite(self) -> str | None:
        """The label that it would be overturned to; None where there is none to overturn."""
        if self.label is None:
            return None
        return next(each for each in LABELS if each != self.label)

    @property
    def disputed(self) -> bool:
        """Whether people disagree and nobody has adjudicated."""
        return self.adjudication is None and len({each.decision for each in self.verdicts}) > 1

    @property
    def decided(self) -> VerdictView | AdjudicationView | None:
        """What decided last: the adjudication, or the newest of agreeing verdicts."""
        if self.adjudication is not None:
            return self.adjudication
        return self.verdicts[0] if self.verdicts and not self.disputed else None

    @property
    def agreeing(self) -> int:
        """How many others agree with who decided last."""
        return 0 if self.decided in (None, self.adjudication) else len(self.verdicts) - 1


def standing_label(
    image_id: int, imported: str | None, history: Sequence[VerdictView]
) -> StandingLabel:
    """The label of an image by what the reader is told, the newest verdict first. One query."""
    found = (
        session()
        .execute(
            select(
                Adjudication.decision,
                User.name,
                Adjudication.created_at,
                Adjudication.id,
                Adjudication.reason,
                Adjudication.own_opinion,
                Adjudication.by_majority,
            )
            .join(User, User.id == Adjudication.user_id)
            .where(
                Adjudication.image_id == image_id,
                Adjudication.withdrawn_at.is_(None),
                is_told(Adjudication.image_id, Adjudication.user_id),
            )
            .order_by(Adjudication.id.desc())
            .limit(1)
        )
        .first()
    )
    adjudication = AdjudicationView(*found) if found else None
    return StandingLabel(imported, standing_verdicts(history), adjudication)


def standing_verdicts(history: Sequence[VerdictView]) -> tuple[VerdictView, ...]:
    """Each person's newest verdict that is not withdrawn, of all on an image, the newest first."""
    newest: dict[str, VerdictView] = {}
    for verdict in history:
        if not verdict.withdrawn:
            newest.setdefault(verdict.by, verdict)
    return tuple(newest.values())
