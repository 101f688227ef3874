"""What the visits of all databases and sizes add up to."""

from __future__ import annotations

from benchmarks.command import Figures
from benchmarks.web.visits import Measured

Table = dict[str, Measured]
"""What was measured, by the page's name."""


def failures(tables: dict[tuple[str, int], Table]) -> list[str]:
    """What was answered with another status than it should have been."""
    return [
        each
        for table in tables.values()
        for measured in table.values()
        for each in measured.failures
    ]


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
    """Each page: median and p95 in ms, kB as sent, glyphs, statements."""
    return {
        f"{name}, {database} {images}": [
            measured.median,
            measured.p95,
            measured.kilobytes,
            measured.most_glyphs,
            measured.statements,
        ]
        for (database, images), table in tables.items()
        for name, measured in table.items()
    }
