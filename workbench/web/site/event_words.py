"""Events of the audit log in words: template filters."""

from __future__ import annotations

from collections.abc import Callable

from flask import Flask
from flask_babel import gettext, lazy_gettext, ngettext

from workbench.services.review.history import EventView
from workbench.web.site.formatting import count, expectation_words
from workbench.web.site.verdict_words import DECISION_WORDS

KIND_WORDS = {
    "verdict": lazy_gettext("verdicts"),
    "tagging": lazy_gettext("tags put on"),
    "tag_check": lazy_gettext("tag checks"),
    "note": lazy_gettext("counterfactual notes"),
    "note_reply": lazy_gettext("replies to notes"),
    "tag": lazy_gettext("changes of the taxonomy"),
    "tag_example": lazy_gettext("examples of tags"),
    "drawn_region": lazy_gettext("drawn regions"),
    "dismissed_suggestion": lazy_gettext("dismissed suggestions"),
    "adjudication": lazy_gettext("adjudications"),
}
_FIELDS = {
    "name": lazy_gettext("name"),
    "description": lazy_gettext("description"),
    "source": lazy_gettext("source"),
    "parent_id": lazy_gettext("parent"),
    "hue": lazy_gettext("colour"),
    "hotkey": lazy_gettext("hotkey"),
    "state": lazy_gettext("state"),
    "reason": lazy_gettext("reason"),
    "severity": lazy_gettext("severity"),
}


def event_kind_words(value: str) -> str:
    """What a history is limited to: "verdicts"."""
    return str(KIND_WORDS[value])


def event_words(event: EventView) -> str:
    """What somebody did, after their name: "gave the verdict fake"."""
    written = _WORDS.get(event.action)
    if written is not None:
        return written(event)
    return event.action.replace(".", ": ").replace("_", " ")


def _said(event: EventView, name: str) -> str:
    found = (event.after or event.before or {}).get(name)
    return "" if found is None else str(found)


def _decision(event: EventView) -> str:
    decision = _said(event, "decision")
    return str(DECISION_WORDS.get(decision, decision))


def _tag(event: EventView) -> str:
    return event.tag or _said(event, "tag") or _said(event, "name")


def _name(event: EventView) -> str:
    return _said(event, "name")


def _put_on(event: EventView) -> str:
    regions = (event.after or {}).get("regions")
    if isinstance(regions, int):
        return ngettext(
            "put the tag “%(tag)s” on %(count)s region",
            "put the tag “%(tag)s” on %(count)s regions",
            regions,
            tag=_tag(event),
            count=count(regions),
        )
    if event.image_id is None and event.version is not None:
        return gettext("put the tag “%(tag)s” on a pattern", tag=_tag(event))
    return gettext("put the tag “%(tag)s” on a region", tag=_tag(event))


def _checked(event: EventView) -> str:
    if (event.after or event.before or {}).get("fits"):
        return gettext("checked a region: “%(tag)s” fits", tag=_tag(event))
    return gettext("checked a region: “%(tag)s” does not fit", tag=_tag(event))


def _edited(event: EventView) -> str:
    fields = ", ".join(str(_FIELDS.get(each, each)) for each in event.after or {})
    return gettext("changed the tag “%(tag)s”: %(fields)s", tag=_tag(event), fields=fields)


def _noted(event: EventView) -> str:
    expectation = _said(event, "expectation")
    if expectation not in ("fall", "rise", "stay"):
        return gettext("wrote a counterfactual note")
    return gettext(
        "wrote a counterfactual note, expecting p(fake) to %(expectation)s",
        expectation=expectation_words(expectation),
    )


def _adjudicated(event: EventView) -> str:
    if (event.after or {}).get("by_majority"):
        return gettext("gave the verdict that made a majority: “%(said)s”", said=_decision(event))
    return gettext("adjudicated: “%(said)s”", said=_decision(event))


