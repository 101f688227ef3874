"""One image: what misled the model, and what people make of it."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Blueprint, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from workbench.services.errors import InvalidError, UnavailableError
from workbench.services.explore import filters, listing
from workbench.services.explore.listing import PositionInOrder
from workbench.services.image import counterfactuals, media
from workbench.services.image import detail as image_detail
from workbench.services.image.counterfactuals import Outcome
from workbench.services.image.detail import ImageDetail
from workbench.services.image.media import MapKey
from workbench.services.review import notes, tags, verdicts
from workbench.services.review.notes import EXPECTATIONS, LONGEST_TEXT, NoteView
from workbench.services.review.verdicts import LONGEST_REASON, VerdictView
from workbench.services.workspaces import Workspace
from workbench.web.pages.similar import Nearest, beside_image
from workbench.web.presenters.bars import Strip, control_strip
from workbench.web.presenters.evidence import TrialWords, trial_words
from workbench.web.presenters.heat import Label, Legend, group_labels, legend
from workbench.web.presenters.score import Breakdown, breakdown
from workbench.web.request.edits import ChosenEdit, read_edit
from workbench.web.request.entering import enter, queue_of, version_of
from workbench.web.request.parsing import choice, words
from workbench.web.request.view import View
from workbench.web.site import notices, security
from workbench.web.site.formatting import DECISION_WORDS

blueprint = Blueprint("images", __name__)

DECISIONS = tuple(DECISION_WORDS)
STRIP_WIDTH = 240.0


@dataclass(frozen=True)
class Trial:
    """A counterfactual that has just been tried."""

    chosen: ChosenEdit
    outcome: Outcome
    strip: Strip | None
    words: TrialWords


@dataclass(frozen=True)
class HistoryEntry:
    """One thing that somebody did to this image: a verdict or a note."""

    verdict: VerdictView | None
    note: NoteView | None


@dataclass(frozen=True)
class ImagePage:
    """What `views/image.html` shows."""

    view: View
    workspace: Workspace
    detail: ImageDetail
    score: Breakdown
    map_key: MapKey
    legend: Legend
    labels: tuple[Label, ...]
    place: PositionInOrder
    verdict: VerdictView | None
    """The newest that stands."""
    trial: Trial | None
    trial_refused: str | None
    """Why the counterfactual that was asked for cannot be tried at present."""
    references: tuple[tuple[str, str], ...]
    """What a dimension may be set to: the parameter's value, and its words."""
    history: tuple[HistoryEntry, ...]
    tag_names: tuple[str, ...]
    nearest: Nearest


def _without_edit() -> bool:
    return not request.args.get("edit")


@blueprint.get("/c/<collection:name>/images/<record:image_id>")
@security.limiter.limit(security.tries_allowed, exempt_when=_without_edit)
def show(name: str, image_id: int) -> str:
    """One image within a selection; `edit` tries a counterfactual on it."""
    view, workspace = enter(name)
    return render_template("views/image.html", page=image_page(view, workspace, image_id))


@blueprint.post("/c/<collection:name>/images/<record:image_id>/verdicts")
@security.requires("judge")
def give_verdict(name: str, image_id: int) -> Response:
    """Decide on an image; in the queue, go on to the next one."""
    view, workspace = enter(name)
    version = version_of(workspace)
    decision = choice(request.form, "decision", DECISIONS)
    if decision is None:
        raise InvalidError(gettext("Choose a verdict: confirm, overturn, unsure or exclude."))
    reason = words(request.form, "reason", LONGEST_REASON, gettext("Reason"))
    given = verdicts.give_verdict(security.user_id(), image_id, version.id, decision, reason)
    here = view.image_url(image_id)
    notices.saved(
        gettext("Saved: %(decision)s.", decision=DECISION_WORDS[decision]),
        undo=url_for("images.withdraw_verdict", verdict_id=given.id),
        back=here,
    )
    if view.queue:
        return redirect(
            url_for("adjudicate.show", name=name, version=view.version, after=image_id), 303
        )
    return redirect(here, 303)


@blueprint.post("/verdicts/<record:verdict_id>/withdraw")
@security.requires("judge")
def withdraw_verdict(verdict_id: int) -> Response:
    """Take back one's own verdict."""
    verdicts.withdraw_verdict(security.user_id(), verdict_id)
    notices.saved(gettext("Verdict withdrawn."))
    return redirect(security.way_back("collections.show"), 303)


