"""Reports: patterns as one HTML file to print or send, for people without an account."""

from __future__ import annotations

from datetime import UTC, datetime

from flask import Blueprint, Response, request

from workbench.services.errors import InvalidError
from workbench.services.explore import filters, patterns, reports, wrong_reasons
from workbench.services.models.outside import lacking_words
from workbench.services.workspaces import Workspace
from workbench.web.exports.attachments import attached, file_name, policy
from workbench.web.exports.documents import document
from workbench.web.exports.plain_styles import plain_style
from workbench.web.panels.pattern import pattern_panel
from workbench.web.request.entering import enter, version_of
from workbench.web.request.view_reading import read_after
from workbench.web.site import limits, slots

blueprint = Blueprint("reports", __name__)

PATTERNS_REPORTED = 90
"""With six pictures each, fewer than a document may hold."""


@blueprint.get("/c/<collection:name>/patterns/<record:pattern_id>/report.html")
@limits.limiter.limit(limits.tries_allowed, deduct_when=limits.was_computed)
@slots.costly()
def pattern(name: str, pattern_id: int) -> Response:
    """One pattern: what it is, its figures in words, whom it misleads, what people said."""
    _view, workspace = enter(name)
    version = version_of(workspace).id
    page = pattern_panel(version, pattern_id, read_after(request.args))
    remarks = reports.remarks(version, pattern_id)
    row = page.detail.row
    subject = f"pattern {row.number} {row.label if row.tags else ''}"
    return _report("pattern_report", workspace, subject, page=page, remarks=remarks)


@blueprint.get("/c/<collection:name>/patterns/report.html")
@limits.limiter.limit(limits.tries_allowed, deduct_when=limits.was_computed)
@slots.costly()
def all_patterns(name: str) -> Response:
    """All patterns of a version, or of a selection, each in short."""
    view, workspace = enter(name)
    summary = version_of(workspace)
    if summary.outside:
        raise InvalidError(lacking_words(summary.number, summary.outside))
    version = summary.id
    rows = patterns.patterns(filters.choose(version, view.selection), view.sort)
    reported = rows[:PATTERNS_REPORTED]
    return _report(
        "patterns_report",
        workspace,
        "patterns",
        rows=reported,
        wrong_reasons=wrong_reasons.of_patterns(version, [each.id for each in reported]),
        total=len(rows),
        summary=patterns.summary(version),
        narrowed=view.narrowed,
    )


def _report(template: str, workspace: Workspace, subject: str, **context: object) -> Response:
    style = plain_style("report")
    html = document(
        f"exports/{template}.html",
        workspace=workspace,
        style=style.text,
        policy=policy(style),
        made_at=datetime.now(UTC),
        **context,
    )
    return attached(html, "text/html", file_name(workspace, subject, "html"), style)
