"""The second line of a picture's head: whose it is, what narrows it, what is drawn.

No date: the same view is the same file.
"""

from __future__ import annotations

from flask_babel import gettext, lazy_gettext

from workbench.services.explore.cell_card import CellDetail
from workbench.services.explore.grid import Overview
from workbench.services.workspaces import Workspace
from workbench.web.panels.overview import MarkedCells
from workbench.web.presenters.filters import chips
from workbench.web.request.entering import version_of
from workbench.web.request.view import View
from workbench.web.site.formatting import count, image_count, zoom_level
from workbench.web.site.predictions import probability

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


def origin(workspace: Workspace) -> list[str]:
    """The collection and the model version."""
    number = version_of(workspace).number
    return [workspace.collection.name, gettext("model v%(number)s", number=number)]


def narrowing(view: View, selected: CellDetail | None, pattern_name: str | None) -> list[str]:
    """The filters, and what is selected of what passes them.

    `selected` is None where a picture shows all that passes the filters, with what a lasso or a
    pattern selects standing out.
    """
    facts = [chip.words for chip in chips(view)]
    if selected is not None:
        cell = selected.cell
        facts.append(
            gettext(
                "selected cell: column %(column)s, row %(row)s of level %(level)s",
                column=cell.column + 1,
                row=cell.row + 1,
                level=zoom_level(cell.level),
            )
        )
    if view.lasso is not None:
        facts.append(gettext("lasso"))
    if pattern_name is not None:
        facts.append(gettext("with %(pattern)s", pattern=pattern_name))
    return facts


def pins(marked: MarkedCells) -> list[str]:
    """What the letters A and B stand for."""
    return [
        gettext(
            "%(letter)s: %(images)s, mean p(fake) %(p)s",
            letter=letter,
            images=image_count(detail.cell.images),
            p=probability(detail.cell.mean_p),
        )
        for letter, detail in (("A", marked.a), ("B", marked.b))
        if detail is not None
    ]


def heatmap(view: View) -> str:
    """Which contribution the heatmaps show."""
    if view.dimension is None:
        return gettext("heatmap: total contribution")
    return gettext("heatmap: dimension %(index)s", index=view.dimension)


def counted(view: View, overview: Overview) -> str:
    """How many images the cells count, as the page says it."""
    if not view.filters.any:
        return image_count(overview.images)
    return gettext(
        "%(images)s of %(whole)s match the filters; glyphs count these",
        images=count(overview.images),
        whole=image_count(overview.whole),
    )


def part(shown: int, counted: str, *, whole: bool) -> str:
    """How much of what there is a picture shows."""
    return counted if whole else gettext("%(shown)s of %(all)s", shown=count(shown), all=counted)
