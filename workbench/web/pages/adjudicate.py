"""The queue of misclassified images that nobody has judged under this version."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from workbench.services.explore import review_queue
from workbench.web.request.entering import enter, version_of
from workbench.web.request.parsing import whole

blueprint = Blueprint("adjudicate", __name__)


@blueprint.get("/c/<collection:name>/adjudicate")
def show(name: str) -> Response | str:
    """Go to the queue's next image, or say that nothing is left."""
    view, workspace = enter(name)
    version = version_of(workspace).id
    after = whole(request.args, "after")
    following = review_queue.queue(version, after)
    if following is None and after is not None:
        following = review_queue.queue(version)
    if following is None:
        return render_template("views/adjudicated.html", view=view, workspace=workspace)
    return redirect(
        url_for(
            "images.show",
            name=name,
            image_id=following,
            version=view.version,
            outcome="misclassified",
            order="wrong",
            queue=1,
        ),
        303,
    )
