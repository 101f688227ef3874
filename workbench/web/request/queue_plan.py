"""The form of a new review queue, read into a plan."""

from __future__ import annotations

from collections.abc import Mapping

from flask_babel import gettext
from werkzeug.datastructures import MultiDict

from workbench.services.errors import InvalidError
from workbench.services.queues.making import LONGEST_INSTRUCTIONS, LONGEST_NAME, ROUND_SIZE, Plan
from workbench.services.queues.sources import Source
from workbench.store.queues import DISPUTES, SOURCES
from workbench.web.request.parsing import between, choice, ids, line, whole, words
from workbench.web.request.view import View

MOST_IMAGES = 1_000_000


def read_source(values: Mapping[str, str], view: View) -> Source:
    """What a queue is made of; a slice is what the view selects. Raises InvalidError."""
    kind = choice(values, "source", SOURCES) or "misclassified"
    return Source(
        kind,
        p=_scores(values) or (0.4, 0.6),
        share=(whole(values, "percent", low=1, high=100) or 10) / 100,
        selection=view.selection,
        arguments=view.changed(queue=False, version=None).arguments(),
        most=whole(values, "most", low=1, high=MOST_IMAGES),
    )


def _scores(values: Mapping[str, str]) -> tuple[float, float] | None:
    limits = f"{values.get('from', '')},{values.get('to', '')}"
    return between({"p(fake)": limits}, "p(fake)", 0.0, 1.0)


def read_plan(values: MultiDict[str, str], view: View) -> Plan:
    """The whole form. Raises InvalidError."""
    name = line(values, "name", LONGEST_NAME)
    if name is None:
        raise InvalidError(gettext("Give the queue a name."))
    members = ids(values, "member")
    named = values.get("who") == "named"
    if named and not members:
        raise InvalidError(gettext("Choose at least one person, or everybody."))
    reasons = words(values, "reasons", 800, gettext("Reasons")).splitlines()
    return Plan(
        name=name,
        source=read_source(values, view),
        verdicts_needed=whole(values, "needed", low=1, high=9) or 1,
        disputes=choice(values, "disputes", DISPUTES) or "any",
        blind="blind" in values,
        independent="independent" in values,
        control_share=(whole(values, "controls", high=50) or 0) / 100,
        instructions=words(values, "instructions", LONGEST_INSTRUCTIONS, gettext("Instructions")),
        reasons=tuple(each.strip() for each in reasons if each.strip()),
        members=members if named else (),
        round_size=whole(values, "round", low=1, high=200) or ROUND_SIZE,
    )
