"""Which operation does what a page's form does; what has none, and why."""

from __future__ import annotations

CALLS: dict[str, str] = {
    "note_list.cancel": "cancel_replays",
    "note_list.replay": "replay_note",
    "note_list.replay_all": "replay_notes",
    "notes.reply": "reply_to_note",
    "notes.run": "run_edit",
    "notes.save": "save_note",
    "notes.withdraw": "withdraw_note",
    "notes.withdraw_reply": "withdraw_reply",
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
    "regions.describe": "describe_tag",
    "tag_checks.answer": "answer_tag_check",
    "tag_checks.take_off": "take_tag_off",
    "tag_checks.withdraw": "withdraw_tag_check",
    "tag_pages.add_example": "add_tag_example",
    "tag_pages.carry_out": "change_tag",
    "tag_pages.edit": "edit_tag",
    "tag_pages.reverse": "reverse_tag_change",
    "tag_pages.withdraw_example": "withdraw_tag_example",
    "taxonomy.load_starter": "load_starter_taxonomy",
    "taxonomy.tag_group": "tag_group",
    "taxonomy.tag_pattern": "tag_pattern",
    "taxonomy.tag_selection": "tag_selection",
    "taxonomy.withdraw": "withdraw_tag",
    "verdicts.give": "give_verdict",
    "verdicts.withdraw": "withdraw_verdict",
}
"""By the endpoint of a page."""

PAGES_ONLY: dict[str, str] = {
    "members.save": "who sees a collection is set by people: no token has a scope for it",
}
