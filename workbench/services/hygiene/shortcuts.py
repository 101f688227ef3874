"""Shortcuts as findings, with the images that would have to go so that the facts tell nothing."""

from __future__ import annotations

from collections import defaultdict
from typing import Any, Final

from sqlalchemy import select

from workbench.analysis.hygiene.shortcuts import BOUND
from workbench.config import Settings
from workbench.services.hygiene.findings import MOST_GROUPS, Finding
from workbench.services.hygiene.images import CheckedImages
from workbench.services.imports.shortcuts import measure_shortcuts
from workbench.services.review.decisions import final_decisions
from workbench.store.database import session, transaction
from workbench.store.images import LABELS, Collection, Image

_FACTS: Final = {
    "format": (Image.format,),
    "size": (Image.width, Image.height),
    "aspect": (Image.width, Image.height),
    "jpeg": (Image.format, Image.jpeg_quality),
}
"""Columns by which images of both labels can be matched, by family."""


def find_shortcuts(collection_id: int, images: CheckedImages, settings: Settings) -> list[Finding]:
    """Measure the shortcuts anew, keep them with the collection, and give those above the bound."""
    decisions = final_decisions(collection_id)
    facts = measure_shortcuts(
        collection_id,
        settings,
        left_out={each for each, decision in decisions.items() if decision == "exclude"},
        labels={each: decision for each, decision in decisions.items() if decision in LABELS},
    )
    with transaction() as write:
        write.get_one(Collection, collection_id).file_facts = facts
    found = [
        _finding(
            "shortcut",
            name,
            facts["families"][name],
            facts,
            _unmatched(collection_id, name, images) if facts["made_alike"] is None else (),
        )
        for name in facts["shortcut"]
    ]
    if facts["warned"] and not found:
        found.append(_finding("shortcut", "together", facts, facts, ()))
    found += [
        _finding("trace", name, figures, facts, ())
        for name, figures in facts["noted"].items()
        if figures["low"] is not None and figures["low"] > BOUND
    ]
    return found


def _finding(
    kind: str,
    subject: str,
    figures: dict[str, Any],
    facts: dict[str, Any],
    unmatched: tuple[tuple[int, ...], ...],
) -> Finding:
    return Finding(
        kind=kind,
        severity="warning" if kind == "shortcut" else "note",
        figures={name: figures[name] for name in ("auc", "low", "high")}
        | {
            "images": facts["n"],
            "bound": BOUND,
            "unmatched": len(unmatched),
            "made_alike": facts["made_alike"] is not None,
        },
        groups=unmatched[:MOST_GROUPS],
        subject=subject,
    )


def _unmatched(
    collection_id: int, family: str, images: CheckedImages
) -> tuple[tuple[int, ...], ...]:
    """Images to leave out so that each value has as many of either label; none if all had to go."""
    columns = _FACTS.get(family)
    if columns is None:
        return ()
    fake = dict(zip(images.ids.tolist(), images.fake.tolist(), strict=True))
    rows = session().execute(
        select(Image.id, *columns)
        .where(Image.collection_id == collection_id)
        .order_by(Image.content_hash)
    )
    alike: defaultdict[tuple[Any, ...], tuple[list[int], list[int]]] = defaultdict(lambda: ([], []))
    for image_id, *values in rows:
        if image_id in fake:
            alike[tuple(values)][fake[image_id]].append(image_id)
    left_out = []
    for real, called_fake in alike.values():
        kept = min(len(real), len(called_fake))
        left_out += [*real[kept:], *called_fake[kept:]]
    session().rollback()
    return tuple((each,) for each in sorted(left_out)) if len(left_out) < len(fake) else ()
