"""Slots for expensive requests: few, never waited for, and none for one visitor alone."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any, ParamSpec, Protocol, TypeVar

from flask import Response, current_app, request
from flask_babel import gettext
from flask_limiter.util import get_remote_address
from flask_login import current_user

from workbench.services.errors import BusyError
from workbench.serving.connections import HOLD

SLOTS = 4
"""Expensive requests at one moment; fewer than the server's threads, so that pages have some."""
OF_ONE_VISITOR = 2
OF_STRANGERS = 3
"""Of all who have not signed in together."""
RETRY_SECONDS = 2
"""When to ask again for what was refused."""
REFUSED_AT_ONCE = 20
HELPER = "workbench_helper"
"""Key of `app.extensions`: who answers expensive requests elsewhere than in this process."""

Arguments = ParamSpec("Arguments")
Answered = TypeVar("Answered")


class Elsewhere(Protocol):
    """Another process with the same application."""

    def answer(
        self, environ: dict[str, str], body: bytes
    ) -> tuple[int, list[tuple[str, str]], bytes]:
        """Status, headers and body."""
        ...


class Slots:
    """Who holds how many."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._held: Counter[tuple[str, bool]] = Counter()

    @contextmanager
    def taken(self, visitor: str, *, stranger: bool) -> Iterator[None]:
        """Hold one slot. Raises BusyError at once where none is free for this visitor."""
        key = (visitor, stranger)
        with self._guard:
            of_strangers = sum(held for (_name, each), held in self._held.items() if each)
            if (
                self._held.total() >= SLOTS
                or self._held[key] >= OF_ONE_VISITOR
                or (stranger and of_strangers >= OF_STRANGERS)
            ):
                raise BusyError(
                    gettext("The server is busy with other computations. Try again in a moment.")
                )
            self._held[key] += 1
        try:
            yield
        finally:
            with self._guard:
                self._held[key] -= 1
                self._held += Counter()  # forget who holds none


slots = Slots()


class Refusals:
    """Counts of what an address was refused lately."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._until: dict[str, float] = {}
        self._counts: Counter[str] = Counter()

    def seconds_to_hold(self, address: str) -> float:
        """For how long to keep back one more refusal.

        The first few go out at once. Who asks again and again, whatever the answer, is answered
        when the time to try again has come: refusing, too, costs what pages need.
        """
        now = time.monotonic()
        with self._guard:
            for each in [each for each, until in self._until.items() if until <= now]:
                del self._until[each], self._counts[each]
            until = self._until.setdefault(address, now + RETRY_SECONDS)
            self._counts[address] += 1
            return until - now if self._counts[address] > REFUSED_AT_ONCE else 0.0


refusals = Refusals()


def hold_back() -> None:
    """Let this request's refusal wait, without a thread, where its address has had many."""
    seconds = refusals.seconds_to_hold(get_remote_address())
    hold = request.environ.get(HOLD)
    if seconds and hold is not None:
        hold(seconds)


def costly(
    unless: Callable[[], bool] = lambda: False,
) -> Callable[[Callable[Arguments, Answered]], Callable[Arguments, Answered | Response]]:
    """Let a view run in a slot, in another process where there is one; `unless` it is cheap."""

    def decorate(
        view: Callable[Arguments, Answered],
    ) -> Callable[Arguments, Answered | Response]:
        @wraps(view)
        def bounded(*args: Arguments.args, **kwargs: Arguments.kwargs) -> Answered | Response:
            if unless():
                return view(*args, **kwargs)
            visitor, stranger = _visitor()
            with slots.taken(visitor, stranger=stranger):
                elsewhere: Elsewhere | None = current_app.extensions.get(HELPER)
                return view(*args, **kwargs) if elsewhere is None else _forwarded(elsewhere)

        return bounded

    return decorate


def _visitor() -> tuple[str, bool]:
    if current_user.is_authenticated:
        return str(current_user.get_id()), False
    return get_remote_address(), True


def _forwarded(elsewhere: Elsewhere) -> Response:
    environ: dict[str, Any] = request.environ
    body = environ["wsgi.input"]
    body.seek(0)  # a form has been read by the check of its token
    plain = {name: value for name, value in environ.items() if isinstance(value, str)}
    status, headers, content = elsewhere.answer(plain, body.read())
    return Response(content, status, headers)
