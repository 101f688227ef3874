"""Which operation does what a page's form does; what has none, and why."""

from __future__ import annotations

CALLS: dict[str, str] = {
    "queue_walk.claim": "claim_images",
    "queue_walk.judge": "judge_in_queue",
    "queue_walk.renew": "renew_lease",
    "queue_walk.undo": "undo_in_queue",
    "queues.choose_people": "choose_people",
    "queues.end": "end_queue",
    "queues.hand_over": "hand_over",
    "queues.instruct": "write_instructions",
    "queues.make": "make_queue",
    "queues.name_control": "name_control",
    "queues.pause": "pause_queue",
}
"""By the endpoint of a page."""

PAGES_ONLY: dict[str, str] = {
    "members.save": "who sees a collection is set by people: no token has a scope for it",
}
