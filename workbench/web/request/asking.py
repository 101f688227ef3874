"""What an address asks of a history."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from flask_babel import gettext

from workbench.services.errors import InvalidError
from workbench.services.review.history import KIND_NAMES, Asked
from workbench.web.request.parsing import choice, line, whole

_LONGEST_NAME = 200


def read_asked(values: Mapping[str, str], person_id: int | None = None) -> Asked:
    """The events that `person`, `image`, `tag`, `collection`, `kind`, `since` and `until` limit.

    Of `person_id` where it is given.
    """
    since, until = read_days(values)
    return Asked(
        person_id=whole(values, "person", low=1) if person_id is None else person_id,
        image_id=whole(values, "image", low=1),
        tag_id=whole(values, "tag", low=1),
        collection=line(values, "collection", _LONGEST_NAME) or "",
        kind=choice(values, "kind", KIND_NAMES) or "",
        since=since,
        until=until,
    )


def read_days(values: Mapping[str, str]) -> tuple[date | None, date | None]:
    """The days from `since` to `until`. Raises InvalidError where they are in no order."""
    since, until = _day(values, "since"), _day(values, "until")
    if since and until and since > until:
        raise InvalidError(gettext("The first day is after the last one."))
    return since, until


def asked_arguments(asked: Asked) -> dict[str, str | int | None]:
    """The same in an address, but for the person."""
    return {
        "image": asked.image_id,
        "tag": asked.tag_id,
        "collection": asked.collection or None,
        "kind": asked.kind or None,
        "since": asked.since.isoformat() if asked.since else None,
        "until": asked.until.isoformat() if asked.until else None,
    }


def _day(values: Mapping[str, str], name: str) -> date | None:
    text = values.get(name, "").strip()
    if not text:
        return None
    try:
        found = date.fromisoformat(text)
    except ValueError:
        found = None
    if found is None or not 1970 <= found.year <= 9000:
        raise InvalidError(gettext("“%(name)s” must be a day, such as 2026-03-31.", name=name))
    return found
