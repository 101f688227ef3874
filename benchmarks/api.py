"""Answers of the REST API over HTTP: 95th percentiles of reads and writes, in milliseconds.

For each database, a made-up analysed collection is filled in and served as usual; one program on
one kept connection reads an image with all that is known of it, a page of images in an order under
a filter, and the collection, never twice the same; and gives verdicts on image after image, with
and without an idempotency key. `read_p95_ms` and `write_p95_ms` are the worst of their kind.
"""

from __future__ import annotations

import json
import random
import sys
import time
import uuid
from collections.abc import Callable
from http.client import HTTPConnection
from itertools import count

import numpy as np
from sqlalchemy import select

from benchmarks.command import Figures, parser, show
from benchmarks.web.databases import Filled, filled_databases, offer_databases
from benchmarks.web.serving import served, settle
from workbench.app import create_app
from workbench.services import accounts
from workbench.services.people import tokens
from workbench.store.database import session
from workbench.store.images import Collection, Image

IMAGES = 10_000
REQUESTS = 300
QUICK_REQUESTS = 60
WARM_UPS = 10
OF_A_TOKEN = 500
"""Requests, fewer than a token has a minute."""
API = "/api/v1"
Asked = tuple[str, str, dict[str, str] | None, dict[str, str]]
"""Method, path, body and headers."""


class Program:
    """A program on one connection, with tokens enough that none meets its limit."""

    def __init__(self, port: int, made: list[str]) -> None:
        self._connection = HTTPConnection("127.0.0.1", port, timeout=60)
        self._tokens = made
        self._sent = 0

    def ask(self, method: str, path: str, body: dict[str, str] | None, **headers: str) -> float:
        """Milliseconds until the last byte of what is answered."""
        token = self._tokens[self._sent // OF_A_TOKEN]
        self._sent += 1
        given = {"Authorization": f"Bearer {token}", "Content-Type": "application/json", **headers}
        sent = None if body is None else json.dumps(body)
        began = time.perf_counter()
        self._connection.request(method, API + path, sent, given)
        answer = self._connection.getresponse()
        told = answer.read()
        took = 1000 * (time.perf_counter() - began)
        if answer.status >= 300:
            sys.exit(f"{method} {path}: {answer.status} {told[:300]!r}")
        return took


def main() -> None:
    """Fill, ask, report."""
    options = parser(__doc__ or "")
    options.add_argument("--images", type=int, default=IMAGES)
    offer_databases(options)
    chosen = options.parse_args()
    requests = QUICK_REQUESTS if chosen.quick else REQUESTS
    found: dict[str, float] = {}
    with filled_databases(chosen.keep) as store:
        for database in chosen.databases:
            print(f"{database}, {chosen.images:,} images", file=sys.stderr)
            measured = measure(store.filled(database, chosen.images), requests)
            found |= {f"{name}, {database}": each for name, each in measured.items()}
    figures: Figures = {
        f"{kind}_p95_ms": max(each for name, each in found.items() if name.startswith(kind))
        for kind in ("read", "write")
    }
    show(figures | found, as_json=chosen.json)


def measure(filled: Filled, requests: int) -> dict[str, float]:
    """The 95th percentile of each question."""
    with create_app(filled.settings).app_context():
        collection = session().scalar(select(Collection.name).order_by(Collection.id).limit(1))
        ids = list(session().scalars(select(Image.id).order_by(Image.id)))
        program = accounts.add_user(f"bot {uuid.uuid4().hex[:8]}", "correct horse", "annotator")
        made = [tokens.make(program, f"run {each}", ["read", "judge"], 1) for each in range(20)]
        session().rollback()
    random.Random(0).shuffle(ids)
    home, numbers, images = f"/collections/{collection}", count(), iter(ids)
    questions: dict[str, Callable[[], Asked]] = {
        "read: collection": lambda: ("GET", home, None, {}),
        "read: image": lambda: ("GET", f"{home}/images/{next(images)}", None, {}),
        "read: page of images": lambda: (
            "GET",
            f"{home}/images?order=wrong&limit=50&p=0.{next(numbers):04},1",
            None,
            {},
        ),
        "write: verdict": lambda: _verdict(home, next(images), {}),
        "write: verdict with a key": lambda: _verdict(
            home, next(images), {"Idempotency-Key": str(uuid.uuid4())}
        ),
    }
    with served(filled.data_dir, database_url=filled.url) as server:
        settle(server)
        asking = Program(server.port or 0, made)
        return {name: _percentile(asking, each, requests) for name, each in questions.items()}


def _verdict(home: str, image_id: int, headers: dict[str, str]) -> Asked:
    return "POST", f"{home}/images/{image_id}/verdicts", {"decision": "fake"}, headers


def _percentile(program: Program, question: Callable[[], Asked], requests: int) -> float:
    took = []
    for _ in range(WARM_UPS + requests):
        method, path, body, headers = question()
        took.append(program.ask(method, path, body, **headers))
    return float(np.percentile(took[WARM_UPS:], 95))


if __name__ == "__main__":
    main()
