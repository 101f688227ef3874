"""Pictures to take away: any view as SVG, and as a PNG of that very SVG."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, Response, request

from workbench.services.collections import Workspace
from workbench.services.errors import InvalidError, NotFoundError
from workbench.web import security
from workbench.web.attachments import attached, file_name
from workbench.web.documents import document
from workbench.web.entering import enter, version_of
from workbench.web.explore import ExplorePage, explore_page
from workbench.web.formatting import OUTCOME_WORDS, count, probability
from workbench.web.images import image_page
from workbench.web.parsing import whole
from workbench.web.plain_styles import plain_style
from workbench.web.presenters import glyph, sheets, violin
from workbench.web.presenters.sheets import Sheet
from workbench.web.services import services
from workbench.web.view import View

blueprint = Blueprint("exports", __name__)

KINDS = {"svg": "image/svg+xml", "png": "image/png"}
IMAGES_TAKEN = 48
PATTERNS_TAKEN = 40
LEGEND_HEIGHT = 64.0
ORDER_WORDS = {
    "uncertain": "least certain first",
    "wrong": "most wrong first",
    "fake": "most fake first",
    "real": "most real first",
    "random": "random slice",
}
SORT_WORDS = {
    "contribution": "largest contribution first",
    "lift": "most frequent in errors first",
    "prevalence": "most frequent first",
}


@dataclass(frozen=True)
class Taken:
    """A picture's sheet and what its template needs beside it."""

    sheet: Sheet
    context: dict[str, Any]
    subject: str
    """What the file's name says after collection and version."""


@blueprint.get("/c/<collection:name>/export/<picture>.<kind>")
@security.limiter.limit(security.tries_allowed)
def picture(name: str, picture: str, kind: str) -> Response:
    """A view as a picture, set up by the same query parameters as its page."""
    if picture not in PICTURES or kind not in KINDS:
        raise NotFoundError(
            f"There is no such picture. There are: {', '.join(PICTURES)}; each as svg or png."
        )
    view, workspace = enter(name)
    version_of(workspace)
    taken = PICTURES[picture](view, workspace)
    style = plain_style("picture")
    svg = document(
        f"exports/{picture}.svg",
        sheet=taken.sheet,
        sheets=sheets,
        style=style.text,
        view=view,
        workspace=workspace,
        **taken.context,
    )
    saved_as = file_name(workspace, taken.subject, kind)
    if kind == "svg":
        return attached(svg, KINDS[kind], saved_as, style)
    content = services().rendering.png_of(svg, taken.sheet.width, taken.sheet.height)
    return attached(content, KINDS[kind], saved_as)


def _overview(view: View, workspace: Workspace) -> Taken:
    page = explore_page(view, workspace, images_shown=1)
    facts = [
        *_facts(page, narrowing=("outcome", "label")),
        *_pins(page),
        f"{count(len(page.overview.cells))} cells with {count(page.overview.images)} images",
    ]
    if len(page.drawing.levels) > 1:
        facts.append(f"level {view.level + 1} of {len(page.drawing.levels)}")
    # A narrow window still has its legend.
    width = max(page.drawing.width, 16 * glyph.CELL)
    made = sheets.sheet(
        "Representation overview", facts, width, page.drawing.height + LEGEND_HEIGHT
    )
    return Taken(made, {"page": page}, "overview")


def _images(view: View, workspace: Workspace) -> Taken:
    page = explore_page(view, workspace, images_shown=IMAGES_TAKEN)
    cards = page.images.cards
    shown = f"{count(len(cards))} of " if len(cards) < page.images.total else ""
    facts = [
        *_facts(page),
        f"{shown}{count(page.images.total)} images",
        ORDER_WORDS.get(view.order, ""),
        "heatmap: total contribution"
        if view.dimension is None
        else f"heatmap: dimension {view.dimension}",
    ]
    made = sheets.grid(
        "Images", facts, len(cards), columns=6, width=124, height=148, below=LEGEND_HEIGHT / 2
    )
    return Taken(made, {"page": page}, "images")


