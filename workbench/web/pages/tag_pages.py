"""A tag's page, and changes of the taxonomy: each is previewed, then made, and can be reversed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from flask import Blueprint, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from workbench.services import workspaces
from workbench.services.errors import InvalidError
from workbench.services.models.versions import VersionSummary
from workbench.services.review.tags import LONGEST_DESCRIPTION, LONGEST_NAME
from workbench.services.taxonomy import (
    bearing,
    carrying_out,
    detail,
    edits,
    examples,
    previews,
    reversal,
)
from workbench.services.taxonomy.basis import PreviewChangedError, counted_in
from workbench.services.taxonomy.bearing import SOURCES, Bearing, Source
from workbench.services.taxonomy.edits import LONGEST_SOURCE, Edited
from workbench.services.taxonomy.operations import KINDS, Part
from workbench.services.taxonomy.previews import OPERATIONS
from workbench.services.workspaces import ListedCollection
from workbench.store.images import LABELS
from workbench.web.presenters.mean_map import DrawnMap, drawn_map
from workbench.web.request.active_versions import active_versions
from workbench.web.request.parsing import choice, key, whole, words
from workbench.web.site import notices, security, ways_back

blueprint = Blueprint("tag_pages", __name__)

OPERATION = f"/taxonomy/<record:tag_id>/<any({', '.join(OPERATIONS)}):kind>"
CARRIED_OUT = 200
"""So many taggings may be ticked to be split off."""


@dataclass(frozen=True)
class TagPage:
    """What `views/tag.html` shows of a tag under the version that is looked at."""

    collection: str
    version: VersionSummary
    bearing: Bearing
    map: DrawnMap | None
    source: Source
    paged: bool


@blueprint.get("/taxonomy/<record:tag_id>")
def show(tag_id: int) -> str:
    """A tag: what it means, what bears it under a version, what was done to it.

    Without a `collection`, under the active version that has the most images with it.
    """
    shown = detail.tag_detail(tag_id)
    name, number = key(request.args, "collection"), whole(request.args, "version", low=1)
    workspace = workspaces.workspace(name, number) if name else None
    active = [each for each in workspaces.collections() if each.active]
    if workspace is None and active:
        most = max(active, key=lambda each: _images(each, tag_id))
        collection, version = most.name, most.active
    else:
        collection = workspace.collection.name if workspace else ""
        version = workspace.version if workspace else None
    return render_template(
        "views/tag.html",
        tag=shown,
        hues=edits.HUES,
        examples=examples.examples_of(tag_id),
        workspace=workspace,
        page=_page(tag_id, collection, version) if version else None,
        collections=[each.name for each in active],
    )


def _images(listed: ListedCollection, tag_id: int) -> int:
    return bearing.images_bearing(listed.active.id, tag_id) if listed.active else 0


def _page(tag_id: int, collection: str, version: VersionSummary) -> TagPage:
    source = choice(request.args, "source", SOURCES) or "all"
    after = whole(request.args, "after")
    borne = bearing.bearing(version.id, tag_id, source, after)
    return TagPage(
        collection, version, borne, drawn_map(borne.map), source, paged=after is not None
    )


@blueprint.post("/taxonomy/<record:tag_id>")
@security.requires("taxonomy")
def edit(tag_id: int) -> Response:
    """Rename a tag, say what it means, give it a colour and a key; whatever bears it keeps it."""
    form = request.form
    wanted = Edited(
        words(form, "name", LONGEST_NAME, gettext("Name")),
        words(form, "description", LONGEST_DESCRIPTION, gettext("Description")),
        words(form, "source", LONGEST_SOURCE, gettext("Source")),
        whole(form, "hue"),
        words(form, "hotkey", 4, gettext("Hotkey")),
    )
    saved = edits.edit(security.user_id(), tag_id, wanted, whole(form, "revision") or 0)
    notices.saved(gettext("Saved: “%(tag)s”.", tag=saved))
    return redirect(ways_back.way_back("taxonomy.show"), 303)


@blueprint.get(OPERATION)
@security.requires("taxonomy")
def preview(tag_id: int, kind: str) -> str:
    """What an operation would change; without the other tag that it needs, a form that asks."""
    return _preview(tag_id, kind, request.args)


@blueprint.post(OPERATION)
@security.requires("taxonomy")
def carry_out(tag_id: int, kind: str) -> Response | tuple[str, int]:
    """Do what was previewed, if it is still so; else show what it would change now."""
    seen = words(request.form, "seen", 200, gettext("Preview"))
    try:
        carrying_out.carry_out(
            security.user_id(), kind, tag_id, _other_in(request.form), _part_in(request.form), seen
        )
    except PreviewChangedError as refused:
        return _preview(tag_id, kind, request.form, refused=str(refused), seen=seen), 409
    notices.saved(gettext("Saved. The tag's history can reverse it."))
    return redirect(url_for("tag_pages.show", tag_id=tag_id), 303)


@blueprint.post("/taxonomy/changes/<record:change_id>/reverse")
@security.requires("taxonomy")
def reverse(change_id: int) -> Response:
    """Undo a change at any later time, as a change of its own."""
    reversal.reverse(security.user_id(), change_id)
    notices.saved(gettext("Saved: the change is reversed."))
    return redirect(ways_back.way_back("taxonomy.show"), 303)


@blueprint.post("/taxonomy/<record:tag_id>/examples")
@security.requires("tag")
def add_example(tag_id: int) -> Response:
    """Have a pixel group's region show what the tag means, or what it does not."""
    positive, negative = whole(request.form, "positive"), whole(request.form, "negative")
    group_id = negative if positive is None else positive
    if group_id is None:
        raise InvalidError(gettext("Choose a pixel group."))
    made = examples.add(security.user_id(), tag_id, group_id, positive=positive is not None)
    notices.saved(
        gettext("Saved as example.")
        if positive is not None
        else gettext("Saved as counterexample."),
        undo=url_for("tag_pages.withdraw_example", example_id=made),
        back=ways_back.way_back("taxonomy.show"),
    )
    return redirect(ways_back.way_back("taxonomy.show"), 303)


