"""What each role may do: the one table of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from flask_babel import lazy_gettext
from flask_babel.speaklater import LazyString

from workbench.store.people import ROLES

ADMIN: Final = "admin"
READ: Final = "read"


@dataclass(frozen=True)
class Permission:
    """An action, the lowest role that may do it, and what it covers in words."""

    action: str
    role: str
    words: LazyString

    def is_given_to(self, role: str) -> bool:
        """Whether a role is that one or a higher one."""
        return ROLES.index(role) >= ROLES.index(self.role)


PERMISSIONS: Final = tuple(
    Permission(*each)
    for each in (
        (READ, "annotator", lazy_gettext("See the collections that one can reach")),
        ("account", "annotator", lazy_gettext("Change one's own password, sessions and tokens")),
        ("judge", "annotator", lazy_gettext("Give verdicts on images")),
        ("tag", "annotator", lazy_gettext("Tag, draw regions, check tags, edit the vocabulary")),
        ("note", "annotator", lazy_gettext("Run edits of images, write notes, answer and replay")),
        ("taxonomy", "reviewer", lazy_gettext("Change the taxonomy")),
        ("adjudicate", "reviewer", lazy_gettext("Decide where people disagree")),
        ("queues", "reviewer", lazy_gettext("Make, assign and end review queues")),
        ("label_sets", "reviewer", lazy_gettext("Make, compare and export label sets")),
        ("import_labels", "reviewer", lazy_gettext("Import labels as one’s own decisions")),
        ("import", "developer", lazy_gettext("Import images")),
        ("data", "developer", lazy_gettext("Check the data and act on what is found")),
        ("retrain", "developer", lazy_gettext("Retrain and choose the active version")),
        ("remove", "developer", lazy_gettext("Remove images, versions and collections")),
        ("webhooks", ADMIN, lazy_gettext("Make webhooks, see and repeat their deliveries")),
        ("people", ADMIN, lazy_gettext("Invite people, change roles, reset passwords")),
    )
)
_BY_ACTION: Final = {each.action: each for each in PERMISSIONS}


def permission(action: str) -> Permission:
    """The permission for an action. Raises KeyError where there is none."""
    return _BY_ACTION[action]


def roles_that_may(action: str) -> tuple[str, ...]:
    """All roles that may do something, the lowest first."""
    return tuple(each for each in ROLES if may(each, action))


def may(role: str, action: str) -> bool:
    """Whether a role may do something; nobody may do what the table does not name."""
    found = _BY_ACTION.get(action)
    return found is not None and role in ROLES and found.is_given_to(role)
