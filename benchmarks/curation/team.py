"""Sixteen people who curate one collection, through connections of their own."""

from __future__ import annotations

import os
import random
import re
import threading
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from http.client import HTTPException
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Self, TypeVar

import numpy as np
from sqlalchemy import select

from benchmarks.curation.books import Key, Saved
from benchmarks.web.databases import Filled
from benchmarks.web.filling.collection import COLLECTION, PASSWORD
from benchmarks.web.serving import seconds_worked, served, settle
from benchmarks.web.visits import Answer, Visitor
from tests.support.server import live_server
from workbench.app import create_app
from workbench.services import accounts
from workbench.services.review.verdicts import give_verdict
from workbench.store.database import db, session
from workbench.store.images import LABELS
from workbench.store.judgements import DECISIONS
from workbench.store.people import User
from workbench.store.results import PixelGroup

PEOPLE = 16
SHARED = 4
"""Images, and pixel groups, that everybody works on, with a quarter of their writes."""
COLLIDING = 0.25
DISPUTED = 400
"""Images that two people disagree on before anybody begins."""
GROUPS = 4_000
TAGS = tuple(f"artefact {number}" for number in range(20))
LIVES_S = 2.0
"""How long a server lives before it is killed."""
HOME = f"/c/{COLLECTION}/"
_UNDO = re.compile(r"/(verdicts|taggings|adjudications)/(\d+)/withdraw")
_FIELD = 'name="{}" value="([^"]*)"'


Found = TypeVar("Found")


@dataclass
class Work:
    """What people sent and were answered. Times in ms; `cpu_ms` is the server's, a write."""

    saved: dict[Key, Saved] = field(default_factory=dict)
    unanswered: int = 0
    milliseconds: list[float] = field(default_factory=list)
    statuses: Counter[int] = field(default_factory=Counter)
    acts: Counter[str] = field(default_factory=Counter)
    """How many of each kind were saved."""
    took: float = 0.0
    cpu_ms: float = 0.0
    load: float = 0.0

    def __iadd__(self, other: Work) -> Self:
        """Take in what another person did."""
        self.saved |= other.saved
        self.unanswered += other.unanswered
        self.milliseconds += other.milliseconds
        self.statuses += other.statuses
        self.acts += other.acts
        return self

    @property
    def per_second(self) -> float:
        """Writes that were answered as saved."""
        return len(self.milliseconds) / self.took

    def percentile(self, of: float) -> float:
        """Of the milliseconds until a write was answered as saved."""
        return float(np.percentile(self.milliseconds, of))


@dataclass
class _Place:
    """Where the server listens at present; empty while there is none."""

    url: str
    over: bool = False


@dataclass(frozen=True)
class Ids:
    """What there is to work on. A pixel group comes with its region."""

    images: int
    groups: Sequence[tuple[int, int]]
    disputed: Sequence[int]


def worked(filled: Filled, ids: Ids, seconds: float) -> Work:
    """Serve the collection, and have all of them work for so long."""
    with served(filled.data_dir, database_url=filled.url) as server:
        place = _Place(server.url)
        team = [_Person(place, number, ids) for number in range(PEOPLE)]
        settle(server)
        before = seconds_worked(server.process.pid)
        began = time.perf_counter()
        for person in team:
            person.start()
        time.sleep(seconds)
        work = _gathered(place, team)
        work.took = time.perf_counter() - began
        worked_s = seconds_worked(server.process.pid) - before
        work.load = os.getloadavg()[0]
    work.cpu_ms = 1000 * worked_s / max(len(work.milliseconds), 1)
    return work


def killed(filled: Filled, ids: Ids, kills: int) -> Work:
    """The same, with a server that is killed, and started anew, so often."""
    place = _Place("")
    team: list[_Person] = []
    with TemporaryDirectory() as folder:
        for _ in range(kills):
            log = Path(folder) / "serve.log"
            with live_server(
                filled.data_dir, log, database_url=filled.url, open_reading="true"
            ) as server:
                place.url = server.url
                if not team:
                    team = [_Person(place, number, ids) for number in range(PEOPLE)]
                    for person in team:
                        person.start()
                time.sleep(LIVES_S)
                server.kill()
                place.url = ""
    return _gathered(place, team)


def _gathered(place: _Place, team: Sequence[_Person]) -> Work:
    place.over = True
    work = Work()
    for person in team:
        person.join()
        work += person.work
    return work


