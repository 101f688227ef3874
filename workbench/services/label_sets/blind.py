"""What of a label set its reader is not told: images that they have to judge blind yet (ADR 63)."""

from __future__ import annotations

from flask_babel import gettext
from sqlalchemy import func, select

from workbench.services import roles
from workbench.services.errors import ForbiddenError
from workbench.services.review.blinding import is_free, reader
from workbench.store.database import session
from workbench.store.label_sets import LabelSetImage
from workbench.store.people import User


def refuse_blind(*label_set_ids: int) -> None:
    """Raise ForbiddenError where the reader has to judge an image of these sets blind yet.

    For what tells of all images at once. Who may retrain reads all: a model is made from them.
    """
    who = reader()
    if who is None:
        return
    hidden = session().scalar(
        select(func.count(LabelSetImage.image_id.distinct())).where(
            LabelSetImage.label_set_id.in_(label_set_ids), ~is_free(LabelSetImage.image_id)
        )
    )
    if not hidden or roles.may(_role(who), "retrain"):
        return
    raise ForbiddenError(
        gettext(
            "You still have to judge %(count)s images of this label set without knowing what "
            "others said. Judge them first, or wait until their review queue has ended.",
            count=hidden,
        )
    )


def _role(user_id: int) -> str:
    return session().scalar(select(User.role).where(User.id == user_id)) or ""
