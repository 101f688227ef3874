"""Sixteen people who tag, judge, undo and adjudicate at once over HTTP; a server that is killed.

For each database, a made-up analysed collection is filled in and served as usual, on the same
processors. Every person sends one write after another for `--seconds`: verdicts, tags on pixel
groups, adjudications of images that two others disagree on (half of the people may), and undoing of
what they did; a quarter of all on a few images and groups that everybody works on.
`writes_per_second` and `write_p95_ms` are of the writes that were answered as saved. `refused` are
those that were told that somebody was faster; `errors_5xx` should be none.

Afterwards every write that was answered as saved is looked for in the database: `lost` are those
that are not there as they were saved, `doubled` rows that nobody was told of, `audit_differs` rows
of which the audit trail, replayed from its start, says something else.

Then the same while the server is killed (SIGKILL) and started again, `--kills` times:
`lost_after_kills` are writes that were answered as saved and are not there.
"""

from __future__ import annotations

import os
import signal
import sys

from benchmarks.command import Figures, parser, show
from benchmarks.curation.books import Books
from benchmarks.curation.team import Work, killed, prepared, worked
from benchmarks.web.databases import Filled, filled_databases, offer_databases

IMAGES = 10_000
SECONDS = 60
KILLS = 20
QUICK_SECONDS = 5
QUICK_KILLS = 2
NAMES = {"sqlite": "sqlite", "postgres": "postgresql"}


def main() -> None:
    """Fill, work, kill, report."""
    options = parser(__doc__ or "")
    options.add_argument("--images", type=int, default=IMAGES)
    offer_databases(options)
    options.add_argument("--seconds", type=int, help="how long they work")
    options.add_argument("--kills", type=int, help="how often the server is killed")
    chosen = options.parse_args()
    seconds = chosen.seconds or (QUICK_SECONDS if chosen.quick else SECONDS)
    kills = chosen.kills if chosen.kills is not None else QUICK_KILLS if chosen.quick else KILLS
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("stopped"))
    figures: Figures = {"processors": os.cpu_count()}
    with filled_databases(chosen.keep) as store:
        for database in chosen.databases:
            print(f"{database}, {chosen.images:,} images", file=sys.stderr)
            measured = measure(store.filled(database, chosen.images), seconds, kills)
            figures |= {f"{key}_{NAMES[database]}": value for key, value in measured.items()}
    show(figures, as_json=chosen.json)
    if wrong := {key: value for key, value in figures.items() if _is_wrong(key) and value}:
        sys.exit(f"writes were lost, doubled or failed: {wrong}")


def _is_wrong(key: str) -> bool:
    return key.startswith(("lost", "doubled", "errors_5xx", "audit_differs"))


def measure(filled: Filled, seconds: float, kills: int) -> Figures:
    """Of one database."""
    ids = prepared(filled)
    books = Books(filled)
    work = worked(filled, ids, seconds)
    figures = _figures(work) | books.compared(work.saved, work.unanswered)
    if kills:
        books = Books(filled)
        under_kills = killed(filled, ids, kills)
        compared = books.compared(under_kills.saved, under_kills.unanswered)
        figures |= {f"{key}_after_kills": value for key, value in compared.items()}
        figures["saved_between_kills"] = len(under_kills.saved)
        figures["kills"] = kills
    return figures


def _figures(work: Work) -> Figures:
    return {
        "writes_per_second": work.per_second,
        "write_median_ms": work.percentile(50),
        "write_p95_ms": work.percentile(95),
        "cpu_ms": work.cpu_ms,
        "load": work.load,
        **{f"{kind}s": count for kind, count in sorted(work.acts.items())},
        "refused": sum(count for status, count in work.statuses.items() if 400 <= status < 500),
        "errors_5xx": sum(count for status, count in work.statuses.items() if status >= 500),
    }


if __name__ == "__main__":
    main()
