"""Settings from WORKBENCH_* variables; nothing else reads the environment."""

from __future__ import annotations

import os
import re
import secrets
import sysconfig
from ipaddress import ip_network
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

from filelock import FileLock
from pydantic import Field, SecretStr, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict
from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

from workbench.files import write_durably

PROJECT_ROOT = Path(__file__).resolve().parent.parent

PREFIX = "WORKBENCH_"
SHORTEST_SECRET = 32
"""Characters."""

LOOPBACK = ("localhost", "127.0.0.1", "::1")
"""Names of this machine for itself."""

DRIVERS = {"sqlite": "sqlite", "postgresql": "postgresql+psycopg", "postgres": "postgresql+psycopg"}
"""What the database in a URL is driven by; hosting services write `postgres://`."""


METHODS_BY_DISTILLER = {
    "concepts": ("smooth_share", "patch_share"),
    "paper": ("last_block", "class_token_path"),
}
"""The attribution methods that explain each distiller; the first is the default."""


_NO_URL = (
    "not the URL of a database; write postgresql+psycopg://USER:PASSWORD@HOST/DATABASE or "
    "sqlite:////PATH"
)


_HOST_NAME = re.compile(r"(?!.*\.[0-9.]+$)(?=.{1,253}$)[a-z0-9_-]{1,63}(\.[a-z0-9_-]{1,63})*")
"""In ASCII. What ends in a number is an address, however it is written."""


def shown_encoder(name: str) -> str:
    """An encoder's name for readers of pages: of a checkpoint its file's name alone."""
    model, at, path = name.partition("@")
    return f"{model}{at}{Path(path).name}"


