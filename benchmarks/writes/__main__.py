"""Verdicts by 16 writers at once over HTTP, and the page of who reads meanwhile.

For each database, a made-up analysed collection is filled in; then, with so many verdicts standing
beforehand as `--standing` says, the workbench is served as usual, and the writers give verdicts as
fast as they are answered, every fourth on one of a few images that all of them judge. Before that,
somebody reads the explore page after each verdict of their own. A figure that grows with what
stands beforehand is divided by the same without: `cpu_ratio`, `explore_ratio`.
"""

from __future__ import annotations

import os
import signal
import sys

from benchmarks.command import Figures, parser, show
from benchmarks.web.databases import filled_databases, offer_databases
from benchmarks.writes.writing import Outcome, outcome

IMAGES = 10_000
STANDING = (0, 60, 50_000)
SECONDS = 20
QUICK_SECONDS = 5


def main() -> None:
    """Fill, write, report."""
    options = parser(__doc__ or "")
    options.add_argument("--images", type=int, default=IMAGES)
    offer_databases(options)
    options.add_argument("--standing", default=",".join(map(str, STANDING)))
    options.add_argument("--seconds", type=int, help="how long the writers write")
    chosen = options.parse_args()
    seconds = chosen.seconds or (QUICK_SECONDS if chosen.quick else SECONDS)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("stopped"))
    found: dict[tuple[str, int], Outcome] = {}
    with filled_databases(chosen.keep) as store:
        for database in chosen.databases:
            filled = store.filled(database, chosen.images)
            for standing in map(int, chosen.standing.split(",")):
                print(f"{database}, {standing:,} verdicts standing", file=sys.stderr)
                found[database, standing] = outcome(filled, standing, seconds)
    show(figures(found), as_json=chosen.json)
    if wrong := {key: (each.refused, each.lost) for key, each in found.items() if each.lost}:
        sys.exit(f"verdicts were lost or doubled: {wrong}")
    if refused := {key: each.refused for key, each in found.items() if each.refused}:
        print(f"refused: {refused}", file=sys.stderr)


def figures(found: dict[tuple[str, int], Outcome]) -> Figures:
    """The worst ratios, then a line for each database and number of verdicts."""
    fewest, most = (edge(standing for _database, standing in found) for edge in (min, max))
    made: Figures = {}
    for name, of in (("cpu_ratio", "cpu_ms"), ("explore_ratio", "explore_median")):
        made[name] = max(
            getattr(each, of) / getattr(found[database, fewest], of)
            for (database, standing), each in found.items()
            if standing == most
        )
    made["each line"] = (
        "[verdicts a second, median ms, p95 ms, ms of processor a verdict, median ms and p95 ms of "
        "the explore page, load of the machine, verdicts refused]"
    )
    for (database, standing), each in found.items():
        made[f"{database}, {standing} standing"] = [
            each.per_second,
            each.median,
            each.p95,
            each.cpu_ms,
            each.explore_median,
            each.explore_p95,
            each.load,
            sum(each.refused.values()),
        ]
    made["processors"] = os.cpu_count()
    return made


if __name__ == "__main__":
    main()
