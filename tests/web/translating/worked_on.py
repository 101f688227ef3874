"""Words that are data, and a workbench on which people have worked."""

from __future__ import annotations

import re

from tests.web.conftest import Reader
from tests.web.fakes.data import CARDS, FACES, NEW, RAW
from tests.web.fakes.intake import SAID
from tests.web.fakes.runs import run
from tests.web.fakes.workbench import FakeWorkbench
from tests.web.noting import noted
from tests.web.translating.pseudo import Bare

MADE_UP = (
    "Pattern Workbench",
    # Names that people gave, and what they wrote
    *(each for found in (FACES, RAW) for each in (found.name, found.title, found.description)),
    *(card.name for card in CARDS.values()),
    "ben <i>",
    "fake smile <b>",
    "ada",
    "ben",
    "forehead glare",
    "script <b>",
    "Firefox, Linux",
    "read judge",
    "fake smile",
    "nobody smiles so",
    "errors <b>",
    "No space left on device.",
    *("JSON lines", "CSV", "Parquet", "COCO", "CVAT", "Label Studio"),
    "after the first",
    "after the second <b>",
    "with a\nsecond line",
    "Look at the hands. <i>Twice.</i>",
    # What services say, which the fakes say in their place
    *(f"pattern {number}" for number in (1, 2)),
    "glare <b>",
    "teeth",
    "eye",
    "brick <b>",
    "dimension 1 set to own",
    "dimension 1 set to 11",
    "dimension 1 set to zero",
    "dimension 2 set to zero",
    "group 1 blurred",
    "relevance",
    "out of memory",
    "The encoder of version 2 cannot be had.",
    *SAID,
    "The encoder of this version reads no text.",
    "This version has no prediction for this image.",
    "Collection “nothing” not found.",
    # The fakes' day, as the made-up language's own rules write it
    "3 marca 2026",
    # Marks: generators, encoders, file formats, pinned cells, versions
    "stylegan",
    NEW.encoder,
    NEW.relevance,
    "JPEG",
    "PNG",
    "SVG",
    "A",
    "B",
    "v1",
    "v2",
)


DATA = re.compile("|".join(rf"\b{re.escape(each)}(?!\w)" for each in MADE_UP if each))


def bare_words(html: str) -> list[str]:
    return Bare(html).words(DATA)


def fill(book: FakeWorkbench, ada: Reader, *, worker_alive: bool) -> None:
    """Give the fake workbench some of everything that pages list."""
    ada.post("/groups/200/tags", tag="fake smile", back="/taxonomy")
    ada.post("/patterns/31/tags", tag="forehead glare", back="/taxonomy")
    for decision in ("real", "fake", "unsure", "exclude"):
        ada.post(
            "/c/faces/images/2/verdicts", decision=decision, reason="nobody smiles so", version="2"
        )
    for expectation in ("fall", "rise", "stay"):
        noted(ada, "nobody smiles so", expectation=expectation)
    ada.post(f"/notes/{next(iter(book.notes))}/replies", text="nobody smiles so")
    book.worker_alive = worker_alive
    states = ("succeeded", "failed", "cancelled")
    book.runs = [run(each, id=number) for number, each in enumerate(states, start=20)]
    book.runs += [
        run("failed", id=30, trigger="schedule", requested_by=None, error="out of memory"),
        run("failed", id=31, trigger="first", stage="", requested_by=None),
        run("succeeded", id=32, version_number=2),
    ]
