"""The data of a collection: what its newest check found, and what is done about it."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from flask import Blueprint
from pydantic import Field

from workbench.services import app_settings
from workbench.services.hygiene import actions, check, remedy
from workbench.services.hygiene.actions import ActionView
from workbench.services.hygiene.check import Check
from workbench.services.hygiene.words import finding_words
from workbench.web.api.models import Id, Input, Ordinal, Output
from workbench.web.api.operations import operation
from workbench.web.site import security, slots

blueprint = Blueprint("data", __name__)
TAG = "Data"
LONGEST_KEY = 200


class DataFinding(Output):
    """Something that a check found."""

    key: str
    """By which actions name it."""
    kind: str
    severity: Literal["warning", "note"]
    title: str
    words: str
    """Its size and meaning, in the language of the request."""
    figures: dict[str, Any]
    groups: list[list[int]]
    """Ids of images that belong together, such as duplicates; the first 5,000 groups."""
    actions: list[Literal["leave_out", "one_group", "make_alike"]]
    """What can be done about it."""


class DataCheck(Output):
    """What the newest check found: warnings first, then notes."""

    images: int
    """How many it looked at."""
    version: int | None
    """The number of the version whose scores it used."""
    checked_at: datetime
    coverage: dict[str, Any] | None
    """Images by generator, class and year, and by label."""
    findings: list[DataFinding]


class DataAction(Output):
    """What was done about a finding."""

    id: Id
    kind: str
    finding: str
    images: int
    by: str
    at: datetime
    withdrawn: bool


class DataActionList(Output):
    """What was done about findings, the newest first."""

    items: list[DataAction]


class CollectionData(DataActionList):
    """What the newest check found, and what was done."""

    check: DataCheck | None
    """Null before the first check."""
    made_alike: str
    """What the images are made before they are analysed; empty where they are taken as they are."""


class NewCheck(Input):
    """By whose scores."""

    version: Ordinal | None = None
    """The number of a version; the active one by default."""


class AboutFinding(Input):
    """The finding that something is done about."""

    finding: str = Field(min_length=1, max_length=LONGEST_KEY)
    """Its key."""


_DATA = "/collections/<collection:name>/data"


@blueprint.get(_DATA)
@operation(TAG, answer=CollectionData)
def get_data(name: str) -> CollectionData:
    """Get the findings of the newest check, and what was done about them."""
    newest = check.newest_check(name)
    return CollectionData(
        check=_told(newest) if newest else None,
        items=[DataAction.model_validate(each) for each in actions.actions(name)],
        made_alike=remedy.alike_words(remedy.alike_state(name)),
    )


@blueprint.post(f"{_DATA}/check")
@operation(TAG, answer=DataCheck, action="data")
@slots.costly()
def check_data(name: str, json: NewCheck) -> DataCheck:
    """Check a collection now."""
    return _told(check.check(name, app_settings.settings(), json.version))


@blueprint.post(f"{_DATA}/leave-out")
@operation(TAG, answer=DataAction, action="data", status=201)
@slots.costly()
def leave_out(name: str, json: AboutFinding) -> DataAction:
    """Leave the images of a finding out of training and test set."""
    return _done(name, actions.leave_out(security.user_id(), name, json.finding))


@blueprint.post(f"{_DATA}/one-group")
@operation(TAG, answer=DataAction, action="data", status=201)
@slots.costly()
def make_one_group(name: str, json: AboutFinding) -> DataAction:
    """Keep each group of duplicates on one side of the split."""
    return _done(name, actions.one_group(security.user_id(), name, json.finding))


@blueprint.post(f"{_DATA}/make-alike")
@operation(TAG, answer=DataAction, action="data", status=201)
@slots.costly()
def make_alike(name: str, json: AboutFinding) -> DataAction:
    """Have all images made alike, from the next analysis on."""
    settings = app_settings.settings()
    return _done(name, remedy.make_alike(security.user_id(), name, settings, json.finding))


@blueprint.delete(f"{_DATA}/actions/<record:action_id>")
@operation(TAG, answer=DataAction, action="data")
@slots.costly()
def undo_data_action(name: str, action_id: int) -> DataAction:
    """Undo one's own action."""
    actions.require_action(name, action_id)
    return _done(name, actions.undo(security.user_id(), action_id))


def _done(name: str, action: ActionView) -> DataAction:
    """Check again, so that what is told next is what is left."""
    check.check_again(name, app_settings.settings())
    return DataAction.model_validate(action)


def _told(found: Check) -> DataCheck:
    told = vars(found) | {
        "coverage": found.coverage.as_json() if found.coverage else None,
        "findings": [
            vars(each)
            | {"key": each.key, "actions": each.actions}
            | dict(zip(("title", "words"), finding_words(each), strict=True))
            for each in found.findings
        ],
    }
    return DataCheck.model_validate(told)
