"""Whether the process answers."""

from __future__ import annotations

from flask import Blueprint, Response, jsonify

blueprint = Blueprint("health", __name__)


@blueprint.get("/healthz")
def show() -> Response:
    """Say that this process serves requests."""
    return jsonify(ok=True)
