"""What one works with: a workbench, its collections, their images and patterns."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Self

from workbench.client import shown
from workbench.client.connection import Connection

if TYPE_CHECKING:
    import httpx2
    import pyarrow as pa


class Record:
    """Something of a workbench, as it was when it was read; its facts are attributes."""

    def __init__(self, connection: Connection, facts: dict[str, Any]) -> None:
        self._connection = connection
        self.facts = facts

    def __getattr__(self, name: str) -> Any:
        try:
            return self.__dict__["facts"][name]
        except KeyError:
            raise AttributeError(f"{type(self).__name__} has no {name!r}") from None

    def __dir__(self) -> list[str]:
        return [*super().__dir__(), *self.facts]

    def __repr__(self) -> str:
        return f"{type(self).__name__} {self.facts.get('name', self.facts.get('id', ''))}"


class Workbench:
    """A workbench, acted in by a token: `Workbench("https://…", "pwb_…")`."""

    def __init__(
        self, url: str, token: str, *, transport: httpx2.BaseTransport | None = None
    ) -> None:
        self._connection = Connection(url, token, transport)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self._connection.close()

    def call(
        self, operation: str, *, body: Mapping[str, Any] | None = None, **arguments: Any
    ) -> Any:
        """Call any operation of the API by its id (`Connection.call`)."""
        return self._connection.call(operation, body=body, **arguments)

    def pages(self, operation: str, **arguments: Any) -> Iterator[dict[str, Any]]:
        """The items of any list of the API (`Connection.pages`)."""
        return self._connection.pages(operation, **arguments)

    def collections(self) -> list[Collection]:
        """The collections that the token's owner sees, by name."""
        found = self.call("list_collections")["items"]
        return [Collection(self._connection, each) for each in found]

    def collection(self, name: str) -> Collection:
        """One of them. Raises WorkbenchError where there is none."""
        return Collection(self._connection, self.call("get_collection", name=name))

    def _repr_html_(self) -> str:
        return shown.table(
            ("Collection", "Images", "Version", "AUC"),
            [
                (
                    each.title,
                    each.facts["images"],
                    each.active["number"] if each.active else None,
                    each.active["figures"]["test"]["auc"] if each.active else None,
                )
                for each in self.collections()
            ],
        )


class Collection(Record):
    """A collection; filters are those of Explore (`list_images` at `/api`).

    How many images it has is `facts["images"]`: `images` goes through them.
    """

    def images(self, *, version: int | None = None, **filters: Any) -> Iterator[Image]:
        """The images of a selection, in the order that `order` says, page after page."""
        for each in self._connection.pages(
            "list_images", name=self.name, version=version, limit=100, **filters
        ):
            yield self._image(each["id"], version)

    def image(self, image_id: int, *, version: int | None = None) -> Image:
        """One image. Raises WorkbenchError where it is not in the collection."""
        image = self._image(image_id, version)
        image.reload()
        return image

    def patterns(self, *, sort: str = "contribution", **filters: Any) -> list[Pattern]:
        """The patterns of a version, ranked (`list_patterns` at `/api`)."""
        found = self._connection.call("list_patterns", name=self.name, sort=sort, **filters)
        return [Pattern(self._connection, each) for each in found["items"]]

    def frame(self, *, version: int | None = None, **filters: Any) -> pa.Table:
        """Predictions and decisions of a whole selection, in one request.

        `.to_pandas()` makes a data frame of it. Columns: `get_frame` at `/api`.
        """
        import pyarrow.parquet as pq  # noqa: PLC0415 - half a second, and only tables need it

        content = self._connection.call("get_frame", name=self.name, version=version, **filters)
        return pq.read_table(io.BytesIO(content))

    def _image(self, image_id: int, version: int | None) -> Image:
        return Image(self._connection, str(self.name), image_id, version)


class Pattern(Record):
    """A pattern of a version, which shows itself by its exemplars."""

    def tag(self, name: str) -> dict[str, Any]:
        """Put a tag on it; its pixel groups inherit it."""
        given: dict[str, Any] = self._connection.call("tag_pattern", pattern_id=self.id, tag=name)
        return given

    def _repr_html_(self) -> str:
        found = [
            (
                self._connection.call("get_group_crop", group_id=each["group_id"]),
                f"{each['contribution']:+.2f}",
            )
            for each in self.exemplars
        ]
        images = "1 image" if self.images == 1 else f"{self.images} images"
        return shown.pictures(f"{self.label}: {images}, {self.mean_contribution:+.2f}", found)


class Image(Record):
    """An image under a version; read when the first of its facts is asked for."""

    def __init__(
        self, connection: Connection, collection: str, image_id: int, version: int | None
    ) -> None:
        super().__init__(connection, {})
        self._at: dict[str, Any] = {"name": collection, "image_id": image_id}
        self._version = version

    def __getattr__(self, name: str) -> Any:
        if not name.startswith("_") and not self.__dict__["facts"]:
            self.reload()
        return super().__getattr__(name)

    def reload(self) -> None:
        """Read it again."""
        told = self._connection.call("get_image", version=self._version, **self._at)
        self.__dict__["facts"] = told

    def judge(self, decision: str, reason: str = "", **more: Any) -> dict[str, Any]:
        """Give a verdict: real, fake, unsure or exclude; `more` as `give_verdict` takes it."""
        given: dict[str, Any] = self._connection.call(
            "give_verdict",
            decision=decision,
            reason=reason,
            version=self._version,
            **self._at,
            **more,
        )
        self.__dict__["facts"] = {}
        return given

    def verdicts(self) -> list[dict[str, Any]]:
        """All verdicts on it, the newest first."""
        found: list[dict[str, Any]] = self._connection.call("list_verdicts", **self._at)["items"]
        return found

    def picture(self) -> bytes:
        """The picture as it is analysed, a JPEG."""
        content: bytes = self._connection.call("get_picture", image_id=self._at["image_id"])
        return content

    def heatmap(self, dimension: int | None = None) -> bytes:
        """Where its score comes from, or one dimension of it: a PNG to lay over the picture."""
        content: bytes = self._connection.call(
            "get_heatmap", dimension=dimension, version=self._version, **self._at
        )
        return content

    def _repr_html_(self) -> str:
        self.reload()
        return shown.image(self.facts, self.picture(), self.heatmap())