def prepared(filled: Filled) -> Ids:
    """Accounts, and images that two of them disagree on."""
    with create_app(filled.settings).app_context():
        known = set(session().scalars(select(User.name)))
        for number in range(PEOPLE):
            if _name(number) not in known:
                role = "reviewer" if number % 2 else "annotator"
                accounts.add_user(_name(number), PASSWORD, role)
        groups = session().execute(
            select(PixelGroup.id, PixelGroup.region_id).order_by(PixelGroup.id).limit(GROUPS)
        )
        found = [(group_id, region_id) for group_id, region_id in groups]
        disputed = list(range(filled.images - DISPUTED + 1, filled.images + 1))
        judges = [accounts.id_of(_name(number)) for number in (0, 2)]
        for image_id in disputed:
            for user_id, decision in zip(judges, LABELS, strict=True):
                give_verdict(user_id, image_id, None, decision)
        db.session.remove()
        db.engine.dispose()
    return Ids(filled.images - DISPUTED, found, disputed)


def _name(number: int) -> str:
    return f"curator {number + 1}"


class _Person(threading.Thread):
    """Somebody who sends one write after another, and keeps what was answered."""

    def __init__(self, place: _Place, number: int, ids: Ids) -> None:
        super().__init__()
        self.work = Work()
        self._place, self._ids, self._name = place, ids, _name(number)
        self._random = random.Random(number)
        self._visitor = Visitor(place.url)
        self._visitor.sign_in(f"{HOME}images/1", self._name)
        acts = {self._judge: 45, self._tag: 25, self._undo: 20}
        if number % 2:
            acts[self._adjudicate] = 10
        self._acts, self._weights = list(acts), list(acts.values())

    def run(self) -> None:
        while not self._place.over:
            [act] = self._random.choices(self._acts, self._weights)
            try:
                act()
            except (OSError, HTTPException):
                self._find_again()
        self._visitor.close()

    def _find_again(self) -> None:
        """The server is gone: wait for the next one."""
        gone = self._visitor.url
        while not self._place.over and self._place.url in ("", gone):
            time.sleep(0.02)
        if not self._place.over:
            self._visitor.close()
            self._visitor = self._visitor.beside(self._place.url)

    def _judge(self) -> None:
        image_id = self._of(range(1, self._ids.images + 1))
        decision = self._random.choice(DECISIONS)
        answer = self._send(
            f"{HOME}images/{image_id}/verdicts", decision=decision, shown_label="real"
        )
        self._keep("verdict", answer, image_id, decision)

    def _tag(self) -> None:
        group_id, region_id = self._of(self._ids.groups)
        name = self._random.choice(TAGS)
        answer = self._send(f"/groups/{group_id}/tags", tag=name, back="/taxonomy")
        self._keep("tag", answer, region_id, name)

    def _adjudicate(self) -> None:
        image_id = self._of(self._ids.disputed)
        address = f"{HOME}disagreements/{image_id}"
        page = self._visitor.get(address).text
        seen = {
            name: found[1] if (found := re.search(_FIELD.format(name), page)) else ""
            for name in ("verdict", "adjudication")
        }
        decision = self._random.choice(DECISIONS)
        answer = self._send(address, decision=decision, reason="Looked at again.", **seen)
        self._keep("adjudication", answer, image_id, decision)

    def _undo(self) -> None:
        own = [key for key, told in self.work.saved.items() if told.standing]
        if not own:
            return
        table, number = key = self._random.choice(own[-20:])
        self.work.saved[key].standing = None
        answer = self._send(f"/{table}/{number}/withdraw", back="/taxonomy")
        self.work.saved[key].standing = answer.status != 303
        if answer.status == 303:
            self.work.acts["undo"] += 1

    def _of(self, some: Sequence[Found]) -> Found:
        shared = self._random.random() < COLLIDING
        return self._random.choice(some[:SHARED] if shared else some)

    def _send(self, address: str, **fields: str) -> Answer:
        self.work.unanswered += 1
        answer = self._visitor.post(address, **fields)
        self.work.unanswered -= 1
        self.work.statuses[answer.status] += 1
        if answer.status == 303:
            self.work.milliseconds.append(answer.milliseconds)
        return answer

    def _keep(self, kind: str, answer: Answer, on: int, says: str) -> None:
        """Keep what was saved by the address that undoes it; none where it stood already."""
        for notice in answer.notices() if answer.status == 303 else ():
            if found := _UNDO.search(notice.get("undo") or ""):
                self.work.saved[found[1], int(found[2])] = Saved(self._name, on, says)
                self.work.acts[kind] += 1
