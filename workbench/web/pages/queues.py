"""Review queues: listed, made, and led."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Blueprint, redirect, render_template, request, url_for
from flask_babel import gettext, ngettext
from werkzeug.wrappers import Response

from workbench.services.errors import InvalidError
from workbench.services.queues import disagreements, leading, making, progress
from workbench.services.queues.making import LONGEST_INSTRUCTIONS, MOST_VERDICTS
from workbench.services.queues.progress import QueueLine, QueueView
from workbench.services.workspaces import Workspace
from workbench.store.judgements import DECISIONS
from workbench.web.request.entering import enter, version_of
from workbench.web.request.parsing import choice, ids, whole, words
from workbench.web.request.queue_plan import read_plan, read_source
from workbench.web.request.view import View
from workbench.web.site import notices, security
from workbench.web.site.formatting import count

blueprint = Blueprint("queues", __name__)


@dataclass(frozen=True)
class QueuesPage:
    """What `views/queues.html` shows."""

    view: View
    workspace: Workspace
    queues: tuple[QueueLine, ...]
    disputed: int
    """Images that wait for adjudication."""


@dataclass(frozen=True)
class NewQueuePage:
    """What `views/queue_new.html` shows."""

    view: View
    workspace: Workspace
    kind: str
    images: int | None
    """How many the chosen source has; None before it was counted."""
    controls: int
    people: tuple[tuple[int, str], ...]
    most_verdicts: int = MOST_VERDICTS


@dataclass(frozen=True)
class QueuePage:
    """What `views/queue.html` shows."""

    view: View
    workspace: Workspace
    queue: QueueView
    people: tuple[tuple[int, str], ...]
    """Those who can take part; empty for who does not lead."""


@blueprint.get("/c/<collection:name>/queues")
def index(name: str) -> str:
    """The queues of a collection, and what else waits for people."""
    view, workspace = enter(name)
    collection_id = workspace.collection.id
    page = QueuesPage(
        view,
        workspace,
        progress.queues(
            collection_id,
            security.user_id() if security.may("judge") else None,
            leads=security.may("queues"),
        ),
        disagreements.disputed_images(collection_id).total,
    )
    return render_template("views/queues.html", page=page)


@blueprint.get("/c/<collection:name>/queues/new")
@security.requires("queues")
def new(name: str) -> str:
    """The form of a new queue; with `count`, how many images it would have."""
    view, workspace = enter(name)
    source = read_source(request.args, view)
    version_id = version_of(workspace).id
    counted = (
        making.count_images(workspace.collection.id, version_id, source)
        if "count" in request.args
        else None
    )
    page = NewQueuePage(
        view,
        workspace,
        source.kind,
        counted,
        making.count_controls(workspace.collection.id),
        leading.active_people(workspace.collection.id),
    )
    return render_template("views/queue_new.html", page=page)


@blueprint.post("/c/<collection:name>/queues")
@security.requires("queues")
def make(name: str) -> Response:
    """Make a queue."""
    view, workspace = enter(name)
    plan = read_plan(request.form, view)
    queue_id = making.make_queue(
        security.user_id(), workspace.collection.id, version_of(workspace).id, plan
    )
    notices.saved(gettext("The queue is ready."))
    return _to(name, queue_id)


@blueprint.get("/c/<collection:name>/queues/<record:queue_id>")
def show(name: str, queue_id: int) -> str:
    """How far a queue is, and what leads can do with it."""
    view, workspace = enter(name)
    reader = security.user_id() if security.may("judge") else None
    leads = security.may("queues")
    page = QueuePage(
        view,
        workspace,
        progress.queue_view(workspace.collection.id, queue_id, reader, leads=leads),
        leading.active_people(workspace.collection.id) if leads else (),
    )
    return render_template("views/queue.html", page=page)


@blueprint.post("/c/<collection:name>/queues/<record:queue_id>/instructions")
@security.requires("queues")
def instruct(name: str, queue_id: int) -> Response:
    """Change the instructions."""
    text = words(request.form, "instructions", LONGEST_INSTRUCTIONS, gettext("Instructions"))
    leading.write_instructions(security.user_id(), _collection(name), queue_id, text)
    notices.saved(gettext("Instructions saved."))
    return _to(name, queue_id)


@blueprint.post("/c/<collection:name>/queues/<record:queue_id>/people")
@security.requires("queues")
def choose_people(name: str, queue_id: int) -> Response:
    """Say who takes part."""
    leading.choose_people(
        security.user_id(),
        _collection(name),
        queue_id,
        ids(request.form, "member"),
        everybody=request.form.get("who") == "everybody",
    )
    notices.saved(gettext("Saved who takes part."))
    return _to(name, queue_id)


@blueprint.post("/c/<collection:name>/queues/<record:queue_id>/hand-over")
@security.requires("queues")
def hand_over(name: str, queue_id: int) -> Response:
    """Give another person what one has not judged."""
    from_id, to_id = whole(request.form, "from"), whole(request.form, "to")
    if from_id is None or to_id is None:
        raise InvalidError(gettext("Choose two different people."))
    handed = leading.hand_over(security.user_id(), _collection(name), queue_id, from_id, to_id)
    notices.saved(
        ngettext(
            "%(count)s image handed over.",
            "%(count)s images handed over.",
            handed,
            count=count(handed),
        )
    )
    return _to(name, queue_id)


@blueprint.post("/c/<collection:name>/queues/<record:queue_id>/controls")
@security.requires("queues")
def name_control(name: str, queue_id: int) -> Response:
    """Make an image a hidden control."""
    image_id = whole(request.form, "image", low=1)
    answer = choice(request.form, "answer", DECISIONS)
    if image_id is None or answer is None:
        raise InvalidError(gettext("Name an image by its number, and what it is known to be."))
    leading.name_control(security.user_id(), _collection(name), queue_id, image_id, answer)
    notices.saved(gettext("Saved as a hidden control."))
    return _to(name, queue_id)


@blueprint.post("/c/<collection:name>/queues/<record:queue_id>/pause")
@security.requires("queues")
def pause(name: str, queue_id: int) -> Response:
    """Pause a queue, or go on with it."""
    paused = request.form.get("paused") == "yes"
    leading.pause(security.user_id(), _collection(name), queue_id, paused=paused)
    notices.saved(gettext("The queue is paused.") if paused else gettext("The queue goes on."))
    return _to(name, queue_id)


@blueprint.post("/c/<collection:name>/queues/<record:queue_id>/end")
@security.requires("queues")
def end(name: str, queue_id: int) -> Response:
    """End a queue for good."""
    leading.end(security.user_id(), _collection(name), queue_id)
    notices.saved(gettext("The queue has ended. Its verdicts stay."))
    return _to(name, queue_id)


def _collection(name: str) -> int:
    _view, workspace = enter(name)
    return workspace.collection.id


def _to(name: str, queue_id: int) -> Response:
    return redirect(url_for("queues.show", name=name, queue_id=queue_id), 303)
