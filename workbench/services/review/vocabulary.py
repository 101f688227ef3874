"""The vocabulary that suggestions are taken from: one word a line, as people edit it."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from datetime import datetime

from flask_babel import gettext
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import joinedload

from workbench.services import audit
from workbench.services.errors import Differing, EditConflictError, InvalidError
from workbench.store.database import session, transaction
from workbench.store.descriptions import Vocabulary
from workbench.store.folding import folded, is_printable_line

MOST_WORDS = 300
LONGEST_WORD = 60
LONGEST_TEXT = 20_000
SAVED = "vocabulary.save"
BUILT_IN = tuple(
    """
    eye; eyebrow; glasses; sunglasses; nose; mouth; teeth; lips; smile; chin; cheek; forehead; ear;
    earring; skin; wrinkles; beard; moustache; hair; blond hair; dark hair; grey hair; curly hair;
    fringe; bald head; hat; cap; headscarf; neck; shoulder; collar; tie; shirt; dress; jacket; hand;
    finger; arm; leg; foot; shoe; baby; crowd; dog; cat; horse; zebra; bird; fish; cow; sheep; fur;
    feathers; muzzle; paw; tail; hoof; mane; stripes; spots; plain background; blurred background;
    cluttered background; wall; window; door; furniture; bed; chair; table; book; screen; lamp;
    plate; food; fruit; cup; bottle; car; wheel; bicycle; train; aeroplane; boat; road; pavement;
    building; roof; bridge; tower; street sign; fence; sky; clouds; sunset; night; stars; moon; sea;
    waves; beach; river; snow; mountain; rock; sand; grass; meadow; leaves; tree; bark; flower;
    garden; forest; fire; smoke; shadow; reflection; highlight; glass; metal; wood; brick; concrete;
    fabric; knitted fabric; lace; leather; paper; plastic; text; letters; numbers; logo; watermark;
    painting; drawing; pattern; checkerboard; grid; noise; film grain; smooth texture;
    rough texture; sharp edge; blurred edge; border; black border; corner
    """.replace("\n", " ").split(";")
)


@dataclass(frozen=True)
class VocabularyView:
    """The words that count, in their order. `revision` is 0 for those that are built in."""

    revision: int
    words: tuple[str, ...]
    by: str | None = None
    at: datetime | None = None


def vocabulary() -> VocabularyView:
    """The newest vocabulary; the built-in one where nobody has saved another. One query."""
    newest = session().scalar(
        select(Vocabulary)
        .options(joinedload(Vocabulary.user))
        .order_by(Vocabulary.id.desc())
        .limit(1)
    )
    if newest is None:
        return VocabularyView(0, tuple(" ".join(each.split()) for each in BUILT_IN))
    return VocabularyView(newest.id, tuple(newest.words), newest.user.name, newest.created_at)


def save_vocabulary(user_id: int, text: str, seen: int) -> VocabularyView:
    """Save a vocabulary, one word or phrase a line; each once, without case.

    `seen` is the revision that was edited. Raises InvalidError for too many or too long words, and
    EditConflictError, with what only one of both has, where somebody has saved another meanwhile.
    """
    words = _parsed(text)
    before = vocabulary()
    if before.revision != seen:
        raise _conflict(before, words)
    if before.words == words:
        return before
    try:
        with transaction() as write:
            saved = Vocabulary(replaces=seen, words=list(words), user_id=user_id)
            write.add(saved)
            write.flush()
            audit.record(
                write,
                user_id,
                SAVED,
                f"vocabulary:{saved.id}",
                added=[each for each in words if each not in before.words],
                removed=[each for each in before.words if each not in words],
            )
    except IntegrityError as error:  # two at the same moment
        raise _conflict(vocabulary(), words) from error
    return vocabulary()


def _parsed(text: str) -> tuple[str, ...]:
    found: dict[str, str] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        word = unicodedata.normalize("NFC", " ".join(line.split()))
        if not word:
            continue
        if len(word) > LONGEST_WORD or not is_printable_line(word):
            raise InvalidError(
                gettext(
                    "Line %(number)s: a word must have at most %(longest)s printable characters.",
                    number=number,
                    longest=LONGEST_WORD,
                )
            )
        found.setdefault(folded(word), word)
    if len(found) > MOST_WORDS:
        raise InvalidError(
            gettext(
                "A vocabulary can have at most %(most)s words; these are %(count)s.",
                most=MOST_WORDS,
                count=len(found),
            )
        )
    return tuple(found.values())


def _conflict(now: VocabularyView, words: tuple[str, ...]) -> EditConflictError:
    alone = [each for each in now.words if each not in words]
    missing = [each for each in words if each not in now.words]
    return EditConflictError(
        gettext(
            "Edit conflict: the vocabulary was changed by %(by)s at %(moment)s.",
            by=now.by or gettext("somebody"),
            moment=f"{now.at:%Y-%m-%d %H:%M} UTC" if now.at else "–",
        ),
        by=now.by,
        at=now.at,
        revision=now.revision,
        fields=(Differing("words", gettext("Only here"), ", ".join(alone), ", ".join(missing)),),
    )
