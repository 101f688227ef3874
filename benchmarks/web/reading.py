"""One reader a collection, who visits every page."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager

from benchmarks.command import Figures
from benchmarks.web.databases import Filled
from benchmarks.web.filling.collection import COLLECTION
from benchmarks.web.pages import Draw, Page, known_of, parameters_of
from benchmarks.web.report import Table
from benchmarks.web.serving import served, settle
from benchmarks.web.statements import count_statements
from benchmarks.web.visits import Reader, Visitor, measure, unknown_parameters


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
    for filled in collections:
        counts = count_statements(filled, {name: pages[name] for name in tables[filled.images]})
        for name, measured in tables[filled.images].items():
            measured.statements = counts[name]
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
