"""Sixteen people who judge images at once, and one who reads what they decided."""

from __future__ import annotations

import os
import random
import threading
import time
from collections import Counter
from dataclasses import dataclass

import numpy as np
from sqlalchemy import delete, func, insert, select

from benchmarks.web.databases import Filled
from benchmarks.web.filling.collection import COLLECTION, NAME, OTHERS
from benchmarks.web.serving import seconds_worked, served, settle
from benchmarks.web.visits import Visitor
from workbench.app import create_app
from workbench.store.database import Base, db, now, session, transaction
from workbench.store.judgements import DECISIONS, Verdict
from workbench.store.people import User

WRITERS = 16
DISPUTED = 4
"""Images that all writers judge, each with a quarter of their verdicts."""
PAGES = 40
CHUNK = 5000
EXPLORE = f"/c/{COLLECTION}/"


@dataclass(frozen=True)
class Outcome:
    """What the writers and the reader met. Times in ms; `cpu_ms` is the server's, a verdict."""

    per_second: float
    median: float
    p95: float
    cpu_ms: float
    explore_median: float
    explore_p95: float
    refused: dict[int, int]
    """How often each status was answered that says that nothing was saved."""
    lost: int
    """Verdicts that were answered as saved and are not there; negative where there are more."""
    load: float


def outcome(filled: Filled, standing: int, seconds: float) -> Outcome:
    """Serve a collection with so many verdicts standing, read, then write for a while."""
    put_verdicts(filled, standing)
    with served(filled.data_dir, database_url=filled.url) as server:
        people = []
        for name in (NAME, *OTHERS):
            people.append(Visitor(server.url))
            people[-1].sign_in(f"{EXPLORE}images/1", name)
        settle(server)
        explore, written = _read(people[0], filled.images)
        before = seconds_worked(server.process.pid)
        began = time.perf_counter()
        writers = [
            _Writer(people[each % len(people)], each, filled.images) for each in range(WRITERS)
        ]
        for writer in writers:
            writer.start()
        time.sleep(seconds)
        for writer in writers:
            writer.over = True
        for writer in writers:
            writer.join()
        took = time.perf_counter() - began
        worked = seconds_worked(server.process.pid) - before
        load = os.getloadavg()[0]
        for person in people:
            person.close()
    times = [each for writer in writers for each in writer.milliseconds]
    return Outcome(
        per_second=len(times) / took,
        median=float(np.median(times)),
        p95=float(np.percentile(times, 95)),
        cpu_ms=1000 * worked / len(times),
        explore_median=float(np.median(explore)),
        explore_p95=float(np.percentile(explore, 95)),
        refused=dict(sum((writer.refused for writer in writers), Counter())),
        lost=standing + written + len(times) - count_verdicts(filled),
        load=load,
    )


def _read(person: Visitor, images: int) -> tuple[list[float], int]:
    """The explore page after each verdict of one's own; the first few do not count."""
    choose = random.Random(0)
    times = []
    for _ in range(PAGES + 3):
        image = f"{EXPLORE}images/{choose.randint(1, images)}"
        given = person.post(f"{image}/verdicts", decision="unsure")
        answer = person.get(EXPLORE)
        if (given.status, answer.status) != (303, 200):
            raise RuntimeError(f"one reader was answered with {given.status}, {answer.status}")
        times.append(answer.milliseconds)
    return times[3:], len(times)


class _Writer(threading.Thread):
    """Somebody who gives one verdict after another."""

    def __init__(self, person: Visitor, number: int, images: int) -> None:
        super().__init__()
        self._visitor = person.beside()
        self._random = random.Random(number)
        self._images = images
        self.over = False
        self.milliseconds: list[float] = []
        self.refused: Counter[int] = Counter()

    def run(self) -> None:
        while not self.over:
            disputed = self._random.random() < 0.25
            image = self._random.randint(1, DISPUTED if disputed else self._images)
            answer = self._visitor.post(
                f"{EXPLORE}images/{image}/verdicts", decision=self._random.choice(DECISIONS)
            )
            if answer.status == 303:
                self.milliseconds.append(answer.milliseconds)
            else:
                self.refused[answer.status] += 1
        self._visitor.close()


def put_verdicts(filled: Filled, standing: int) -> None:
    """Let exactly so many verdicts stand, by five people, spread over the images."""
    with create_app(filled.settings).app_context():
        people = session().scalars(select(User.id).order_by(User.id)).all()
        with transaction() as write:
            for name in ("decision_change", "decision_counter"):
                if name in Base.metadata.tables:
                    write.execute(delete(Base.metadata.tables[name]))
            write.execute(delete(Verdict))
            for start in range(0, standing, CHUNK):
                write.execute(
                    insert(Verdict),
                    [
                        {
                            "image_id": number * 7919 % filled.images + 1,
                            "user_id": people[number // filled.images % len(people)],
                            "shown_label": "real",
                            "decision": DECISIONS[number % len(DECISIONS)],
                            "reason": "",
                            "created_at": now(),
                        }
                        for number in range(start, min(start + CHUNK, standing))
                    ],
                )
        db.session.remove()
        db.engine.dispose()


def count_verdicts(filled: Filled) -> int:
    """All that were given."""
    with create_app(filled.settings).app_context():
        found = session().scalar(select(func.count()).select_from(Verdict)) or 0
        db.session.remove()
        db.engine.dispose()
    return found