class Settings(BaseSettings):
    """Settings of an installation. Frozen: state that changes is in tables."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        frozen=True,
        hide_input_in_errors=True,  # it may be a secret
    )

    data_dir: Path = PROJECT_ROOT / "var"
    """Directory of the database, artifacts and normalised images."""

    database_url: SecretStr = SecretStr("")
    """SQLAlchemy URL; empty means SQLite in `data_dir`. People are shown `shown_url`."""

    encoder: str = "packaged"
    """`packaged`, `open_clip:MODEL/PRETRAINED`, `timm:MODEL`, or one of these two with
    `MODEL@/path/to/checkpoint` (docs/encoders.md)."""

    device: str = "cpu"
    """Torch device of the encoder: `cpu`, `cuda`, `cuda:1`."""

    precision: Literal["auto", "float32", "bfloat16"] = "auto"
    """Precision of the encoder's matrix products; `auto` is bfloat16 where it is measurably faster.

    Another precision is another encoder: embeddings are not shared between them, so that the next
    training on another kind of processor encodes all images again (ADR 9).
    """

    image_size: Annotated[int, Field(ge=32, le=518)] | None = None
    """Side in pixels of the images that the encoder sees, a multiple of its patches' side; empty
    means the encoder's own, 224 for the packaged one.

    Finer evidence for more time: 448 pixels are four times the patches. Above 224 pixels are read
    from the originals, and images without theirs are left out (ADR 50). Another size is another
    encoder: the next training encodes all images again.
    """

    secret_key: SecretStr = SecretStr("")
    """Signs sessions; empty means a random one, kept in `data_dir`, readable by its owner only."""

    image_root: Path | None = None
    """Where set, originals must be inside of it, and their paths are stored relative to it."""

    import_root: Path | None = None
    """Where set, developers can import folders below it from the browser; never anything else.

    Below `image_root`, where that is set.
    """

    upload_megabytes: Annotated[float, Field(ge=0, le=100_000)] = 1000
    """Largest upload of images from the browser, in 10^6 bytes; unpacked, twice as much. 0 turns
    uploads off."""

    upload_files: Annotated[int, Field(ge=1)] = 20_000
    """Most files of an upload, in an archive or chosen one by one."""

    open_reading: bool = False
    """Allow reading without signing in. Writing always needs an account."""

    distiller: Literal["concepts", "paper"] = "concepts"
    """What trainings make of images: `concepts`, evidence of patches gathered by what they show, or
    `paper`, ReLU dimensions of the projected class token (ADR 40, ADR 41).

    `paper` reads another embedding, so the first training after a change encodes all images again.
    """

    relevance: Literal["auto", "smooth_share", "patch_share", "last_block", "class_token_path"] = (
        "auto"
    )
    """Attribution method; `auto` is the first of `METHODS_BY_DISTILLER`. With the distiller
    `concepts`: smoothed or raw shares of the evidence. With `paper`: gradients of the dimensions by
    the class token's attention, in the last block or in all."""

    projection: Literal["auto", "off", "on"] = "auto"
    """Train distillers behind the forget-to-spell projection (ADR 10); `auto` does with the
    distiller `paper`, which it is a part of."""

    dimensions: Annotated[int, Field(ge=2, le=64)] = 12
    """Number K of dimensions, one for each concept."""

    seed: int = 0

    retrain_hour: Annotated[int, Field(ge=0, le=23)] = 2
    """Local hour of the scheduled retrain."""

    retrain_min_decisions: Annotated[int, Field(ge=1)] = 20
    """Fewest new verdicts since the active version's dataset for a scheduled retrain."""

    sensitivity_images: Annotated[int, Field(ge=0)] = 400
    """Most images of a version with a measured sensitivity, stratified over the layout; each costs
    two encodings."""

    effect_images: Annotated[int, Field(ge=1)] = 24
    """Most images of a pattern that its effect is measured on, drawn at random; each costs two
    encodings. Fewer where its interval is narrow before (ADR 13)."""

    batch_size: Annotated[int, Field(ge=1, le=512)] = 16

    cache_gigabytes: Annotated[float, Field(ge=0)] = 20
    """Largest size of the cache of tokens and superpixels, in 10^9 bytes; 0 turns it off.

    The packaged encoder's tokens take 1.8 MB an image, so 20 are room for 11,000 images.
    """

    max_pixels: Annotated[int, Field(ge=1)] = 80_000_000
    """Images with more pixels in their header are rejected unread (decompression bombs)."""

    https: bool = False
    """Mark cookies as secure, for a workbench served over https only."""

    trusted_hosts: Annotated[tuple[str, ...], NoDecode] = ()
    """Names, comma-separated, by which people reach the workbench beside this machine's own and the
    address that it listens on; `.example.org` stands for all names below a domain."""

    webhook_hosts: Annotated[tuple[str, ...], NoDecode] = ()
    """Where webhooks may send to, comma-separated: host names (`hooks.example.org`, or
    `.example.org` for all names below a domain), and addresses or networks (`10.1.0.0/16`), without
    which nothing is sent to a private address. Empty turns webhooks off (docs/webhooks.md)."""

    oidc_issuer: Annotated[str, Field(max_length=500)] = ""
    """The identity provider (OpenID Connect) that people can sign in by, as its own description
    names it: an https address, `https://id.example.org/realms/team`. Empty means none
    (docs/people.md)."""

    oidc_client_id: str = ""
    """What the provider knows the workbench by."""

    oidc_client_secret: SecretStr = SecretStr("")
    """What the workbench proves that with; empty for a client without a secret."""

    oidc_client_secret_file: Path | None = None
    """The file that the secret stands in, instead."""

    oidc_scopes: str = "openid profile"
    """What the provider is asked for, separated by blanks."""

    oidc_name: str = ""
    """What the provider is called on buttons; empty means its host."""

    oidc_name_claim: str = "preferred_username"
    """The claim whose value is proposed as the user name of a new account; `email` where the
    provider has verified it."""

    @field_validator("relevance")
    @classmethod
    def _explains_its_distiller(cls, value: str, given: ValidationInfo) -> str:
        distiller = given.data.get("distiller")
        methods = METHODS_BY_DISTILLER.get(distiller or "", ())
        if distiller and value not in ("auto", *methods):
            raise ValueError(
                f"that method does not explain {PREFIX}DISTILLER={distiller}; "
                f"choose {' or '.join(methods)}, or auto"
            )
        return value

    @field_validator("trusted_hosts", "webhook_hosts", mode="before")
    @classmethod
    def _listed(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        return tuple(name for each in value.split(",") if (name := each.strip().lower()))

    @field_validator("webhook_hosts")
    @classmethod
    def _are_hosts(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for each in value:
            if not (_HOST_NAME.fullmatch(each.removeprefix(".")) or _is_network(each)):
                raise ValueError(f"“{each}” is no host name, address or network")
        return value

    @field_validator("oidc_issuer")
    @classmethod
    def _is_secure(cls, value: str) -> str:
        parts = urlsplit(value)
        secure = parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOOPBACK)
        if value and not (secure and parts.hostname):
            raise ValueError("an issuer is an https address; http is for this machine alone")
        if parts.query or parts.fragment or parts.username:
            raise ValueError("an issuer has no query, no fragment and no user name")
        return value

    @field_validator("oidc_client_id")
    @classmethod
    def _goes_with_the_issuer(cls, value: str, given: ValidationInfo) -> str:
        if given.data.get("oidc_issuer") and not value:
            raise ValueError(f"needed with {PREFIX}OIDC_ISSUER")
        return value

    @field_validator("oidc_client_secret_file")
    @classmethod
    def _is_the_only_secret(cls, value: Path | None, given: ValidationInfo) -> Path | None:
        if value and given.data.get("oidc_client_secret"):
            raise ValueError(f"{PREFIX}OIDC_CLIENT_SECRET is set as well; set one of the two")
        return value

    @field_validator("oidc_scopes")
    @classmethod
    def _asks_who(cls, value: str) -> str:
        if "openid" not in value.split():
            raise ValueError("openid has to be among the scopes")
        return value

    @field_validator("data_dir", "image_root", "import_root", mode="after")
    @classmethod
    def _absolute(cls, value: Path | None) -> Path | None:
        return value.expanduser().resolve() if value is not None else None

    @field_validator("import_root")
    @classmethod
    def _within_the_image_root(cls, value: Path | None, given: ValidationInfo) -> Path | None:
        image_root = given.data.get("image_root")
        if value and image_root and not value.is_relative_to(image_root):
            raise ValueError(f"must be below {PREFIX}IMAGE_ROOT={image_root}")
        return value

    @field_validator("secret_key")
    @classmethod
    def _hard_to_guess(cls, value: SecretStr) -> SecretStr:
        if value and len(value) < SHORTEST_SECRET:
            raise ValueError(f"a secret key has at least {SHORTEST_SECRET} characters")
        return value

    @field_validator("database_url")
    @classmethod
    def _driven(cls, value: SecretStr) -> SecretStr:
        if not value:
            return value
        try:
            url = make_url(value.get_secret_value())
        except (ArgumentError, ValueError) as error:
            raise ValueError(_NO_URL) from error
        driver = DRIVERS.get(url.get_backend_name())
        if driver is None:
            raise ValueError(_NO_URL)
        return SecretStr(url.set(drivername=driver).render_as_string(hide_password=False))

    @property
    def method(self) -> str:
        """The attribution method that new versions are explained by."""
        return (
            METHODS_BY_DISTILLER[self.distiller][0] if self.relevance == "auto" else self.relevance
        )

    @property
    def projected(self) -> bool:
        """Whether new versions are trained behind the forget-to-spell projection."""
        return self.distiller == "paper" if self.projection == "auto" else self.projection == "on"

    @classmethod
    def is_secret(cls, field: str) -> bool:
        """Whether the value of this setting must be shown nowhere."""
        return cls.model_fields[field].annotation is SecretStr

    @property
    def url(self) -> str:
        """The database URL, with its password; by default SQLite in the data directory."""
        given = self.database_url.get_secret_value()
        return given or f"sqlite:///{self.data_dir / 'workbench.sqlite'}"

    @property
    def shown_url(self) -> str:
        """The database URL for people and logs: its password is masked."""
        return make_url(self.url).render_as_string(hide_password=True)

    @property
    def artifact_dir(self) -> Path:
        return self.data_dir / "artifacts"

    @property
    def image_dir(self) -> Path:
        """Directory of the normalised images, by hash."""
        return self.data_dir / "images"

    @property
    def upload_dir(self) -> Path:
        """Directory of uploads that are not imported yet."""
        return self.data_dir / "uploads"

    @property
    def export_dir(self) -> Path:
        """Directory of exported label sets, by their export's id."""
        return self.data_dir / "exports"

    @property
    def original_dir(self) -> Path:
        """Directory of the originals of imported uploads, by hash."""
        return self.data_dir / "originals"

    @property
    def upload_bytes(self) -> int:
        return int(self.upload_megabytes * 1e6)

    @property
    def cache_dir(self) -> Path:
        """Directory of what can be made again: converted weights, thumbnails, downloads."""
        return self.data_dir / "cache"

    @property
    def part_dir(self) -> Path:
        """Directory of cached encoder parts and superpixels, bounded by `cache_gigabytes`."""
        return self.cache_dir / "parts"

    @property
    def cache_bytes(self) -> int:
        return int(self.cache_gigabytes * 1e9)

    def set_up_numba(self) -> None:
        """Let numba keep what it compiles, unless it is told where.

        To be called before numba is imported. Beside the packages that it compiles, where it keeps
        it by itself and `make setup` has put it: what one data directory needed is compiled for all
        of them. In the data directory where the installation is read-only. A limit of OpenMP's
        threads is told to numba as well, which would otherwise raise it to the number of
        processors, for torch too, with its first loop.
        """
        if not os.access(sysconfig.get_path("purelib"), os.W_OK):
            os.environ.setdefault("NUMBA_CACHE_DIR", str(self.cache_dir / "numba"))
        if (threads := os.environ.get("OMP_NUM_THREADS", "")).isdecimal():
            os.environ.setdefault("NUMBA_NUM_THREADS", threads)

    def session_secret(self) -> str:
        """Return the configured secret, or the data directory's own, created at first use."""
        return self.secret_key.get_secret_value() or _kept_secret(self.data_dir / "secret_key")


def _is_network(value: str) -> bool:
    try:
        ip_network(value)
    except ValueError:
        return False
    return True


def _kept_secret(path: Path) -> str:
    if kept := _read_secret(path):
        return kept
    # Of two processes that start at once, one makes it and the other reads it.
    with FileLock(path.with_name(".secret_key.lock"), mode=0o600):
        kept = _read_secret(path)
        if not kept:
            kept = secrets.token_urlsafe(48)
            write_durably(path, kept.encode())
    return kept


def _read_secret(path: Path) -> str:
    """The secret in this file; empty where it is missing, or was cut short by a full disk."""
    kept = path.read_text().strip() if path.exists() else ""
    return kept if len(kept) >= SHORTEST_SECRET else ""