@blueprint.post("/tag-examples/<record:example_id>/withdraw")
@security.requires("tag")
def withdraw_example(example_id: int) -> Response:
    """Take back an example of one's own."""
    examples.withdraw(security.user_id(), example_id)
    notices.saved(gettext("Example withdrawn."))
    return redirect(ways_back.way_back("taxonomy.show"), 303)


def _preview(
    tag_id: int, kind: str, values: Mapping[str, str], *, refused: str = "", seen: str = ""
) -> str:
    other, part = _other_in(values), _part_in(values)
    asked = kind not in ("merge", "split", "move", "deprecate") or "other" in values
    shown = previews.preview(kind, tag_id, other, part, active_versions()) if asked else None
    return render_template(
        "views/tag_change.html",
        kind=kind,
        tag=detail.tag_detail(tag_id),
        preview=shown,
        other=other,
        part=part,
        people=previews.people_of(tag_id) if kind == "split" else (),
        refused=refused,
        seen=counted_in(seen) if seen else (),
        now=counted_in(shown.seen) if shown else (),
    )


def _other_in(values: Mapping[str, str]) -> str:
    return words(values, "other", LONGEST_NAME, gettext("Tag"))


def _part_in(values: Mapping[str, str]) -> Part:
    generator = words(values, "generator", 200, gettext("Generator"))
    return Part(
        user_id=whole(values, "by"),
        kind=choice(values, "kind_of", tuple(KINDS)),
        label=choice(values, "label", LABELS),
        generator=generator or None,
        tagging_ids=_ticked(values),
    )


def _ticked(values: Mapping[str, str]) -> tuple[int, ...]:
    found = values.getlist("tagging") if hasattr(values, "getlist") else []
    return tuple(
        number
        for each in found[:CARRIED_OUT]
        if (number := whole({"tagging": each}, "tagging")) is not None
    )
