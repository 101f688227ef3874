"""Words for runs: their states, stages and triggers."""

from __future__ import annotations

from flask import Flask
from flask_babel import lazy_gettext

STATE_WORDS = {
    "queued": lazy_gettext("queued"),
    "running": lazy_gettext("running"),
    "succeeded": lazy_gettext("succeeded"),
    "failed": lazy_gettext("failed"),
    "cancelled": lazy_gettext("cancelled"),
    "removed": lazy_gettext("version removed"),
}

STAGE_WORDS = {
    "Starting": lazy_gettext("Starting"),
    "Making images alike": lazy_gettext("Making images alike"),
    "Encoding images": lazy_gettext("Encoding images"),
    "Writing words on images": lazy_gettext("Writing words on images"),
    "Training the projection": lazy_gettext("Training the projection"),
    "Training the distiller": lazy_gettext("Training the distiller"),
    "Computing attributions": lazy_gettext("Computing attributions"),
    "Measuring sensitivity": lazy_gettext("Measuring sensitivity"),
    "Computing layout": lazy_gettext("Computing layout"),
    "Finding patterns": lazy_gettext("Finding patterns"),
    "Resampling patterns": lazy_gettext("Resampling patterns"),
    "Measuring effect sizes": lazy_gettext("Measuring effect sizes"),
    "Writing cells and patterns": lazy_gettext("Writing cells and patterns"),
    "Describing dimensions and patterns": lazy_gettext("Describing dimensions and patterns"),
    "Indexing images": lazy_gettext("Indexing images"),
    "Indexing pixel groups": lazy_gettext("Indexing pixel groups"),
    "Indexing images for text search": lazy_gettext("Indexing images for text search"),
    "Importing images": lazy_gettext("Importing images"),
    "Reading metadata": lazy_gettext("Reading metadata"),
    "Importing scores": lazy_gettext("Importing scores"),
}
"""Runs write their stages down in English."""

TRIGGER_WORDS = {
    "first": lazy_gettext("initial analysis"),
    "request": lazy_gettext("requested"),
    "schedule": lazy_gettext("scheduled"),
    "scores": lazy_gettext("imported scores"),
}


def state_words(value: str) -> str:
    """How a run stands."""
    return str(STATE_WORDS[value])


def stage_words(value: str) -> str:
    """What a run is doing, as it wrote it down."""
    return str(STAGE_WORDS.get(value, value))


def trigger_words(value: str) -> str:
    """Why a run was made."""
    return str(TRIGGER_WORDS.get(value, value))


def register(app: Flask) -> None:
    """Make every function of this module a template filter of its own name."""
    for function in (stage_words, state_words, trigger_words):
        app.add_template_filter(function)
