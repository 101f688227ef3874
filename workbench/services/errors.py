"""What a use case may refuse, in words for people; web and cli turn these into answers."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime


class ServiceError(Exception):
    """Base of the refusals; its message is shown to the person who asked."""


class NotFoundError(ServiceError):
    """There is no such thing, or not in this collection."""


class NotAnalysedError(NotFoundError):
    """There is the collection, but no model version that could show what was asked for."""


class ForbiddenError(ServiceError):
    """The role of who asks does not allow it."""


class InvalidError(ServiceError):
    """What was asked for makes no sense as it stands."""


class ConflictError(ServiceError):
    """Somebody else's change, or another run, stands in the way."""


@dataclass(frozen=True)
class Differing:
    """A field that two people want otherwise; `name` as the form calls it, `label` for people."""

    name: str
    label: str
    theirs: str
    yours: str


class EditConflictError(ConflictError):
    """Somebody changed what this person saves from an older page; both versions are shown.

    `revision` is the one to save with, for who has seen the other version and wants theirs.
    """

    def __init__(
        self,
        message: str,
        *,
        by: str | None,
        at: datetime | None,
        revision: int,
        fields: tuple[Differing, ...],
    ) -> None:
        super().__init__(message)
        self.by = by
        self.at = at
        self.revision = revision
        self.fields = fields


class UnavailableError(ServiceError):
    """It would make sense, but what it needs is missing right now.

    `detail` is for who runs the workbench, in the log and on the command line: the message is
    shown to whoever reads the pages, and names no path of the machine.
    """

    def __init__(self, message: str, *, detail: str = "") -> None:
        super().__init__(message)
        self.detail = detail


class BusyError(UnavailableError):
    """Too much is being computed; the same would make sense in a moment."""


class ImageError(ServiceError):
    """Something failed at one image of many; the message names it."""

    def __init__(self, name: str, cause: Exception) -> None:
        super().__init__(f"{name}: {reason(cause) or type(cause).__name__}")


def reason(error: Exception) -> str:
    """What an error says, without the path that the machine's own errors end with."""
    return error.strerror or "" if isinstance(error, OSError) else str(error)


@contextmanager
def naming(name: str) -> Iterator[None]:
    """Whatever goes wrong in here is raised as an ImageError of this name."""
    try:
        yield
    except Exception as error:
        raise ImageError(name, error) from error
