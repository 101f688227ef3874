"""Pictures to take away: any view as SVG, and as a PNG of that very SVG."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, Response, request
from flask_babel import gettext, lazy_gettext

from workbench.services.errors import InvalidError, NotFoundError
from workbench.services.export import png
from workbench.services.workspaces import Workspace
from workbench.web.exports.attachments import attached, file_name
from workbench.web.exports.documents import document
from workbench.web.exports.plain_styles import plain_style
from workbench.web.pages.explore import ExplorePage, explore_page
from workbench.web.pages.images import image_page
from workbench.web.presenters import glyph, sheets, violin
from workbench.web.presenters.sheets import Sheet
from workbench.web.request.entering import enter, version_of
from workbench.web.request.parsing import whole
from workbench.web.request.view import View
from workbench.web.site import security
from workbench.web.site.formatting import (
    cell_count,
    count,
    image_count,
    label_words,
    pattern_count,
    probability,
)

blueprint = Blueprint("exports", __name__)

KINDS = {"svg": "image/svg+xml", "png": "image/png"}
IMAGES_TAKEN = 48
PATTERNS_TAKEN = 40
LEGEND_HEIGHT = 64.0
ORDER_WORDS = {
    "uncertain": lazy_gettext("lowest confidence first"),
    "wrong": lazy_gettext("highest loss first"),
    "fake": lazy_gettext("highest p(fake) first"),
    "real": lazy_gettext("lowest p(fake) first"),
    "diverse": lazy_gettext("most diverse first"),
    "random": lazy_gettext("random sample"),
}
SORT_WORDS = {
    "contribution": lazy_gettext("largest contribution first"),
    "lift": lazy_gettext("highest lift in errors first"),
    "prevalence": lazy_gettext("highest prevalence first"),
    "stability": lazy_gettext("most stable first"),
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
            gettext(
                "Unknown export. Available: %(pictures)s, each as svg or png.",
                pictures=", ".join(PICTURES),
            )
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
    content = png.png_of(svg, taken.sheet.width, taken.sheet.height)
    return attached(content, KINDS[kind], saved_as)


def _overview(view: View, workspace: Workspace) -> Taken:
    page = explore_page(view, workspace, images_shown=1)
    facts = [
        *_facts(page, selection=False),
        *_pins(page),
        cell_count(len(page.overview.cells)),
        _counted(page),
    ]
    if page.drawing.lighting:
        facts.append(gettext("top bar: share selected"))
    if len(page.drawing.levels) > 1:
        facts.append(
            gettext(
                "zoom level %(level)s of %(levels)s",
                level=view.level + 1,
                levels=len(page.drawing.levels),
            ),
        )
    # A narrow window still has its legend.
    width = max(page.drawing.width, 16 * glyph.CELL)
    made = sheets.sheet(
        gettext("Representation overview"), facts, width, page.drawing.height + LEGEND_HEIGHT
    )
    return Taken(made, {"page": page}, "overview")


def _images(view: View, workspace: Workspace) -> Taken:
    page = explore_page(view, workspace, images_shown=IMAGES_TAKEN)
    cards = page.images.cards
    facts = [
        *_facts(page),
        _part(len(cards), image_count(page.images.total), whole=len(cards) == page.images.total),
        str(ORDER_WORDS.get(view.order, "")),
        _heatmap(view),
    ]
    made = sheets.grid(
        gettext("Images"),
        facts,
        len(cards),
        columns=6,
        width=124,
        height=148,
        below=LEGEND_HEIGHT,
    )
    return Taken(made, {"page": page}, "images")


def _patterns(view: View, workspace: Workspace) -> Taken:
    page = explore_page(view, workspace, images_shown=1, patterns_shown=PATTERNS_TAKEN)
    rows = page.patterns
    facts = [
        *_facts(page),
        _part(
            len(rows), pattern_count(page.patterns_total), whole=len(rows) == page.patterns_total
        ),
        str(SORT_WORDS.get(view.sort, "")),
    ]
    # The first place is the head of the table.
    made = sheets.grid(gettext("Patterns"), facts, len(rows) + 1, columns=1, width=1120, height=52)
    return Taken(made, {"page": page}, "patterns")


def _dimensions(view: View, workspace: Workspace) -> Taken:
    page = explore_page(view, workspace, images_shown=1)
    left, right = page.left_name, page.right_name
    facts = [
        *_facts(page),
        *_pins(page),
        gettext("over %(images)s", images=right)
        if left == right
        else gettext("%(left)s left, %(right)s right", left=left, right=right),
        gettext("activation from low to high"),
        gettext("line: mean"),
    ]
    made = sheets.grid(
        gettext("Dimensions"),
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
        raise InvalidError(gettext("“image” is missing: the number of the image to export."))
    page = image_page(view, workspace, image_id)
    card = page.detail.card
    facts = [
        workspace.collection.name,
        _model(workspace),
        gettext("label: %(label)s", label=label_words(card.label)),
        _heatmap(view),
        gettext("+ toward fake, − toward real, in logits"),
    ]
    rows = max(22.0 * (len(page.score.dimensions) + 3) + 96, 52.0 * len(page.score.groups) + 30)
    made = sheets.sheet(card.name, facts, 1292, max(476.0, rows))
    return Taken(made, {"page": page, "detail": page.detail, "card": card}, f"image {card.id}")


PICTURES: dict[str, Callable[[View, Workspace], Taken]] = {
    "overview": _overview,
    "images": _images,
    "patterns": _patterns,
    "dimensions": _dimensions,
    "image": _image,
}


def _facts(page: ExplorePage, *, selection: bool = True) -> list[str]:
    """Whose picture it is, and what narrows it. No date: the same view is the same file.

    `selection` is False where a picture shows all that passes the filters, with what a lasso or a
    pattern selects standing out.
    """
    view = page.view
    facts = [page.workspace.collection.name, _model(page.workspace)]
    facts += [chip.words for chip in page.chips]
    if selection and page.selected is not None:
        place = page.selected.cell
        facts.append(
            gettext(
                "selected cell: column %(column)s, row %(row)s of level %(level)s",
                column=place.column + 1,
                row=place.row + 1,
                level=place.level + 1,
            )
        )
    if view.lasso is not None:
        facts.append(gettext("lasso"))
    if page.pattern_name is not None:
        facts.append(gettext("with %(pattern)s", pattern=page.pattern_name))
    return facts


def _pins(page: ExplorePage) -> list[str]:
    """What the letters A and B stand for."""
    return [
        gettext(
            "%(letter)s: %(images)s, mean p(fake) %(p)s",
            letter=letter,
            images=image_count(detail.cell.images),
            p=probability(detail.cell.mean_p),
        )
        for letter, detail in (("A", page.pinned_a), ("B", page.pinned_b))
        if detail is not None
    ]


def _model(workspace: Workspace) -> str:
    return gettext("model v%(number)s", number=version_of(workspace).number)


def _heatmap(view: View) -> str:
    if view.dimension is None:
        return gettext("heatmap: total contribution")
    return gettext("heatmap: dimension %(index)s", index=view.dimension)


def _counted(page: ExplorePage) -> str:
    """How many images the cells count, as the page says it."""
    if not page.chips:
        return image_count(page.overview.images)
    return gettext(
        "%(images)s of %(whole)s match the filters; glyphs count these",
        images=count(page.overview.images),
        whole=image_count(page.overview.whole),
    )


def _part(shown: int, counted: str, *, whole: bool) -> str:
    """How much of what there is a picture shows."""
    return counted if whole else gettext("%(shown)s of %(all)s", shown=count(shown), all=counted)
