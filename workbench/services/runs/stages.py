"""The stages of runs and imports, in order. Pages translate each (`web/site/formatting.py`)."""

from __future__ import annotations

from collections.abc import Mapping

from workbench.store.export_jobs import ExportJob
from workbench.store.import_jobs import ImportJob
from workbench.store.jobs import Job

IMPORTING_SCORES = "Importing scores"
"""No part of an analysis: what a run does that imports scores of a detector from outside."""
SHARES: Mapping[str, float] = {
    "Making images alike": 0.01,
    "Encoding images": 0.24,
    "Writing words on images": 0.04,
    "Training the projection": 0.02,
    "Training the distiller": 0.10,
    "Computing attributions": 0.05,
    "Computing layout": 0.01,
    "Measuring sensitivity": 0.24,
    "Finding patterns": 0.03,
    "Measuring effect sizes": 0.19,
    "Resampling patterns": 0.01,
    "Writing cells and patterns": 0.01,
    "Describing dimensions and patterns": 0.01,
    "Indexing images": 0.02,
    "Indexing pixel groups": 0.01,
    "Indexing images for text search": 0.01,
    IMPORTING_SCORES: 0.0,
}
"""Each stage with a rough share of a first run's time. Later runs go by their collection's last."""

OF_IMPORTS: Mapping[str, float] = {"Importing images": 0.9, "Reading metadata": 0.1}
"""The same of an import that was asked for on a page."""


OF_EXPORTS: Mapping[str, float] = {"Exporting images": 1.0}
"""The same of an export of a label set."""


def shares_of(table: type[Job]) -> Mapping[str, float]:
    """The stages of the work that a table is of."""
    of: dict[type[Job], Mapping[str, float]] = {ImportJob: OF_IMPORTS, ExportJob: OF_EXPORTS}
    return of.get(table, SHARES)
