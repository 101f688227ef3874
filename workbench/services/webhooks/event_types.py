"""What webhooks can be told of: actions of the audit log, by subject."""

from __future__ import annotations

from typing import Final

EVENT_TYPES: Final = {
    "verdicts": ("verdict.give", "verdict.withdraw", "verdict.restore"),
    "adjudications": ("adjudication.give", "adjudication.withdraw", "adjudication.restore"),
    "tags": ("tag.add", "tag.change", "tag.withdraw", "tag.restore", "tag.check", "tag.take_off"),
    "taxonomy": (
        *("tag.create", "tag.describe", "tag.remove", "taxonomy.accept", "taxonomy.move"),
        *("taxonomy.merge", "taxonomy.split", "taxonomy.deprecate", "taxonomy.restore"),
        "taxonomy.reverse",
    ),
    "regions": ("region.draw", "region.withdraw", "region.restore"),
    "notes": ("note.save", "note.withdraw", "note.restore", "reply.save"),
    "queues": ("queue.make", "queue.pause", "queue.resume", "queue.end"),
    "label_sets": (
        *("label_set.make", "export.finish", "export.fail"),
        *("labels.import", "labels.undo"),
    ),
    "imports": ("import.request", "import.finish", "import.fail"),
    "runs": ("run.request", "run.finish", "run.fail", "version.activate"),
    "removals": ("image.remove", "version.remove", "collection.remove"),
}
"""By group."""

ALL: Final = tuple(each for group in EVENT_TYPES.values() for each in group)
EVERYBODYS: Final = EVENT_TYPES["taxonomy"]
"""What is of no collection, and seen by all."""
