"""What each role may do."""

from __future__ import annotations

from itertools import pairwise

from workbench.services.roles import PERMISSIONS, may
from workbench.store.people import ROLES


def test_each_role_may_do_what_those_before_it_may_and_more() -> None:
    allowed = [{each.action for each in PERMISSIONS if may(role, each.action)} for role in ROLES]

    for lower, higher in pairwise(allowed):
        assert lower < higher
    assert allowed[-1] == {each.action for each in PERMISSIONS}


def test_the_table_says_what_pages_and_documents_promise() -> None:
    def lowest(action: str) -> str:
        return next(role for role in ROLES if may(role, action))

    assert {each: lowest(each) for each in ("judge", "tag", "note", "read")} == dict.fromkeys(
        ("judge", "tag", "note", "read"), "annotator"
    )
    for action in ("taxonomy", "adjudicate", "queues", "label_sets", "import_labels"):
        assert lowest(action) == "reviewer"
    assert lowest("retrain") == lowest("import") == lowest("remove") == "developer"
    assert lowest("people") == "admin"


def test_nobody_does_what_is_unknown_and_an_unknown_role_does_nothing() -> None:
    assert not any(may(role, "delete") for role in ROLES)
    assert not any(may("owner", each.action) for each in PERMISSIONS)
