"""The types of events are actions of the audit log, each once."""

from __future__ import annotations

from workbench.services.review.recording import KINDS
from workbench.services.webhooks.event_types import ALL
from workbench.web.site.event_words import _WORDS

DECISIONS = {
    name
    for kind in KINDS.values()
    for name in (kind.made, kind.changed, kind.withdrawn, kind.restored)
    if isinstance(name, str)
}


def test_each_type_is_an_action_that_is_recorded() -> None:
    assert len(set(ALL)) == len(ALL)
    assert set(ALL) <= set(_WORDS) | DECISIONS


def test_what_is_told_of_accounts_is_nothing() -> None:
    kinds = {each.partition(".")[0] for each in ALL}
    assert kinds.isdisjoint({"user", "session", "token", "invitation", "identity", "webhook"})
