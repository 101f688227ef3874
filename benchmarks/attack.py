"""A signed-in reader's explore page while a stranger asks for what is expensive.

40 anonymous requests are in flight all the time, 20 counterfactuals and 20 exports; each is renewed
as soon as it ends, whatever the answer. `ratio` is the explore page's 95th percentile under attack
over that of the same page at rest. `--data DIR` takes a data directory as `tests.support.prepared`
makes it; else pictures are drawn and analysed.
"""

from __future__ import annotations

import itertools
import multiprocessing
import re
import sys
import threading
import time
from collections import Counter
from http.client import HTTPConnection, HTTPException
from multiprocessing.synchronize import Event
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import urlsplit

import numpy as np

from benchmarks.command import Figures, parser, show
from benchmarks.web.serving import served, settle
from benchmarks.web.visits import Visitor
from tests.support import prepared

OF_A_KIND = 20
PATIENCE_S = 120
EVERY_S = 0.5
LEAD_S = 5.0
"""The attack runs alone for so long before it is measured."""
FILLS = ("clone", "inpaint", "blur", "mean")
PICTURES = ("overview", "images", "patterns")


def main() -> None:
    """Serve, measure at rest, attack, measure again."""
    options = parser(__doc__ or "")
    options.add_argument("--data", type=Path, help="a data directory that `tests.support` prepared")
    options.add_argument("--seconds", type=float, default=60.0, help="how long each is measured")
    chosen = options.parse_args()
    seconds = 15.0 if chosen.quick else chosen.seconds
    with TemporaryDirectory() as folder:
        data_dir = chosen.data or prepared.prepare(Path(folder))
        show(measured(data_dir, seconds), as_json=chosen.json)


def measured(data_dir: Path, seconds: float) -> Figures:
    """The explore page at rest and under attack, and what the attackers were answered."""
    with served(data_dir) as server:
        reader = Visitor(server.url)
        reader.sign_in(f"/c/{prepared.COLLECTION}/images/1", prepared.NAME, prepared.PASSWORD)
        counterfactuals = _counterfactuals(reader)
        settle(server)
        idle = _read(reader, seconds)
        answers, attacked = _under_attack(server.url, counterfactuals, reader, seconds)
        reader.close()
    figures: Figures = {
        "ratio": attacked.p95 / idle.p95,
        "idle_p95_ms": idle.p95,
        "attacked_p95_ms": attacked.p95,
        "idle_median_ms": idle.median,
        "attacked_median_ms": attacked.median,
        "attacked_longest_ms": attacked.longest,
        "idle_pages": idle.count,
        "attacked_pages": attacked.count,
    }
    return figures | {f"attackers' answers {each}": number for each, number in answers.items()}


class _Times:
    """Milliseconds of a page's visits."""

    def __init__(self, milliseconds: list[float]) -> None:
        self.p95 = float(np.percentile(milliseconds, 95))
        self.median = float(np.median(milliseconds))
        self.longest = max(milliseconds)
        self.count = len(milliseconds)


def _read(reader: Visitor, seconds: float) -> _Times:
    """The explore page, due twice a second.

    Times count from when a page was due: one that waits a minute is not one slow page among a
    few, but makes a hundred others late.
    """
    began = time.monotonic()
    found: list[float] = []
    for number in range(int(seconds / EVERY_S)):
        due = began + number * EVERY_S
        time.sleep(max(due - time.monotonic(), 0))
        if time.monotonic() - began > seconds + EVERY_S:
            found.append((time.monotonic() - due) * 1000)
            continue
        answer = reader.get(f"/c/{prepared.COLLECTION}/")
        if answer.status != 200:
            raise RuntimeError(f"the explore page answered {answer.status}")
        found.append((time.monotonic() - due) * 1000)
    return _Times(found)


def _counterfactuals(reader: Visitor) -> list[str]:
    """Edits of pixel groups, none like another."""
    found = []
    for image in range(1, prepared.IMAGES + 1):
        address = f"/c/{prepared.COLLECTION}/images/{image}"
        groups = sorted(set(re.findall(r'value="(group-\d+)"', reader.get(address).text)))
        found += [
            f"{address}?edit={group}&fill={fill}&expectation=stay"
            for group in groups
            for fill in FILLS
        ]
    return found


def _under_attack(
    url: str, counterfactuals: list[str], reader: Visitor, seconds: float
) -> tuple[dict[str, int], _Times]:
    # A process of its own: the attackers' work is not to be counted as the reader's wait.
    context = multiprocessing.get_context("spawn")
    begun, over, answers = context.Event(), context.Event(), context.Queue()
    attack = context.Process(target=_attack, args=(url, counterfactuals, begun, over, answers))
    attack.start()
    try:
        if not begun.wait(PATIENCE_S):
            raise RuntimeError("the attack did not begin")
        time.sleep(LEAD_S)
        times = _read(reader, seconds)
    finally:
        over.set()
    found: dict[str, int] = answers.get(timeout=2 * PATIENCE_S)
    attack.join()
    return found, times


def _attack(url: str, counterfactuals: list[str], begun: Event, over: Event, answers: Any) -> None:
    """Keep 40 requests in flight until it is over."""
    exports = [f"/c/{prepared.COLLECTION}/export/{each}.png" for each in PICTURES]
    counted: Counter[str] = Counter()
    addresses = (itertools.cycle(counterfactuals), itertools.cycle(exports))
    threads = [
        threading.Thread(target=_ask_again_and_again, args=(url, each, over, counted), daemon=True)
        for each in addresses
        for _ in range(OF_A_KIND)
    ]
    for thread in threads:
        thread.start()
    begun.set()
    for thread in threads:
        thread.join(PATIENCE_S)
    answers.put(dict(sorted(counted.items())))


def _ask_again_and_again(
    url: str, addresses: itertools.cycle[str], over: Event, counted: Counter[str]
) -> None:
    while not over.is_set():
        connection = HTTPConnection(urlsplit(url).netloc, timeout=PATIENCE_S)
        try:
            connection.request("GET", next(addresses))
            response = connection.getresponse()
            response.read()
            counted[str(response.status)] += 1
        except (OSError, HTTPException) as error:
            counted[type(error).__name__] += 1
        finally:
            connection.close()


if __name__ == "__main__":
    sys.exit(main())
