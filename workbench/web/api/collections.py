"""Collections and their model versions."""

from __future__ import annotations

from datetime import datetime

from flask import Blueprint

from workbench.services import workspaces
from workbench.web.api.models import Id, Number, Output
from workbench.web.api.operations import operation

blueprint = Blueprint("collections", __name__)
TAG = "Collections"


class Figures(Output):
    """How good a version is on some images; null where they cannot tell."""

    n: int | None
    auc: Number | None
    auc_low: Number | None
    auc_high: Number | None
    accuracy: Number | None
    accuracy_low: Number | None
    accuracy_high: Number | None
    calibration_error: Number | None


class VersionFigures(Output):
    """How good a version is, with 95% intervals."""

    test: Figures
    """On the test set, with its labels as people corrected them."""
    test_as_imported: Figures | None
    cross_validated: Figures | None
    """On the training images, each by a head that was not trained on it."""


class Version(Output):
    """A model version of a collection."""

    id: Id
    number: int
    """By which pages and operations name it within its collection."""
    active: bool
    created_at: datetime
    encoder: str
    relevance: str
    """The attribution method."""
    figures: VersionFigures


class Collection(Output):
    """A collection; the counts are by the labels that its images came with."""

    id: Id
    name: str
    """By which addresses name it."""
    title: str
    description: str
    images: int
    real: int
    fake: int
    unlabelled: int
    active: Version | None
    """The active version; null before the first analysis."""


class CollectionList(Output):
    """All collections that the token's owner sees, by name."""

    items: list[Collection]


class CollectionDetail(Collection):
    """A collection with its finished versions, the newest first."""

    versions: list[Version]
    to_judge: int
    """Misclassified images that nobody has judged yet."""


@blueprint.get("/collections")
@operation(TAG, answer=CollectionList)
def list_collections() -> CollectionList:
    """List the collections."""
    found = workspaces.collections()
    return CollectionList(items=[Collection.model_validate(each) for each in found])


@blueprint.get("/collections/<collection:name>")
@operation(TAG, answer=CollectionDetail)
def get_collection(name: str) -> CollectionDetail:
    """Get one collection with its model versions."""
    workspace = workspaces.workspace(name)
    whole = Collection.model_validate(workspace.collection)
    return CollectionDetail(
        **dict(whole),
        versions=[Version.model_validate(each) for each in workspace.versions],
        to_judge=workspace.to_judge,
    )