@blueprint.post("/c/<collection:name>/images/<record:image_id>/notes")
@security.requires("note")
def save_note(name: str, image_id: int) -> Response:
    """Save a counterfactual with what was expected of it."""
    view, workspace = enter(name)
    chosen = read_edit(request.form)
    expectation = choice(request.form, "expectation", EXPECTATIONS)
    if chosen is None or expectation is None:
        raise InvalidError(gettext("Run an edit first and choose what you expected p(fake) to do."))
    text = words(request.form, "text", LONGEST_TEXT, gettext("Note"))
    note = counterfactuals.save_note(
        security.user_id(), version_of(workspace).id, image_id, chosen.edit, expectation, text
    )
    here = view.image_url(image_id)
    notices.saved(
        gettext("Note saved."), undo=url_for("images.withdraw_note", note_id=note.id), back=here
    )
    return redirect(here, 303)


@blueprint.post("/notes/<record:note_id>/withdraw")
@security.requires("note")
def withdraw_note(note_id: int) -> Response:
    """Take back one's own note."""
    notes.withdraw_note(security.user_id(), note_id)
    notices.saved(gettext("Note withdrawn."))
    return redirect(security.way_back("collections.show"), 303)


def image_page(view: View, workspace: Workspace, image_id: int) -> ImagePage:
    """One image within a selection. Raises NotFoundError for an image of another collection."""
    version = version_of(workspace).id
    detail = image_detail.image_detail(version, image_id)
    map_key = media.map_key(version)
    trial, trial_refused = _trial(version, image_id)
    return ImagePage(
        view=view,
        workspace=workspace,
        detail=detail,
        score=breakdown(detail.base_logit, detail.logit, detail.dimensions, detail.groups),
        map_key=map_key,
        legend=legend(map_key),
        labels=group_labels(detail.groups, detail.size),
        place=_place(view, workspace, image_id),
        verdict=next((given for given in _newest_first(detail) if not given.withdrawn), None),
        trial=trial,
        trial_refused=trial_refused,
        references=_references(view, trial),
        history=_history(detail),
        tag_names=tags.tag_names(),
        nearest=beside_image(version, image_id),
    )


def _place(view: View, workspace: Workspace, image_id: int) -> PositionInOrder:
    """Where an image stands in the view's order; in the queue, the next one to judge."""
    if view.queue:
        following = queue_of(workspace).after(image_id)
        return PositionInOrder(None, following if following != image_id else None, None, 0)
    chosen = filters.choose(version_of(workspace).id, view.selection)
    return listing.position_in_order(chosen, view.order, image_id, view.shuffle)


def _trial(version_id: int, image_id: int) -> tuple[Trial | None, str | None]:
    """The counterfactual asked for, or why it cannot be had; the rest of the page stands anyway."""
    chosen = read_edit(request.args)
    if chosen is None:
        return None, None
    try:
        outcome = counterfactuals.try_edit(version_id, image_id, chosen.edit)
    except UnavailableError as error:
        return None, str(error)
    strip = (
        control_strip(outcome.delta_logit, outcome.controls, STRIP_WIDTH)
        if outcome.controls
        else None
    )
    words = trial_words(outcome, of_dimension=chosen.of_dimension)
    return Trial(chosen, outcome, strip, words), None


def _references(view: View, trial: Trial | None) -> tuple[tuple[str, str], ...]:
    """0, the mean of its own cell, and those of the cells that the view has pinned or selected."""
    cells = (
        (view.a, gettext("mean of pinned cell A")),
        (view.b, gettext("mean of pinned cell B")),
        (view.cell, gettext("mean of the selected cell")),
    )
    offered = {"zero": "0", "own": gettext("mean of its own cell")}
    offered |= {f"cell-{cell}": words for cell, words in cells if cell is not None}
    if trial is not None and trial.chosen.to not in offered:
        offered[trial.chosen.to] = gettext("mean of another cell")
    return tuple(offered.items())


def _newest_first(detail: ImageDetail) -> list[VerdictView]:
    return sorted(detail.verdicts, key=lambda given: (given.at, given.id), reverse=True)


def _history(detail: ImageDetail) -> tuple[HistoryEntry, ...]:
    entries = [(given.at, HistoryEntry(given, None)) for given in detail.verdicts]
    entries += [(note.at, HistoryEntry(None, note)) for note in detail.notes]
    entries.sort(key=lambda entry: entry[0], reverse=True)
    return tuple(entry for _, entry in entries)
