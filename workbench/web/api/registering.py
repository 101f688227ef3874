"""The REST API, put on an application."""

from __future__ import annotations

from flask import Blueprint, Flask, Response, request
from werkzeug.exceptions import BadRequest, UnsupportedMediaType

from workbench.services.repeats import KeyReusedError, UnansweredError
from workbench.web.api import (
    agreement,
    collections,
    dashboard,
    data,
    disagreements,
    frames,
    history,
    image_imports,
    images,
    label_imports,
    label_sets,
    notes,
    patterns,
    queue_walk,
    queues,
    reference,
    regions,
    removals,
    review_queue,
    runs,
    suggestions,
    taggings,
    taxonomy,
    taxonomy_changes,
    verdicts,
)
from workbench.web.api.operations import InvalidRequestError
from workbench.web.site import bearer, errors, problems

RESOURCES = (
    agreement,
    collections,
    dashboard,
    data,
    disagreements,
    frames,
    history,
    runs,
    removals,
    label_sets,
    label_imports,
    image_imports,
    images,
    notes,
    patterns,
    queue_walk,
    queues,
    regions,
    review_queue,
    suggestions,
    taggings,
    taxonomy,
    taxonomy_changes,
    verdicts,
)


def register(app: Flask) -> None:
    """Put all resources and the description under their prefix."""
    api = Blueprint("api", __name__, url_prefix=problems.API)
    api.before_request(_require_json)
    api.after_request(bearer.tell_what_is_left)
    for module in RESOURCES:
        api.register_blueprint(module.blueprint)
    app.register_blueprint(api)
    app.register_blueprint(reference.blueprint)
    app.register_error_handler(InvalidRequestError, _refused)
    app.register_error_handler(KeyReusedError, _reused)
    app.register_error_handler(UnansweredError, _unanswered)


def _require_json() -> None:
    """Refuse a body that is no JSON object, before it could be taken for an empty one."""
    if request.content_length in (None, 0) and not request.headers.get("Transfer-Encoding"):
        return
    if request.mimetype != "application/json":
        raise UnsupportedMediaType
    if not isinstance(request.get_json(silent=True), dict):
        raise BadRequest


def _refused(error: InvalidRequestError) -> Response:
    return errors.problem(422, None, kind="invalid-request", more={"errors": error.errors})


def _reused(error: KeyReusedError) -> Response:
    return errors.problem(422, str(error), kind="idempotency-key-reused")


def _unanswered(error: UnansweredError) -> Response:
    return errors.problem(409, str(error), kind="unanswered")
