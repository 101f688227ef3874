"""The collections: where everybody starts."""

from __future__ import annotations

from flask import Blueprint, render_template

from workbench.services import workspaces

blueprint = Blueprint("collections", __name__)


@blueprint.get("/")
def show() -> str:
    """All collections, or how to import the first one."""
    return render_template("views/collections.html", collections=workspaces.collections())
