"""The stages of a run, in order. Pages translate each (`web/site/formatting.py`)."""

from __future__ import annotations

from collections.abc import Mapping

SHARES: Mapping[str, float] = {
    "Encoding images": 0.25,
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
}
"""Each stage with a rough share of a first run's time. Later runs go by their collection's last."""
