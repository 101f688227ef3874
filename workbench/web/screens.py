"""All screens, put on an application; loading them takes more than a second."""

from __future__ import annotations

from flask import Flask

from workbench.web import template_globals
from workbench.web.api import registering as api
from workbench.web.exports import pictures, reports
from workbench.web.pages import (
    accounts,
    adjudicate,
    agreement,
    collections,
    dashboard,
    data,
    disagreements,
    explore,
    health,
    history,
    images,
    imports,
    joining,
    label_exports,
    label_imports,
    label_sets,
    media,
    members,
    models,
    note_list,
    notes,
    patterns,
    people,
    provider,
    queue_walk,
    queues,
    regions,
    removal,
    similar,
    suggestions,
    tag_checks,
    tag_pages,
    taxonomy,
    verdicts,
    vocabulary,
    webhooks,
)
from workbench.web.request import converters
from workbench.web.site import (
    agreement_words,
    compression,
    dashboard_words,
    description_words,
    errors,
    event_words,
    figures,
    finding_words,
    formatting,
    i18n,
    import_note_words,
    import_words,
    label_set_words,
    note_words,
    predictions,
    queue_words,
    region_words,
    removal_words,
    run_words,
    security,
    tag_words,
    uploads,
    verdict_words,
    webhook_words,
)


def register(app: Flask) -> None:
    """Put the screens on the application, whose configuration carries the settings as WORKBENCH."""
    i18n.register(app)
    converters.register(app)
    formatting.register(app)
    run_words.register(app)
    figures.register(app)
    predictions.register(app)
    import_note_words.register(app)
    import_words.register(app)
    label_set_words.register(app)
    verdict_words.register(app)
    agreement_words.register(app)
    dashboard_words.register(app)
    event_words.register(app)
    webhook_words.register(app)
    note_words.register(app)
    description_words.register(app)
    finding_words.register(app)
    region_words.register(app)
    queue_words.register(app)
    removal_words.register(app)
    tag_words.register(app)
    template_globals.register(app)
    uploads.register(app)
    security.register(app)
    compression.register(app)
    errors.register(app)
    for module in (
        accounts,
        adjudicate,
        agreement,
        collections,
        dashboard,
        data,
        disagreements,
        explore,
        pictures,
        health,
        history,
        images,
        imports,
        joining,
        label_exports,
        label_imports,
        label_sets,
        media,
        members,
        models,
        note_list,
        notes,
        patterns,
        people,
        provider,
        queue_walk,
        queues,
        regions,
        removal,
        reports,
        similar,
        suggestions,
        tag_checks,
        tag_pages,
        taxonomy,
        verdicts,
        vocabulary,
        webhooks,
    ):
        app.register_blueprint(module.blueprint)
    api.register(app)
