"""The addresses of all pages, and of all pictures to take away."""

from __future__ import annotations

PAGES = {
    "/": "Collections",
    "/login": "Sign in",
    "/account": "Account",
    "/people/roles": "Roles",
    "/people/1/history": "My history",
    "/people/2/history?kind=verdict&since=2026-03-01": "History of ben",
    "/c/faces/disagreements": "Disagreements in faces",
    "/c/faces/disagreements/2": "Adjudicate face 2",
    "/c/faces/queues": "Review of faces",
    "/c/faces/queues/7": "errors <b>",
    "/c/faces/notes": "Notes of faces",
    "/c/faces/notes?version=1&came=waiting&words=glare": "Notes of faces",
    "/taxonomy": "Taxonomy",
    "/vocabulary": "Vocabulary",
    "/c/faces/": "Explore faces",
    "/c/faces/?cell=11&a=11&b=12&outcome=misclassified&dimension=1&pattern=31": "Explore",
    "/c/faces/?level=1&window=0,0,16,12": "Explore faces",
    "/c/faces/?version=1": "Explore faces",
    "/c/raw/": "raw is not analysed yet",
    "/c/faces/images/2": "face 2",
    "/c/faces/images/2?edit=group-200&fill=blur&expectation=fall&queue=1": "face 2",
    "/c/faces/images/2?edit=dimension-1&expectation=stay": "face 2",
    "/c/faces/patterns": "Patterns of faces",
    "/c/faces/patterns?cell=11&sort=lift": "Patterns of faces",
    "/c/faces/patterns/31": "pattern 1",
    "/c/faces/patterns/31/tags/90": "Check the tag “fake smile”",
    "/c/faces/suggestions": "Suggested tags of faces",
    "/c/faces/similar": "Similarity search",
    "/c/faces/similar?image=2": "Images similar to face 2",
    "/c/faces/similar?group=200": "Pixel groups similar to one of face 2",
    "/c/faces/similar?words=a+smile": "Images matching “a smile”",
    "/c/faces/agreement": "Agreement in faces",
    "/c/faces/agreement?tag=90&figure=raw": "Agreement in faces",
    "/c/faces/dashboard": "Dashboard of faces",
    "/c/faces/dashboard?since=2026-03-01&until=2026-03-04": "Dashboard of faces",
    "/c/raw/dashboard": "Dashboard of raw",
    "/c/raw/agreement": "Agreement in raw",
    "/c/faces/label-sets": "Label sets of faces",
    "/c/raw/label-sets": "Label sets of raw",
    "/c/faces/label-sets/2": "Label set 2 of faces",
    "/c/faces/label-sets/2?label=fake&after=1": "Label set 2 of faces",
    "/c/faces/label-sets/2/changes?since=1": "Label sets 1 and 2 of faces",
    "/c/faces/models": "Models of faces",
    "/c/raw/models": "Models of raw",
    "/c/faces/data": "Data of faces",
    "/c/raw/data": "Data of raw",
    "/c/faces/versions/2/labels": "Labels of v2",
    "/c/faces/versions/1/labels": "Labels of v1",
    "/imports": "Import images",
    "/imports?folder=set&collection=faces": "Import images",
    "/imports/40": "Import into faces",
    "/imports/41": "Import into new",
    "/imports/42": "Import into faces",
    "/imports/43": "Import into faces",
    "/imports/44": "Import into faces",
    "/imports/45": "Import into faces",
    "/c/faces/images/99": "Not found",
}


def needs_account(url: str) -> bool:
    """Whether a page is shown to nobody who has not signed in, whoever may read."""
    return "/label-sets" in url or url.startswith(("/account", "/imports", "/people/roles"))


PICTURES = (
    "overview",
    "overview?outcome=misclassified&cell=11&a=11&b=12",
    "images",
    "patterns",
    "dimensions?a=11&b=12",
    "image?image=2",
    "image?image=2&dimension=1",
)
