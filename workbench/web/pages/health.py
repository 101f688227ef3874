"""Whether the process answers, and its database with it."""

from __future__ import annotations

from flask import Blueprint, Response, jsonify

from workbench.services import status

blueprint = Blueprint("health", __name__)


@blueprint.get("/healthz")
def show() -> Response:
    """Say that this process serves requests and reaches its database; 503 where it does not."""
    status.check_database()
    return jsonify(ok=True)
