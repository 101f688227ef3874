"""Speed and size of the pages on a big collection, and how soon the overview can be used.

For each database and size, a made-up analysed collection is filled in, the workbench is served as
usual, and one signed-in reader visits every page of `benchmarks.web.pages` over HTTP, never twice
the same address. `p95_ratio` is that of the page which grows most from the smallest to the largest
collection. `--keep DIR` keeps what is filled, for the next call.
"""

from __future__ import annotations

import signal
import sys
from pathlib import Path

from benchmarks.command import Figures, parser, show
from benchmarks.web.databases import filled_databases, offer_databases
from benchmarks.web.pages import PAGES
from benchmarks.web.reading import visit
from benchmarks.web.report import Table, failures, rows, worst
from benchmarks.web.usable import usable

SIZES = (10_000, 1_000_000)
QUICK_SIZES = (1_000, 10_000)
REQUESTS = 60
QUICK_REQUESTS = 12


def main() -> None:
    """Fill, visit, report."""
    options = parser(__doc__ or "")
    options.add_argument("--images", help="sizes, with commas between (10000,1000000)")
    offer_databases(options)
    options.add_argument("--pages", default="", help="only pages with these words in their name")
    options.add_argument("--fill-only", action="store_true", help="fill, and measure nothing")
    options.add_argument("--demo", type=Path, help="data directory whose overview Chromium loads")
    options.add_argument("--no-browser", action="store_true", help="leave Chromium out")
    chosen = options.parse_args()
    default = QUICK_SIZES if chosen.quick else SIZES
    sizes = sorted(int(each) for each in chosen.images.split(",")) if chosen.images else default
    requests = QUICK_REQUESTS if chosen.quick else REQUESTS
    pages = {name: page for name, page in PAGES.items() if chosen.pages in name}
    # Servers that are under way are stopped by whatever ends this process.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("stopped"))
    figures: Figures = {
        "each page": "[median ms, p95 ms, most kB as sent, most glyphs, statements]"
    }
    tables: dict[tuple[str, int], Table] = {}
    with filled_databases(chosen.keep) as store:
        for database in chosen.databases:
            collections = []
            for images in sizes:
                print(f"{database}, {images:,} images", file=sys.stderr)
                filled = store.filled(database, images)
                collections.append(filled)
                figures[f"seconds filling, {database} {images}"] = filled.seconds
                figures[f"gigabytes, {database} {images}"] = filled.size / 1e9
            if not chosen.fill_only:
                by_size, others = visit(collections, pages, requests)
                tables |= {(database, images): table for images, table in by_size.items()}
                figures |= others
    if not chosen.no_browser and not chosen.fill_only:
        figures |= usable(chosen.demo)
    show(worst(tables) | figures | rows(tables), as_json=chosen.json)
    if failed := failures(tables):
        sys.exit(f"{len(failed)} visits failed, such as {failed[:3]}")


if __name__ == "__main__":
    main()
