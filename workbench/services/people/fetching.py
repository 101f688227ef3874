"""Requests to the identity provider: bounded in time and size, and to no address but its own."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any, Final

import httpx2

from workbench.services.errors import UnavailableError

TIMEOUT: Final = httpx2.Timeout(5, connect=3)
"""Seconds for each part of an answer."""
LONGEST: Final = 10.0
"""Seconds for the whole of one."""
LARGEST: Final = 256 * 1024
"""Bytes of one."""


class TooMuchError(httpx2.TransportError):
    """An answer that is too long, or takes too long."""


class _Bounded(httpx2.SyncByteStream):
    """An answer's body that ends with an error where it does not end in time."""

    def __init__(self, body: httpx2.SyncByteStream) -> None:
        self._body = body

    def __iter__(self) -> Iterator[bytes]:
        read, until = 0, time.monotonic() + LONGEST
        for part in self._body:
            read += len(part)
            if read > LARGEST or time.monotonic() > until:
                raise TooMuchError("the answer is too long")
            yield part

    def close(self) -> None:
        self._body.close()


def _bound(response: httpx2.Response) -> None:
    if isinstance(response.stream, httpx2.SyncByteStream):
        response.stream = _Bounded(response.stream)


def options() -> dict[str, Any]:
    """How a client of httpx2 is made, Authlib's too. It follows no redirect."""
    return {
        "timeout": TIMEOUT,
        "follow_redirects": False,
        "event_hooks": {"response": [_bound]},
        # What is packed could be larger than what is read.
        "headers": {"Accept": "application/json", "Accept-Encoding": "identity"},
    }


def fetch(url: str, unavailable: str) -> dict[str, Any]:
    """The JSON object at an address. Raises UnavailableError with these words."""
    try:
        with httpx2.Client(**options()) as client:
            response = client.get(url)
        found = response.json() if response.status_code == httpx2.codes.OK else None
    # InvalidURL is no HTTPError; RecursionError is JSON that is nested too deep.
    except (httpx2.HTTPError, httpx2.InvalidURL, ValueError, RecursionError) as error:
        raise UnavailableError(unavailable, detail=f"{url}: {type(error).__name__}") from error
    if not isinstance(found, dict):
        status = response.status_code
        raise UnavailableError(unavailable, detail=f"{url}: status {status}, no JSON object")
    return found
