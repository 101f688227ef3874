"""How long work tells how far it is."""

from __future__ import annotations

from typing import Protocol


class Progress(Protocol):
    """Told of every step of a long run; may raise to end it between two steps."""

    def advance(self, done: int, total: int, stage: str) -> None:
        """Say that `done` of `total` steps of `stage` are finished."""


class Cancelled(Exception):  # noqa: N818 - an outcome that was asked for, not an error
    """Raised by a Progress when a person asked for the run to end."""


class Stopping(BaseException):
    """Raised by a Progress when the process was asked to stop; the run goes on later.

    No Exception, like KeyboardInterrupt: nothing on its way may take it for a failure of the run.
    """


class Silent:
    """A Progress for callers that show nothing."""

    def advance(self, done: int, total: int, stage: str) -> None:
        """Do nothing."""


class Together:
    """Several Progresses as one."""

    def __init__(self, *each: Progress) -> None:
        self._each = each

    def advance(self, done: int, total: int, stage: str) -> None:
        """Tell all of them."""
        for one in self._each:
            one.advance(done, total, stage)
