"""Requests to a workbench: by the names of its operations, again where that may help."""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final
from urllib.parse import quote

import httpx2

TRIES: Final = 5
LATER: Final = (429, 503)
"""Of these the answer says when to ask again."""
LONGEST_WAIT: Final = 60.0
"""Seconds."""
TIMEOUT: Final = httpx2.Timeout(60, connect=10)
API: Final = "/api/v1"


class WorkbenchError(Exception):
    """The workbench refused a request; `problem` is what it said (RFC 9457)."""

    def __init__(self, status: int, problem: Mapping[str, Any]) -> None:
        self.status = status
        self.problem = dict(problem)
        wrong = "; ".join(
            f"{each['pointer']}: {each['detail']}" for each in problem.get("errors", ())
        )
        words = f"{problem.get('title', 'Failed')} ({status}): {problem.get('detail', '')}"
        super().__init__(f"{words} {wrong}".strip())

    @property
    def kind(self) -> str:
        """The word by which the problem is told from others, such as `edit-conflict`; or empty."""
        return str(self.problem.get("type", "")).rpartition(":problem:")[2]


@dataclass(frozen=True)
class _Operation:
    """Where an operation is, and which of its arguments stand where."""

    method: str
    path: str
    in_path: frozenset[str]
    in_query: frozenset[str]


class Connection:
    """A workbench at an address, and a token for it."""

    def __init__(self, url: str, token: str, transport: httpx2.BaseTransport | None = None) -> None:
        self._http = httpx2.Client(
            base_url=url.rstrip("/") + API,
            headers={"Authorization": f"Bearer {token}"},
            timeout=TIMEOUT,
            transport=transport,
        )

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def call(
        self, operation: str, *, body: Mapping[str, Any] | None = None, **arguments: Any
    ) -> Any:
        """Call an operation by its id in the description (`/api`); None arguments are left out.

        What is not in the path or the query is the body. `body` has what is called like something
        in the path.

        Returns what is answered: the decoded JSON, the bytes of a file, or None. Raises
        WorkbenchError where it is refused, TypeError for an operation that there is not, or whose
        path lacks an argument.
        """
        found = self.operations.get(operation)
        if found is None:
            raise TypeError(f"the workbench has no operation {operation!r}")
        if missing := found.in_path - arguments.keys():
            raise TypeError(f"{operation} needs {', '.join(sorted(missing))}")
        given = {name: value for name, value in arguments.items() if value is not None}
        path = found.path
        for name in found.in_path:
            path = path.replace(f"{{{name}}}", quote(str(given.pop(name)), safe=""))
        query = {name: given.pop(name) for name in found.in_query & given.keys()}
        sent = given | dict(body or {})
        has_body = found.method not in ("GET", "DELETE")
        if sent and not has_body:
            raise TypeError(f"{operation} takes no {', '.join(sorted(sent))}")
        return _content(self._send(found.method, path, query, sent if has_body else None))

    def pages(self, operation: str, **arguments: Any) -> Iterator[dict[str, Any]]:
        """The items of a list, page after page."""
        cursor = None
        while True:
            page = self.call(operation, cursor=cursor, **arguments)
            yield from page["items"]
            cursor = page.get("next")
            if cursor is None:
                return

    @cached_property
    def operations(self) -> dict[str, _Operation]:
        """All operations by their ids, as the workbench describes them."""
        told = _content(self._send("GET", "/openapi.json", {}, None))
        return {
            each["operationId"]: _Operation(
                method.upper(),
                path.removeprefix(API),
                frozenset(one["name"] for one in each["parameters"] if one["in"] == "path"),
                frozenset(one["name"] for one in each["parameters"] if one["in"] == "query"),
            )
            for path, methods in told["paths"].items()
            for method, each in methods.items()
        }

    def _send(
        self, method: str, path: str, query: Mapping[str, Any], body: Mapping[str, Any] | None
    ) -> httpx2.Response:
        """Send a request, again where the connection broke or the workbench was busy.

        A request that writes carries a key by which it is carried out once.
        """
        headers = {} if method == "GET" else {"Idempotency-Key": str(uuid.uuid4())}
        for left in reversed(range(TRIES)):
            try:
                response = self._http.request(
                    method, path, params=dict(query), json=body, headers=headers
                )
            except httpx2.TransportError:
                if not left:
                    raise
                time.sleep(2.0 ** (TRIES - left - 2))
                continue
            if response.status_code not in LATER or not left:
                break
            time.sleep(_wait(response))
        if response.is_error:
            raise WorkbenchError(response.status_code, _problem(response))
        return response


def _wait(response: httpx2.Response) -> float:
    asked = response.headers.get("Retry-After", "1")
    return min(float(asked) if asked.isdigit() else 1.0, LONGEST_WAIT)


def _content(response: httpx2.Response) -> Any:
    if not response.content:
        return None
    kind = response.headers.get("Content-Type", "")
    return response.json() if kind.startswith("application/json") else response.content


def _problem(response: httpx2.Response) -> dict[str, Any]:
    try:
        told = response.json()
    except ValueError:
        return {"title": response.reason_phrase, "detail": response.text[:200]}
    return told if isinstance(told, dict) else {}