_WORDS: dict[str, Callable[[EventView], str]] = {
    "verdict.give": lambda each: gettext("gave the verdict “%(said)s”", said=_decision(each)),
    "verdict.withdraw": lambda each: gettext(
        "withdrew the verdict “%(said)s”", said=_decision(each)
    ),
    "verdict.restore": lambda each: gettext(
        "restored the verdict “%(said)s”", said=_decision(each)
    ),
    "adjudication.give": _adjudicated,
    "adjudication.withdraw": lambda each: gettext(
        "withdrew the adjudication “%(said)s”", said=_decision(each)
    ),
    "adjudication.restore": lambda each: gettext(
        "restored the adjudication “%(said)s”", said=_decision(each)
    ),
    "tag.add": _put_on,
    "tag.withdraw": lambda each: gettext("withdrew the tag “%(tag)s”", tag=_tag(each)),
    "region.draw": lambda _each: gettext("drew a region"),
    "region.withdraw": lambda _each: gettext("withdrew a drawn region"),
    "region.restore": lambda _each: gettext("restored a drawn region"),
    "tag.restore": lambda each: gettext("restored the tag “%(tag)s”", tag=_tag(each)),
    "tag.change": _edited,
    "tag.check": _checked,
    "tag.take_off": lambda each: gettext("took the tag “%(tag)s” off a region", tag=_tag(each)),
    "tag_check.withdraw": lambda each: gettext("withdrew a check of “%(tag)s”", tag=_tag(each)),
    "tag_check.restore": lambda each: gettext("restored a check of “%(tag)s”", tag=_tag(each)),
    "tag.create": lambda each: gettext("added the tag “%(tag)s” to the taxonomy", tag=_tag(each)),
    "tag.remove": lambda each: gettext(
        "removed the tag “%(tag)s” from the taxonomy", tag=_tag(each)
    ),
    "tag.describe": _edited,
    "taxonomy.accept": lambda each: gettext("accepted the tag “%(tag)s”", tag=_tag(each)),
    "taxonomy.move": lambda each: gettext("moved the tag “%(tag)s” in the tree", tag=_tag(each)),
    "taxonomy.merge": lambda each: gettext("merged the tag “%(tag)s”", tag=_tag(each)),
    "taxonomy.split": lambda each: gettext("split the tag “%(tag)s”", tag=_tag(each)),
    "taxonomy.deprecate": lambda each: gettext("deprecated the tag “%(tag)s”", tag=_tag(each)),
    "taxonomy.restore": lambda each: gettext(
        "restored the deprecated tag “%(tag)s”", tag=_tag(each)
    ),
    "taxonomy.reverse": lambda each: gettext("reversed a change of “%(tag)s”", tag=_tag(each)),
    "suggestion.dismiss": lambda each: gettext(
        "dismissed the suggested tag “%(tag)s”", tag=_tag(each)
    ),
    "suggestion.restore": lambda each: gettext(
        "had the tag “%(tag)s” suggested again", tag=_tag(each)
    ),
    "example.add": lambda each: gettext("added an example of “%(tag)s”", tag=_tag(each)),
    "example.withdraw": lambda each: gettext("withdrew an example of “%(tag)s”", tag=_tag(each)),
    "example.restore": lambda each: gettext("restored an example of “%(tag)s”", tag=_tag(each)),
    "note.save": _noted,
    "note.withdraw": lambda _each: gettext("withdrew a counterfactual note"),
    "note.restore": lambda _each: gettext("restored a counterfactual note"),
    "reply.save": lambda _each: gettext("replied to a counterfactual note"),
    "reply.withdraw": lambda _each: gettext("withdrew a reply to a counterfactual note"),
    "reply.restore": lambda _each: gettext("restored a reply to a counterfactual note"),
    "queue.make": lambda each: gettext("made the review queue “%(name)s”", name=_name(each)),
    "queue.instruct": lambda each: gettext(
        "changed the instructions of the review queue “%(name)s”", name=_name(each)
    ),
    "queue.people": lambda each: gettext(
        "changed who takes part in the review queue “%(name)s”", name=_name(each)
    ),
    "queue.hand_over": lambda each: gettext(
        "handed over images of the review queue “%(name)s”", name=_name(each)
    ),
    "queue.control": lambda each: gettext(
        "named a hidden control of the review queue “%(name)s”", name=_name(each)
    ),
    "queue.pause": lambda each: gettext("paused the review queue “%(name)s”", name=_name(each)),
    "queue.resume": lambda each: gettext(
        "went on with the review queue “%(name)s”", name=_name(each)
    ),
    "queue.end": lambda each: gettext("ended the review queue “%(name)s”", name=_name(each)),
    "label_set.make": lambda each: gettext("made the label set “%(name)s”", name=_name(each)),
    "label_set.export": lambda each: gettext(
        "asked for an export of the label set “%(name)s”", name=_name(each)
    ),
    "label_set.export_cancel": lambda _each: gettext("cancelled an export of a label set"),
    "identity.link": lambda _each: gettext("linked an account to the identity provider"),
    "identity.unlink": lambda _each: gettext("unlinked an account from the identity provider"),
    "labels.import": lambda _each: gettext("imported labels"),
    "labels.undo": lambda _each: gettext("undid an import of labels"),
    "image.change": lambda _each: gettext("accepted a change of the image at an import"),
    "image.remove": lambda _each: gettext("removed an image"),
    "collection.remove": lambda _each: gettext("removed a collection"),
    "version.activate": lambda _each: gettext("changed the active version"),
    "version.remove": lambda _each: gettext("removed a version"),
    "vocabulary.save": lambda _each: gettext("changed the vocabulary"),
    "run.request": lambda _each: gettext("asked for a run"),
    "run.cancel": lambda _each: gettext("cancelled a run"),
    "run.finish": lambda _each: gettext("finished a run"),
    "run.fail": lambda _each: gettext("ended a run that failed"),
    "import.request": lambda _each: gettext("asked for an import"),
    "import.cancel": lambda _each: gettext("cancelled an import"),
    "import.finish": lambda _each: gettext("finished an import"),
    "import.fail": lambda _each: gettext("ended an import that failed"),
    "export.finish": lambda _each: gettext("finished an export of a label set"),
    "export.fail": lambda _each: gettext("ended an export of a label set that failed"),
}


def register(app: Flask) -> None:
    """Make these functions template filters of their own names."""
    for function in (event_words, event_kind_words):
        app.add_template_filter(function)
