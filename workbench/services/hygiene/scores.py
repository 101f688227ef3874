"""What a version's scores say of the data: likely label errors, and its weakest slices."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import select

from workbench.analysis.hygiene.label_errors import likely_label_errors
from workbench.analysis.hygiene.slices import Slice, weak_slices
from workbench.services.columns.properties import PROPERTIES
from workbench.services.columns.store import ColumnStore, column_store
from workbench.services.explore.decisions import decided_rows, judged_rows
from workbench.services.explore.layout import in_cell
from workbench.services.hygiene.findings import MOST_GROUPS, Finding
from workbench.services.models.figures import figures_of, signal_of
from workbench.services.models.outside import outside_of
from workbench.store.database import session
from workbench.store.images import LABELS, label_code
from workbench.store.results import Cell
from workbench.store.versions import ModelVersion

MOST_SLICES: Final = 20
_LEVEL: Final = 0
"""Of the cells: the coarsest, which hold images enough to tell."""


def find_in_scores(version: ModelVersion) -> list[Finding]:
    """Findings by the scores of a version, whose number and detector stand in their figures.

    None of a version that tells real from fake no better than chance: its scores say nothing of
    labels.
    """
    if signal_of(figures_of(version.metrics)) == "none":
        return []
    store = column_store(version.id)
    kept = ~decided_rows(store, "exclude") & (store.labels != label_code(None))
    outside = outside_of(version.metrics)
    by = {"version": version.number, "detector": outside.model if outside else ""}
    found = (*_label_errors(store, kept), *_slices(store, kept))
    return [replace(each, figures=each.figures | by) for each in found]


def _label_errors(store: ColumnStore, kept: NDArray[np.bool_]) -> list[Finding]:
    """Among images that nobody has decided on: a verdict is worth more than a score."""
    rows = np.flatnonzero(kept)
    fake = store.labels[rows] == LABELS.index("fake")
    found = rows[likely_label_errors(fake, store.p[rows].astype(np.float64))]
    found = found[~judged_rows(store)[found]]
    if not len(found):
        return []
    as_fake = int((store.labels[found] == LABELS.index("real")).sum())
    return [
        Finding(
            kind="label_errors",
            severity="note",
            figures={
                "images": len(found),
                "share": round(len(found) / len(rows), 6),
                "labelled_real": as_fake,
                "labelled_fake": len(found) - as_fake,
            },
            groups=tuple((int(store.image_ids[row]),) for row in found[:MOST_GROUPS]),
        )
    ]


def _slices(store: ColumnStore, kept: NDArray[np.bool_]) -> list[Finding]:
    rows = np.flatnonzero(kept)
    named = {name: mask[rows] for name, mask in _named(store).items()}
    found = weak_slices(named, store.wrong[rows], store.groups[rows])
    return [_finding(each) for each in found[:MOST_SLICES]]


def _named(store: ColumnStore) -> dict[str, NDArray[np.bool_]]:
    """The slices by the parameter of an address that shows each."""
    slices = {f"label={label}": store.labels == at for at, label in enumerate(LABELS)}
    slices |= {
        f"generator={name}": store.generators == at
        for at, name in enumerate(store.generator_names)
        if name
    }
    slices |= _by_property(store)
    cells = session().scalars(
        select(Cell).where(
            Cell.version_id == store.version_id,
            Cell.layout == store.layout().name,
            Cell.level == _LEVEL,
        )
    )
    return slices | {f"cell={cell.id}": in_cell(store, cell) for cell in cells}


def _by_property(store: ColumnStore) -> dict[str, NDArray[np.bool_]]:
    """Images by format, and the lowest and the highest quarter by each property."""
    found = {
        f"format={name}": store.formats == at
        for at, name in enumerate(store.format_names)
        if len(store.format_names) > 1
    }
    for name in PROPERTIES:
        values = store.property_of(name)
        known = values[np.isfinite(values)]
        if not len(known) or known.min() == known.max():
            continue
        low, high = (float(each) for each in np.quantile(known, (0.25, 0.75)))
        found[f"property={name},,{low:.8g}"] = values <= np.float32(f"{low:.8g}")
        found[f"property={name},{high:.8g},"] = values >= np.float32(f"{high:.8g}")
    return found


def _finding(each: Slice) -> Finding:
    return Finding(
        kind="slice",
        severity="note",
        figures={
            "images": each.images,
            "errors": each.errors,
            "rate": round(each.rate.value, 4),
            "low": round(each.rate.low, 4),
            "high": round(each.rate.high, 4),
            "rest": round(each.rest, 4),
            "p": round(each.p, 4),
            "looked_at": each.looked_at,
        },
        subject=each.name,
    )
