"""Tags that are suggested under a version, and the vocabulary that words are suggested from."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from flask import Blueprint
from pydantic import Field

from workbench.services.explore import tag_suggestions
from workbench.services.review import dismissals, vocabulary
from workbench.services.review.vocabulary import LONGEST_WORD, MOST_WORDS
from workbench.services.similar import suggestions
from workbench.store.database import LARGEST_ID
from workbench.web.api.images import PutTag
from workbench.web.api.models import Id, Input, Made, Number, Output
from workbench.web.api.operations import operation
from workbench.web.api.viewing import VersionQuery, version_of
from workbench.web.site import security, slots

blueprint = Blueprint("suggestions", __name__)
TAG = "Suggestions"


class SuggestedForPattern(Output):
    """A pattern that tags are suggested for."""

    id: Id
    number: int
    label: str
    suggested: list[PutTag]


class SuggestedOnGroup(Output):
    """A tag that a pixel group may bear."""

    group_id: Id
    image_id: Id
    tag_id: Id
    tag: str
    share: Number
    """Of the group's area that lies where the tag was put."""


class SuggestedTags(Output):
    """What tags of other versions, selections and single regions lie on in part."""

    patterns: list[SuggestedForPattern]
    groups: list[SuggestedOnGroup]
    """The likeliest of them."""
    groups_total: int


class Dismissal(Input):
    """Which tag not to suggest any more."""

    tag: Id
    """Its id."""


class Vocabulary(Output):
    """The words that suggestions are taken from, in their order."""

    revision: int
    """0 for those that are built in."""
    words: list[str]
    by: str | None
    at: datetime | None


class NewVocabulary(Input):
    """Words or phrases in place of those that there are."""

    words: list[Annotated[str, Field(min_length=1, max_length=LONGEST_WORD)]] = Field(
        max_length=MOST_WORDS
    )
    revision: int = Field(ge=0, le=LARGEST_ID)
    """Of the vocabulary that was edited: refused where there is another since."""


@blueprint.get("/collections/<collection:name>/suggestions")
@operation(TAG, answer=SuggestedTags)
def list_suggestions(name: str, query: VersionQuery) -> SuggestedTags:
    """List the tags that are suggested under a version."""
    found = tag_suggestions.tag_suggestions(version_of(name, query.version).id)
    return SuggestedTags(
        patterns=[SuggestedForPattern.model_validate(each) for each in found.patterns],
        groups=[SuggestedOnGroup.model_validate(each) for each in found.groups.first],
        groups_total=found.groups.total,
    )


@blueprint.post("/patterns/<record:pattern_id>/dismissals")
@operation(TAG, answer=Made, action="tag", status=201)
def dismiss_for_pattern(pattern_id: int, json: Dismissal) -> Made:
    """Do not suggest a tag for a pattern any more."""
    return Made(id=dismissals.dismiss_for_pattern(security.user_id(), pattern_id, json.tag))


@blueprint.post("/groups/<record:group_id>/dismissals")
@operation(TAG, answer=Made, action="tag", status=201)
def dismiss_for_group(group_id: int, json: Dismissal) -> Made:
    """Do not suggest a tag for a pixel group any more."""
    return Made(id=dismissals.dismiss_for_group(security.user_id(), group_id, json.tag))


@blueprint.delete("/dismissals/<record:dismissal_id>")
@operation(TAG, action="tag")
def restore_suggestion(dismissal_id: int) -> None:
    """Suggest a tag again that one has dismissed."""
    dismissals.restore(security.user_id(), dismissal_id)


@blueprint.get("/vocabulary")
@operation(TAG, answer=Vocabulary)
def get_vocabulary() -> Vocabulary:
    """Get the words that suggestions are taken from."""
    return Vocabulary.model_validate(vocabulary.vocabulary())


@blueprint.put("/vocabulary")
@operation(TAG, answer=Vocabulary, action="tag")
@slots.costly()
def save_vocabulary(json: NewVocabulary) -> Vocabulary:
    """Save the words, and rank them anew for the active versions whose encoder reads text."""
    saved = vocabulary.save_vocabulary(security.user_id(), "\n".join(json.words), json.revision)
    suggestions.suggest_again()
    return Vocabulary.model_validate(saved)
