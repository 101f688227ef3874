"""What the next page says of a tag that was put on something."""

from __future__ import annotations

from flask import url_for
from flask_babel import gettext

from workbench.services.review.tags import Tagged
from workbench.web.site import notices
from workbench.web.site.formatting import day


def tell(tagging: Tagged, back: str) -> None:
    """Say that it was put on, with its undo, or who did that before; `back` is where undo leads."""
    if not tagging.new:
        # No undo: it would withdraw what somebody put on before.
        notices.told(
            gettext(
                "Already tagged “%(tag)s” by %(name)s, %(day)s.",
                tag=tagging.tag,
                name=tagging.by,
                day=day(tagging.at),
            )
        )
        return
    notices.saved(
        gettext("Tagged “%(tag)s”.", tag=tagging.tag),
        undo=url_for("taxonomy.withdraw", tagging_id=tagging.id),
        back=back,
    )
