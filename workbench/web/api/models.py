"""What the models of requests and answers have in common."""

from __future__ import annotations

import unicodedata
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, field_validator

from workbench.store.database import LARGEST_ID
from workbench.web.request.parsing import whole

Id = Annotated[int, Field(ge=1, le=LARGEST_ID)]
"""The id of a record."""
Ordinal = Annotated[int, Field(ge=1, le=LARGEST_ID)]
"""A number within something else, counted from 1, or a revision."""
Number = Annotated[float, Field(allow_inf_nan=False)]
Line = Annotated[str, AfterValidator(lambda text: " ".join(text.split()))]
"""A text of one line: whatever spaces and line ends it has are made single spaces."""
MOST_A_PAGE = 100


class Output(BaseModel):
    """What is answered; made from what a service returns, attribute by attribute."""

    model_config = ConfigDict(from_attributes=True, frozen=True, use_attribute_docstrings=True)


class Input(BaseModel):
    """What is sent, as body or as query; a name that it does not have is refused."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    @field_validator("*")
    @classmethod
    def _as_pages_take_it(cls, value: Any) -> Any:
        """Texts composed (NFC), with one line end, and no control characters."""
        if isinstance(value, list):
            return [cls._as_pages_take_it(each) for each in value]
        if not isinstance(value, str):
            return value
        text = unicodedata.normalize("NFC", value.replace("\r\n", "\n").replace("\r", "\n")).strip()
        if any(unicodedata.category(sign) in ("Cc", "Cs") and sign not in "\n\t" for sign in text):
            raise ValueError("Control characters are not allowed")
        return text


class Paged(Input):
    """Which page of a list."""

    limit: int = Field(default=50, ge=1, le=MOST_A_PAGE)
    """How many items at most."""
    cursor: str | None = Field(default=None, max_length=200)
    """The `next` of the page before, as it was; without one the list begins."""

    @property
    def after(self) -> int | None:
        """The cursor of a list that goes on by ids. Raises InvalidError."""
        return whole({"cursor": self.cursor or ""}, "cursor")


class Page(Output):
    """A page of a list; a model of its own adds `items`."""

    next: str | None = None
    """The cursor of the next page; null at the end."""


class Made(Output):
    """What was made, by its id."""

    id: Id


class Problem(BaseModel):
    """Why a request was refused or failed (RFC 9457)."""

    model_config = ConfigDict(extra="allow", use_attribute_docstrings=True)

    type: str
    """`about:blank`, or a URN that says which kind of problem it is."""
    title: str
    status: int
    detail: str
    """In words for people, in the language of the request."""
