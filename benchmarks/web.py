"""Speed and size of the pages on a big collection, and how soon the overview can be used.

For each database and size, a made-up analysed collection is filled in, the workbench is served as
usual, and one signed-in reader visits every page of `web_pages` over HTTP, never twice the same
address. `p95_ratio` is that of the page which grows most from the smallest to the largest
collection. `--keep DIR` keeps what is filled, for the next call.
"""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from playwright.sync_api import sync_playwright
from sqlalchemy import select

from benchmarks.command import Figures, parser, show
from benchmarks.filled import DATABASES, Filled, filled_databases
from benchmarks.filling import COLLECTION
from benchmarks.serving import served, settle
from benchmarks.web_pages import PAGES, Draw, Page, known_of, parameters_of
from benchmarks.web_usable import Load, loads
from benchmarks.web_visits import Measured, Reader, Visitor, measure, unknown_parameters
from tests.support.browser import launch
from tests.support.prepared import prepare
from workbench.app import create_app
from workbench.config import Settings
from workbench.store.database import db, session
from workbench.store.images import Collection
from workbench.store.versions import ActiveVersion

SIZES = (10_000, 1_000_000)
QUICK_SIZES = (1_000, 10_000)
REQUESTS = 60
QUICK_REQUESTS = 12

Table = dict[str, Measured]
"""What was measured, by the page's name."""


def main() -> None:
    """Fill, visit, report."""
    options = parser(__doc__ or "")
    options.add_argument("--images", help="sizes, with commas between (10000,1000000)")
    options.add_argument("--databases", default=",".join(DATABASES), help="sqlite, postgres, both")
    options.add_argument("--pages", default="", help="only pages with these words in their name")
    options.add_argument("--keep", type=Path, help="keep filled databases here, or use what is")
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
    figures: Figures = {"each page": "[median ms, p95 ms, most kB as sent, most glyphs]"}
    tables: dict[tuple[str, int], Table] = {}
    with filled_databases(chosen.keep) as store:
        for database in chosen.databases.split(","):
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


def failures(tables: dict[tuple[str, int], Table]) -> list[str]:
    """What was answered with another status than it should have been."""
    return [
        each
        for table in tables.values()
        for measured in table.values()
        for each in measured.failures
    ]


def visit(
    collections: Sequence[Filled], pages: dict[str, Page], requests: int
) -> tuple[dict[int, Table], Figures]:
    """What all pages took by the collection's size, and what else is to be told of each.

    The collections' servers take turns, request by request: a slow spell of the machine makes none
    of them look slower than the others.
    """
    figures: Figures = {}
    tables: dict[int, Table] = {each.images: {} for each in collections}
    with ExitStack() as stack:
        readers = [stack.enter_context(_reader(each, figures)) for each in collections]
        unknown = unknown_parameters(readers[0].visitor, pages)
        figures["parameters not there"] = ", ".join(sorted(unknown)) or "none"
        for name, page in pages.items():
            if parameters_of(page) & unknown:
                continue
            print(f"  {name}:", end="", flush=True, file=sys.stderr)
            for filled, measured in zip(collections, measure(readers, page, requests), strict=True):
                tables[filled.images][name] = measured
                print(f" {measured.p95:.0f} ms", end="", file=sys.stderr)
            print(file=sys.stderr)
    return tables, figures


@contextmanager
def _reader(filled: Filled, figures: Figures) -> Iterator[Reader]:
    """Somebody who reads this collection, signed in, on a server that is at rest."""
    with served(filled.data_dir, database_url=filled.url) as server:
        visitor = Visitor(server.url)
        try:
            where = f"{filled.database} {filled.images}"
            figures[f"ms of the first answer, {where}"] = visitor.get("/login").milliseconds
            visitor.sign_in(f"/c/{COLLECTION}/images/1")
            overview = visitor.get(f"/c/{COLLECTION}/")
            figures[f"ms of the first overview, {where}"] = overview.milliseconds
            settle(server)
            yield Reader(visitor, Draw(known_of(filled), seed=1))
        finally:
            visitor.close()


def worst(tables: dict[tuple[str, int], Table]) -> Figures:
    """The keys that are judged, each over all pages and databases."""
    if not tables:
        return {}
    small, large = (edge(images for _database, images in tables) for edge in (min, max))
    ratios = {
        f"{name}, {database}": measured.p95 / tables[database, small][name].p95
        for (database, images), table in tables.items()
        if images == large and small < large
        for name, measured in table.items()
        if name in tables[database, small]
    }
    slow = {
        f"{name}, {database}": measured.p95
        for (database, images), table in tables.items()
        if images == large
        for name, measured in table.items()
    }
    every = [measured for table in tables.values() for measured in table.values()]
    figures: Figures = {}
    if ratios:
        name = max(ratios, key=ratios.__getitem__)
        figures |= {"p95_ratio": ratios[name], "p95_ratio_page": name}
    name = max(slow, key=slow.__getitem__)
    return figures | {
        "p95_ms": slow[name],
        "p95_ms_page": name,
        "max_glyphs": max(each.most_glyphs for each in every),
        "max_page_kb": max(each.kilobytes for each in every),
    }


def rows(tables: dict[tuple[str, int], Table]) -> Figures:
    """Each page: median and p95 in ms, kB as sent, glyphs."""
    return {
        f"{name}, {database} {images}": [
            measured.median,
            measured.p95,
            measured.kilobytes,
            measured.most_glyphs,
        ]
        for (database, images), table in tables.items()
        for name, measured in table.items()
    }


def usable(demo: Path | None) -> Figures:
    """How soon the overview of this data directory, or of drawn pictures, can be used."""
    with TemporaryDirectory() as folder:
        data_dir = demo or prepare(Path(folder))
        found = _loads(data_dir)
    columns = {
        name: np.array([getattr(each, name) for each in found])
        for name in ("asked", "drawn", "card", "painted")
    }
    both = {
        name: [float(np.median(values)), float(np.percentile(values, 95))]
        for name, values in columns.items()
    }
    return {
        "usable_ms": both["asked"],
        "usable_ms, layout drawn": both["drawn"],
        "usable_ms, card shown": both["card"],
        "usable_ms, largest contentful paint": both["painted"],
    }


def _loads(data_dir: Path) -> list[Load]:
    with served(data_dir) as server, sync_playwright() as playwright:
        settle(server)
        browser = launch(playwright)
        try:
            return loads(browser, f"{server.url}/c/{_analysed(data_dir)}/")
        finally:
            browser.close()


def _analysed(data_dir: Path) -> str:
    """The name of the first collection with an active version."""
    with create_app(Settings(data_dir=data_dir, database_url="")).app_context():
        name = session().scalars(
            select(Collection.name)
            .join(ActiveVersion, ActiveVersion.collection_id == Collection.id)
            .order_by(Collection.id)
        )
        found = name.first()
        db.session.remove()
        db.engine.dispose()
    if found is None:
        raise RuntimeError(f"{data_dir} has no analysed collection")
    return found


if __name__ == "__main__":
    main()
