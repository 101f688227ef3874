"""What each picture draws: its view alone, gathered as its page does, on a sheet with a head."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from flask import request
from flask_babel import gettext

from workbench.services.errors import InvalidError
from workbench.services.explore import cell_card, filters, listing, patterns
from workbench.services.explore.cell_card import CellDetail
from workbench.services.explore.filters import Chosen
from workbench.services.explore.listing import ImagePage
from workbench.services.explore.patterns import PatternRow
from workbench.services.tagged import pattern_tags
from workbench.services.workspaces import Workspace
from workbench.web.exports import captions
from workbench.web.panels.dimensions import DimensionsPanel, dimensions_panel
from workbench.web.panels.image import ImagePanel, image_panel
from workbench.web.panels.overview import OverviewPanel, marked_cells, overview_panel
from workbench.web.presenters import glyph, sheets, violin
from workbench.web.presenters.sheets import Head, Sheet
from workbench.web.request.entering import version_of
from workbench.web.request.parsing import whole
from workbench.web.request.view import View
from workbench.web.request.view_reading import read_after
from workbench.web.site.formatting import (
    cell_count,
    image_count,
    label_words,
    pattern_count,
    zoom_level,
)
from workbench.web.site.verdict_words import origin_words

IMAGES_TAKEN = 48
PATTERNS_TAKEN = 40
LEGEND_HEIGHT = 64.0


@dataclass(frozen=True)
class ImagesPanel:
    """The first images of a selection."""

    images: ImagePage


@dataclass(frozen=True)
class PatternsPanel:
    """The first patterns of a selection."""

    patterns: tuple[PatternRow, ...]


@dataclass(frozen=True)
class Drawing:
    """A picture's sheet, and the panel that its template draws on it."""

    sheet: Sheet
    panel: OverviewPanel | ImagesPanel | PatternsPanel | DimensionsPanel | ImagePanel
    subject: str
    """What the file's name says after collection and version."""


def _overview(view: View, workspace: Workspace) -> Drawing:
    chosen = _chosen(view, workspace)
    marked = marked_cells(view, chosen)
    panel = overview_panel(view, chosen, marked)
    overview, drawing = panel.overview, panel.drawing
    facts = [
        *_facts(view, workspace, None),
        *captions.pins(marked),
        cell_count(len(overview.cells)),
        captions.counted(view, overview),
    ]
    if drawing.lighting:
        facts.append(gettext("top bar: share selected"))
    if len(drawing.levels) > 1:
        facts.append(
            gettext(
                "zoom level %(level)s of %(levels)s",
                level=zoom_level(view.level),
                levels=zoom_level(overview.finest),
            )
        )
    # A narrow window still has its legend.
    width = max(drawing.width, 16 * glyph.CELL)
    made = sheets.sheet(
        Head(gettext("Representation overview"), facts, workspace.warning),
        width,
        drawing.height + LEGEND_HEIGHT,
    )
    return Drawing(made, panel, "overview")


def _images(view: View, workspace: Workspace) -> Drawing:
    chosen = _chosen(view, workspace)
    after = read_after(request.args)
    page = listing.images(chosen, view.order, after, IMAGES_TAKEN, view.shuffle)
    shown = len(page.cards)
    facts = [
        *_facts(view, workspace, _selected(view, chosen)),
        captions.part(shown, image_count(page.total), whole=shown == page.total),
        str(captions.ORDER_WORDS.get(view.order, "")),
        *([] if version_of(workspace).outside else [captions.heatmap(view)]),
    ]
    made = sheets.grid(
        Head(gettext("Images"), facts, workspace.warning),
        shown,
        columns=6,
        width=124,
        height=148,
        below=LEGEND_HEIGHT,
    )
    return Drawing(made, ImagesPanel(page), "images")


def _patterns(view: View, workspace: Workspace) -> Drawing:
    chosen = _chosen(view, workspace)
    ranked = patterns.patterns(chosen, view.sort)
    rows = ranked[:PATTERNS_TAKEN]
    facts = [
        *_facts(view, workspace, _selected(view, chosen)),
        captions.part(len(rows), pattern_count(len(ranked)), whole=len(rows) == len(ranked)),
        str(captions.SORT_WORDS.get(view.sort, "")),
    ]
    # The first part is the head of the table.
    made = sheets.grid(
        Head(gettext("Patterns"), facts, workspace.warning),
        len(rows) + 1,
        columns=1,
        width=1120,
        height=52,
    )
    return Drawing(made, PatternsPanel(rows), "patterns")


def _dimensions(view: View, workspace: Workspace) -> Drawing:
    chosen = _chosen(view, workspace)
    marked = marked_cells(view, chosen)
    panel = dimensions_panel(view, version_of(workspace).id, chosen)
    left, right = panel.left_name, panel.right_name
    facts = [
        *_facts(view, workspace, marked.selected),
        *captions.pins(marked),
        gettext("over %(images)s", images=right)
        if left == right
        else gettext("%(left)s left, %(right)s right", left=left, right=right),
        gettext("activation from low to high"),
        gettext("line: mean"),
    ]
    made = sheets.grid(
        Head(gettext("Dimensions"), facts, workspace.warning),
        len(panel.dimensions),
        columns=8,
        width=violin.WIDTH + 30,
        height=violin.HEIGHT + 84,
    )
    return Drawing(made, panel, "dimensions")


def _image(view: View, workspace: Workspace) -> Drawing:
    image_id = whole(request.args, "image")
    if image_id is None:
        raise InvalidError(gettext("“image” is missing: the number of the image to export."))
    panel = image_panel(version_of(workspace).id, image_id)
    card, standing, score = panel.detail.card, panel.detail.standing, panel.score
    facts = [
        *captions.origin(workspace),
        gettext("label: %(label)s", label=label_words(standing.label)),
        origin_words(standing),
        captions.heatmap(view),
        gettext("+ toward fake, − toward real, in logits"),
    ]
    rows = max(22.0 * (len(score.dimensions) + 3) + 96, 52.0 * len(score.groups) + 30)
    made = sheets.sheet(Head(card.name, facts, workspace.warning), 1292, max(476.0, rows))
    return Drawing(made, panel, f"image {card.id}")


DRAWINGS: dict[str, Callable[[View, Workspace], Drawing]] = {
    "overview": _overview,
    "images": _images,
    "patterns": _patterns,
    "dimensions": _dimensions,
    "image": _image,
}
"""Pictures by the name that stands in their address."""
OF_MAPS = frozenset({"patterns", "dimensions", "image"})
"""Those that show heatmaps, patterns or dimensions, which a version with scores alone has not."""


def _chosen(view: View, workspace: Workspace) -> Chosen:
    return filters.choose(version_of(workspace).id, view.selection)


def _selected(view: View, chosen: Chosen) -> CellDetail | None:
    return None if view.cell is None else cell_card.detail_of(chosen, view.cell)


def _facts(view: View, workspace: Workspace, selected: CellDetail | None) -> list[str]:
    name = _pattern_name(view, workspace)
    return [*captions.origin(workspace), *captions.narrowing(view, selected, name)]


def _pattern_name(view: View, workspace: Workspace) -> str | None:
    if view.pattern is None:
        return None
    return pattern_tags.pattern_name(version_of(workspace).id, view.pattern)
