"""What was drawn on a picture, as its page sends it: JSON, read field by field.

`{"width": 4000, "height": 3000, "steps": [...]}`, in pixels of the picture. A step has a `tool`,
may `erase`, and says where: `points` as x, y, x, y, …; `radius` of a brush; `cells` of superpixels
as first, length, first, length, … along the rows of the normalised image; `groups` as ids.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any, NoReturn

from flask_babel import gettext

from workbench.services.errors import InvalidError
from workbench.services.regions.shapes import (
    MOST_POINTS,
    MOST_RUNS,
    MOST_STEPS,
    OUTLINES,
    Drawing,
    DrawnStep,
)
from workbench.services.review.findings import LONGEST_REASON, Finding
from workbench.store.database import LARGEST_ID
from workbench.web.request.parsing import words

LARGEST_SIDE = 1_000_000
MOST_GROUPS = 100
_TOOLS = (*OUTLINES, "brush", "superpixels", "groups")


def read_drawing(values: Mapping[str, str]) -> Drawing:
    """The drawing of the field `shape`. Raises InvalidError for what the page cannot have sent."""
    try:
        found = json.loads(values.get("shape", ""), parse_constant=_no_number)
    except (ValueError, RecursionError):
        found = None
    return drawing_of(found)


def drawing_of(found: object) -> Drawing:
    """The drawing that such JSON describes. Raises InvalidError for what describes none."""
    if not isinstance(found, dict) or not isinstance(found.get("steps"), list):
        raise InvalidError(gettext("Nothing is drawn. Draw a region first."))
    if len(found["steps"]) > MOST_STEPS:
        raise _too_many(gettext("strokes"), len(found["steps"]), MOST_STEPS)
    steps = tuple(_step(each) for each in found["steps"])
    for said, most, counted in (
        (gettext("points"), MOST_POINTS, sum(len(each.points) for each in steps)),
        (gettext("parts of superpixels"), MOST_RUNS, sum(len(each.cells) for each in steps)),
        (gettext("pixel groups"), MOST_GROUPS, sum(len(each.groups) for each in steps)),
    ):
        if counted > most:
            raise _too_many(said, counted, most)
    return Drawing(
        _whole(found.get("width"), 1, LARGEST_SIDE),
        _whole(found.get("height"), 1, LARGEST_SIDE),
        steps,
    )


def read_finding(values: Mapping[str, str]) -> Finding:
    """The fields `reason` and `severity`."""
    reason = words(values, "reason", LONGEST_REASON, gettext("Reason"))
    return Finding(reason, values.get("severity") or None)


def _step(step: object) -> DrawnStep:
    if not isinstance(step, dict):
        raise _unreadable("steps", step)
    tool = step.get("tool")
    if tool not in _TOOLS:
        raise _unreadable("tool", tool)
    return DrawnStep(
        tool=tool,
        erase=step.get("erase") is True,
        points=_pairs([_number(each) for each in _list(step, "points")], "points"),
        radius=_number(step.get("radius", 0)),
        cells=_pairs([_whole(each, 0) for each in _list(step, "cells")], "cells"),
        groups=tuple(_whole(each, 1) for each in _list(step, "groups")),
    )


def _list(step: Mapping[str, Any], name: str) -> list[object]:
    found = step.get(name, [])
    if not isinstance(found, list):
        raise _unreadable(name, found)
    return found


def _pairs(values: list[Any], name: str) -> tuple[tuple[Any, Any], ...]:
    if len(values) % 2:
        raise _unreadable(name, len(values))
    return tuple(zip(values[::2], values[1::2], strict=True))


def _number(value: object) -> float:
    # True is a number to Python; so is one too large for a float, until it is asked.
    if isinstance(value, bool) or not isinstance(value, int | float) or abs(value) > LARGEST_SIDE:
        raise _unreadable(gettext("number"), value)
    if not math.isfinite(value):
        raise _unreadable(gettext("number"), value)
    return float(value)


def _whole(value: object, low: int, high: int = LARGEST_ID) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise _unreadable(gettext("number"), value)
    return value


def _no_number(name: str) -> NoReturn:
    raise _unreadable(gettext("number"), name)


def _unreadable(what: str, value: object) -> InvalidError:
    return InvalidError(
        gettext(
            "This drawing cannot be read (%(what)s: %(value)s). Reload the page and draw it again.",
            what=what,
            value=repr(value)[:40],
        )
    )


def _too_many(what: str, counted: int, most: int) -> InvalidError:
    return InvalidError(
        gettext(
            "This drawing has %(counted)s %(what)s; at most %(most)s are allowed. "
            "Draw it in several parts.",
            counted=counted,
            what=what,
            most=most,
        )
    )
