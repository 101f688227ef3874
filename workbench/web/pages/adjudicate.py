"""The queue of misclassified images that nobody has judged under this version."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from workbench.web.request.entering import enter, queue_of
from workbench.web.request.parsing import whole

blueprint = Blueprint("adjudicate", __name__)


@blueprint.get("/c/<collection:name>/adjudicate")
def show(name: str) -> Response | str:
    """Go to the queue's next image, or say that nothing is left."""
    view, workspace = enter(name)
    queue = queue_of(workspace)
    after = whole(request.args, "after")
    following = (None if after is None else queue.after(after)) or queue.first()
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
