"""Removal of images, versions and collections: what would go, and the removal."""

from __future__ import annotations

from flask import Blueprint
from flask_babel import gettext
from pydantic import Field

from workbench.services import app_settings
from workbench.services.collections import LONGEST_NAME, require_image
from workbench.services.errors import InvalidError
from workbench.services.removal import collections, images, versions
from workbench.web.api.models import Input, Output
from workbench.web.api.operations import operation
from workbench.web.site import security, slots

blueprint = Blueprint("removals", __name__)
TAG = "Removal"


class Removed(Output):
    """How much of each kind goes, or went."""

    images: int
    versions: int
    scores: int
    pixel_groups: int
    patterns: int
    embeddings: int
    verdicts: int
    """Standing ones and adjudications, like notes, tags and answers: people's work."""
    notes: int
    tags: int
    drawn: int
    """Regions that people drew."""
    answers: int
    """To the question whether a pattern's tag fits."""
    files: int
    size: int
    """In bytes."""


class RemovedImage(Removed):
    """How much goes with a picture, from all collections that it is in."""

    collections: list[str]


class ConfirmQuery(Input):
    """Said by who is sure."""

    confirm: str = Field(max_length=LONGEST_NAME)
    """The name of the collection."""


@blueprint.get("/collections/<collection:name>/removal")
@operation(TAG, answer=Removed, action="remove")
@slots.costly()
def plan_collection_removal(name: str) -> Removed:
    """Tell what the removal of a collection would remove."""
    found = collections.plan_collection(name, app_settings.settings())
    return Removed.model_validate(found.counts)


@blueprint.delete("/collections/<collection:name>")
@operation(TAG, answer=Removed, action="remove")
@slots.costly()
def remove_collection(name: str, query: ConfirmQuery) -> Removed:
    """Remove a collection with everything that is of it."""
    if query.confirm != name.strip():
        raise InvalidError(gettext("Confirm by the name of the collection."))
    found = collections.remove_collection(name, security.user_id(), app_settings.settings())
    return Removed.model_validate(found)


@blueprint.get("/collections/<collection:name>/images/<record:image_id>/removal")
@operation(TAG, answer=RemovedImage, action="remove")
@slots.costly()
def plan_image_removal(name: str, image_id: int) -> RemovedImage:
    """Tell what the takedown of an image would remove."""
    require_image(name, image_id)
    plan = images.plan_image(image_id, app_settings.settings())
    told = vars(plan.counts) | {"collections": plan.collections}
    return RemovedImage.model_validate(told)


@blueprint.delete("/collections/<collection:name>/images/<record:image_id>")
@operation(TAG, answer=Removed, action="remove")
@slots.costly()
def remove_image(name: str, image_id: int) -> Removed:
    """Take an image down: the picture goes from all collections that it is in."""
    require_image(name, image_id)
    found = images.remove_image(image_id, security.user_id(), app_settings.settings())
    return Removed.model_validate(found)


@blueprint.get("/collections/<collection:name>/versions/<record:number>/removal")
@operation(TAG, answer=Removed, action="remove")
@slots.costly()
def plan_version_removal(name: str, number: int) -> Removed:
    """Tell what the removal of a version would remove."""
    plan = versions.plan_version(name, number, app_settings.settings())
    return Removed.model_validate(plan.counts)


@blueprint.delete("/collections/<collection:name>/versions/<record:number>")
@operation(TAG, answer=Removed, action="remove")
@slots.costly()
def remove_version(name: str, number: int) -> Removed:
    """Remove a version; verdicts, notes and tags stay."""
    found = versions.remove_version(name, number, security.user_id(), app_settings.settings())
    return Removed.model_validate(found)
