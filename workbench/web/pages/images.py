"""One image: what misled the model, and what people make of it."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Blueprint, render_template, request

from workbench.services.explore import filters, listing
from workbench.services.explore.descriptions import DimensionView
from workbench.services.explore.listing import PositionInOrder
from workbench.services.image import media, original
from workbench.services.image.detail import ImageDetail
from workbench.services.image.media import MapKey
from workbench.services.image.original import OriginalView
from workbench.services.review import history as histories
from workbench.services.review import tags, verdicts
from workbench.services.review.verdicts import VerdictView
from workbench.services.taxonomy import hotkeys
from workbench.services.taxonomy.hotkeys import Hotkey
from workbench.services.workspaces import Workspace
from workbench.web.panels.image import image_panel
from workbench.web.panels.neighbours import Nearest, beside_image
from workbench.web.panels.trial import CounterfactualPanel, counterfactual_panel, is_asked_for
from workbench.web.presenters.heat import Label, Legend, group_labels, legend
from workbench.web.presenters.history import HistoryEntry, history
from workbench.web.presenters.score import Breakdown
from workbench.web.request.entering import enter, queue_of, version_of
from workbench.web.request.view import View
from workbench.web.site import limits, security, slots

blueprint = Blueprint("images", __name__)


@dataclass(frozen=True)
class ImagePage:
    """What `views/image.html` shows."""

    view: View
    workspace: Workspace
    detail: ImageDetail
    original: OriginalView
    score: Breakdown
    views: tuple[DimensionView, ...]
    """What each dimension shows, by index."""
    map_key: MapKey | None
    """None where the version has scores alone, like `legend`."""
    legend: Legend | None
    labels: tuple[Label, ...]
    position: PositionInOrder
    own_verdict: VerdictView | None
    """The reader's own newest that stands."""
    counterfactual: CounterfactualPanel
    history: tuple[HistoryEntry, ...]
    tag_names: tuple[str, ...]
    hotkeys: tuple[Hotkey, ...]
    nearest: Nearest


def _without_trial() -> bool:
    return not is_asked_for(request.args)


@blueprint.get("/c/<collection:name>/images/<record:image_id>")
@limits.limiter.limit(
    limits.tries_allowed, exempt_when=_without_trial, deduct_when=limits.was_computed
)
@slots.costly(unless=_without_trial)
def show(name: str, image_id: int) -> str:
    """One image within a selection; `edit` with `expectation` tries a counterfactual on it."""
    view, workspace = enter(name)
    return render_template("views/image.html", page=_page(view, workspace, image_id))


def _page(view: View, workspace: Workspace, image_id: int) -> ImagePage:
    """One image within a selection. Raises NotFoundError for an image of another collection."""
    summary = version_of(workspace)
    version = summary.id
    panel = image_panel(version, image_id)
    detail = panel.detail
    map_key = None if summary.outside else media.map_key(version)
    return ImagePage(
        view=view,
        workspace=workspace,
        detail=detail,
        original=original.original_view(image_id),
        score=panel.score,
        views=panel.views,
        map_key=map_key,
        legend=legend(map_key) if map_key else None,
        labels=group_labels(detail.groups, detail.size),
        position=_position(view, workspace, image_id),
        own_verdict=next(
            (each for each in detail.standing.verdicts if security.is_own(each.by)), None
        ),
        counterfactual=counterfactual_panel(
            version,
            image_id,
            view,
            request.args,
            security.user_id() if security.may("note") else None,
        ),
        history=history(detail.verdicts, detail.notes, histories.history_of_image(image_id).events),
        tag_names=tags.tag_names(),
        hotkeys=hotkeys.hotkeys(),
        nearest=beside_image(version, image_id),
    )


def _position(view: View, workspace: Workspace, image_id: int) -> PositionInOrder:
    """Where an image stands in the view's order, or in the queue."""
    if view.queue:
        queue = queue_of(workspace)
        judged = verdicts.last_judged(security.user_id()) if security.may("judge") else ()
        return PositionInOrder(queue.before(image_id, judged), queue.after(image_id), None, 0)
    chosen = filters.choose(version_of(workspace).id, view.selection)
    return listing.position_in_order(chosen, view.order, image_id, view.shuffle)
