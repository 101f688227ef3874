"""Removal of an image, a version or a collection: what would go, and the confirmation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from flask import Blueprint, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from workbench.services import app_settings
from workbench.services.errors import NotFoundError
from workbench.services.removal import collections, images, versions
from workbench.services.removal.counts import Counts
from workbench.services.workspaces import Workspace
from workbench.web.request.entering import enter
from workbench.web.request.view import View
from workbench.web.site import notices, security, slots

blueprint = Blueprint("removal", __name__)

Answer = str | Response | tuple[str, int]


@dataclass(frozen=True)
class RemovalPage:
    """What `views/remove.html` shows. `wrong`: the confirmation was missing."""

    view: View
    workspace: Workspace
    kind: str
    """`image`, `version` or `collection`."""
    counts: Counts
    back: str
    image_id: int = 0
    name: str = ""
    """Of the image's file."""
    collections: Sequence[str] = ()
    """The other ones that the picture is in."""
    number: int = 0
    """Of the version."""
    verdicts: int = 0
    notes: int = 0
    tags: int = 0
    """Given on the version; they stay."""
    wrong: bool = False


@blueprint.get("/c/<collection:name>/remove")
@security.requires("remove")
@slots.costly()
def collection(name: str) -> Answer:
    """What the removal of a collection would remove."""
    return _shown(_of_collection(name))


@blueprint.post("/c/<collection:name>/remove")
@security.requires("remove")
@slots.costly()
def remove_collection(name: str) -> Answer:
    """Remove a collection, whose name was typed."""
    if request.form.get("typed", "").strip() != name.strip():
        return _refused(_of_collection(name))
    collections.remove_collection(name, security.user_id(), app_settings.settings())
    notices.saved(gettext("%(name)s is removed.", name=name))
    return redirect(url_for("collections.show"), 303)


@blueprint.get("/c/<collection:name>/images/<record:image_id>/remove")
@security.requires("remove")
@slots.costly()
def image(name: str, image_id: int) -> Answer:
    """What the takedown of an image would remove."""
    return _shown(_of_image(name, image_id))


@blueprint.post("/c/<collection:name>/images/<record:image_id>/remove")
@security.requires("remove")
@slots.costly()
def remove_image(name: str, image_id: int) -> Answer:
    """Take an image down."""
    page = _of_image(name, image_id)
    if not _is_sure():
        return _refused(page)
    images.remove_image(image_id, security.user_id(), app_settings.settings())
    notices.saved(gettext("Image %(id)s is removed.", id=image_id))
    return redirect(url_for("explore.show", name=name), 303)


@blueprint.get("/c/<collection:name>/versions/<record:number>/remove")
@security.requires("remove")
@slots.costly()
def version(name: str, number: int) -> Answer:
    """What the removal of a version would remove."""
    return _shown(_of_version(name, number))


@blueprint.post("/c/<collection:name>/versions/<record:number>/remove")
@security.requires("remove")
@slots.costly()
def remove_version(name: str, number: int) -> Answer:
    """Remove a version."""
    page = _of_version(name, number)
    if not _is_sure():
        return _refused(page)
    versions.remove_version(name, number, security.user_id(), app_settings.settings())
    notices.saved(gettext("v%(number)s is removed.", number=number))
    return redirect(url_for("models.show", name=name), 303)


def _of_collection(name: str) -> RemovalPage:
    view, workspace = enter(name)
    counts = collections.plan_collection(name, app_settings.settings()).counts
    return RemovalPage(view, workspace, "collection", counts, url_for("data.show", name=name))


def _of_image(name: str, image_id: int) -> RemovalPage:
    view, workspace = enter(name)
    plan = images.plan_image(image_id, app_settings.settings())
    if plan.collection != name:
        raise NotFoundError(gettext("Image not found."))
    return RemovalPage(
        view,
        workspace,
        "image",
        plan.counts,
        view.image_url(image_id),
        image_id=image_id,
        name=plan.name,
        collections=[each for each in plan.collections if each != name],
    )


def _of_version(name: str, number: int) -> RemovalPage:
    view, workspace = enter(name)
    plan = versions.plan_version(name, number, app_settings.settings())
    return RemovalPage(
        view,
        workspace,
        "version",
        plan.counts,
        url_for("models.show", name=name),
        number=number,
        verdicts=plan.verdicts,
        notes=plan.notes,
        tags=plan.tags,
    )


def _is_sure() -> bool:
    return request.form.get("sure") == "yes"


def _shown(page: RemovalPage) -> str:
    return render_template("views/remove.html", page=page)


def _refused(page: RemovalPage) -> tuple[str, int]:
    """The same page, which says what is missing."""
    refused = RemovalPage(**(vars(page) | {"wrong": True}))
    return _shown(refused), 422