def _patterns(view: View, workspace: Workspace) -> Taken:
    page = explore_page(view, workspace, images_shown=1, patterns_shown=PATTERNS_TAKEN)
    rows = page.patterns
    shown = f"{count(len(rows))} of " if len(rows) < page.patterns_total else ""
    facts = [
        *_facts(page, narrowing=("cell",)),
        f"{shown}{count(page.patterns_total)} patterns",
        SORT_WORDS.get(view.sort, ""),
    ]
    # The first place is the head of the table.
    made = sheets.grid("Patterns", facts, len(rows) + 1, columns=1, width=1120, height=52)
    return Taken(made, {"page": page}, "patterns")


def _dimensions(view: View, workspace: Workspace) -> Taken:
    page = explore_page(view, workspace, images_shown=1)
    left, right = page.left_name, page.right_name
    facts = [
        *_facts(page, narrowing=()),
        *_pins(page),
        "over all images" if left == right else f"{left} on the left against {right} on the right",
        "activation from low to high",
        "line: mean",
    ]
    made = sheets.grid(
        "Dimensions",
        facts,
        len(page.dimensions),
        columns=8,
        width=violin.WIDTH + 30,
        height=violin.HEIGHT + 84,
    )
    return Taken(made, {"page": page}, "dimensions")


def _image(view: View, workspace: Workspace) -> Taken:
    image_id = whole(request.args, "image")
    if image_id is None:
        raise InvalidError("“image” must say which image is wanted.")
    page = image_page(view, workspace, image_id)
    card = page.detail.card
    facts = [
        workspace.collection.name,
        _model(workspace),
        f"labelled {card.label}",
        "heatmap: total contribution"
        if view.dimension is None
        else f"heatmap: dimension {view.dimension}",
        "+ toward fake, − toward real, in logits",
    ]
    rows = max(22.0 * (len(page.score.dimensions) + 3) + 96, 52.0 * len(page.score.groups) + 30)
    made = sheets.sheet(card.name, facts, 1232, max(476.0, rows))
    return Taken(made, {"page": page, "detail": page.detail, "card": card}, f"image {card.id}")


PICTURES: dict[str, Callable[[View, Workspace], Taken]] = {
    "overview": _overview,
    "images": _images,
    "patterns": _patterns,
    "dimensions": _dimensions,
    "image": _image,
}


def _facts(
    page: ExplorePage, narrowing: tuple[str, ...] = ("cell", "outcome", "label", "pattern")
) -> list[str]:
    """Whose picture it is, and what narrows it. No date: the same view is the same file.

    `narrowing` are the filters that this view heeds: a picture names no other.
    """
    view = page.view
    facts = [page.workspace.collection.name, _model(page.workspace)]
    if page.selected is not None and "cell" in narrowing:
        place = page.selected.cell
        facts.append(
            f"selected cell: column {place.column + 1}, row {place.row + 1} "
            f"of level {place.level + 1}"
        )
    if view.outcome and "outcome" in narrowing:
        facts.append(OUTCOME_WORDS.get(view.outcome, view.outcome))
    if view.label and "label" in narrowing:
        facts.append(f"labelled {view.label}")
    if page.pattern is not None and "pattern" in narrowing:
        facts.append(f"with {page.pattern.label}")
    return facts


def _pins(page: ExplorePage) -> list[str]:
    """What the letters A and B stand for."""
    return [
        f"{letter}: {count(detail.cell.images)} images, "
        f"mean p(fake) {probability(detail.cell.mean_p)}"
        for letter, detail in (("A", page.pinned_a), ("B", page.pinned_b))
        if detail is not None
    ]


def _model(workspace: Workspace) -> str:
    return f"model v{version_of(workspace).number}"
