"""The stages of a run, in order. Pages translate each (`web/site/formatting.py`)."""

from __future__ import annotations

from collections.abc import Mapping

SHARES: Mapping[str, float] = {
    "Encoding images": 0.38,
    "Writing words on images": 0.04,
    "Training the projection": 0.02,
    "Training the distiller": 0.02,
    "Computing attributions": 0.26,
    "Computing layout": 0.04,
    "Measuring sensitivity": 0.08,
    "Finding patterns": 0.02,
    "Measuring effect sizes": 0.06,
    "Resampling patterns": 0.02,
    "Writing cells and patterns": 0.01,
    "Describing dimensions and patterns": 0.01,
    "Indexing images": 0.02,
    "Indexing pixel groups": 0.01,
    "Indexing images for text search": 0.01,
}
"""Each stage with a rough share of a first run's time. Later runs go by their collection's last."""
