"""The header `Idempotency-Key`: a request that comes again is answered as it was, and not repeated.

As in the draft of the IETF (draft-ietf-httpapi-idempotency-key-header).
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Final

from flask import Response, current_app, request
from flask_babel import gettext

from workbench.services import repeats
from workbench.services.errors import InvalidError
from workbench.services.repeats import LONGEST_KEY, Named
from workbench.web.site import security

HEADER: Final = "Idempotency-Key"
REPLAYED: Final = "Idempotent-Replayed"


def answer_once(view: Callable[[], Response], *, secret: bool) -> Response:
    """Call a view that writes, or answer what it answered before.

    `secret`: what it answers is not kept.
    """
    named = _named()
    if named is None:
        return view()
    kept = repeats.answered(named)
    if kept is not None:
        again = current_app.response_class(kept.answer, kept.status, mimetype="application/json")
        again.headers[REPLAYED] = "true"
        return again
    with repeats.once(named):
        response = view()
    if not secret and not response.is_streamed and response.status_code < 300:
        repeats.keep(named, response.status_code, response.get_data(as_text=True))
    return response


def _named() -> Named | None:
    key = request.headers.get(HEADER)
    if key is None:
        return None
    if not 0 < len(key) <= LONGEST_KEY or not key.isprintable():
        raise InvalidError(
            gettext("An idempotency key has 1 to %(most)s printable characters.", most=LONGEST_KEY)
        )
    whole = hashlib.sha256()
    for part in (request.method.encode(), request.full_path.encode(), request.get_data()):
        whole.update(len(part).to_bytes(8, "big") + part)
    return Named(security.user_id(), key, whole.hexdigest())
