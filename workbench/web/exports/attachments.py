"""Files to keep: named for what is in them, and with a policy of their own where they show it."""

from __future__ import annotations

import re

from flask import Response

from workbench.services.workspaces import Workspace
from workbench.web.exports.plain_styles import PlainStyle
from workbench.web.request.entering import version_of

LONGEST_NAME = 100


def attached(
    content: str | bytes, mimetype: str, file_name: str, style: PlainStyle | None = None
) -> Response:
    """An answer that a browser saves, in its reader's language.

    With a style, the document may use that one alone.
    """
    response = Response(content, mimetype=mimetype)
    response.vary.add("Accept-Language")
    response.headers.set("Content-Disposition", "attachment", filename=file_name)
    if style is not None:
        response.headers["Content-Security-Policy"] = (
            f"{policy(style)}; frame-ancestors 'none'; sandbox"
        )
    return response


def policy(style: PlainStyle) -> str:
    """What a document may do by itself: show its own style and embedded pictures, nothing else."""
    return (
        f"default-src 'none'; style-src {style.source}; img-src data:; "
        "base-uri 'none'; form-action 'none'"
    )


def file_name(workspace: Workspace, subject: str, ending: str) -> str:
    """Collection, version and subject, with nothing in it that a file system minds."""
    parts = (workspace.collection.name, f"v{version_of(workspace).number}", subject)
    name = re.sub(r"-+", "-", "-".join(re.sub(r"[^\w.]+", "-", part) for part in parts))
    return f"{name.strip('-.')[:LONGEST_NAME]}.{ending}"
