"""The settings of an installation: environment first, then `sopia.toml` in the data folder, then the defaults.

They are read once, at start. Settings that a person changes while Sopia runs are not here but in the database.
"""

from __future__ import annotations

import os
import re
import secrets
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, ClassVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import Field, ValidationError, field_validator
from pydantic_settings import BaseSettings, NoDecode, PydanticBaseSettingsSource, SettingsConfigDict

from core.kernel.errors import ConfigurationError
from core.kernel.i18n import CORE_LOCALES, DEFAULT_LOCALE, SOURCE_LOCALE, Text
from core.kernel.i18n import translate as _

PREFIX = "SOPIA_"
FILE_NAME = "sopia.toml"
SECRETS = ("secret_key", "admin_password")
SECRET_KEY_LENGTH = 16  # shorter ones can be guessed; the one made here has 43 characters

NETWORK_FILE_SYSTEMS = {"nfs", "nfs4", "cifs", "smb3", "smbfs", "afs", "ceph", "glusterfs", "lustre", "beegfs", "davfs"}
NETWORK_FILE_SYSTEMS |= {
    f"fuse.{kind}" for kind in ("sshfs", "glusterfs", "ceph", "s3fs", "rclone", "davfs", "gcsfuse")
}

REMEDIES: Mapping[str, Text] = {
    "database_url": _("Use sqlite:///<file> or postgresql://<user>:<password>@<host>/<database>."),
    "files_url": _("Use a folder, or s3://<bucket>/<prefix>."),
    "plugins": _("List the plugins' names, separated by commas: customers,sales."),
    "secret_key": _("Use at least 16 random characters, or leave it out: one is made at the first start."),
    "base_url": _("Use the address that people type, as in https://sopia.example.com."),
    "mail_url": _("Use smtp://<user>:<password>@<host>:<port>?from=<address>, or smtps:// for TLS from the start."),
    "locale": _("Use one of the locales installed, zh_Hans or en."),
    "timezone": _("Use a name of the tz database, as in Asia/Shanghai."),
    "currency": _("Use a code of three capital letters, as in CNY."),
}


class Settings(BaseSettings):
    """What the person who runs this installation has decided."""

    data_dir: Path = Path("var")
    database_url: str = Field(default="", repr=False)  # it may hold a password
    files_url: str = ""
    plugins: Annotated[tuple[str, ...] | None, NoDecode] = None
    admin_password: str | None = Field(default=None, repr=False)
    secret_key: str = Field(default="", repr=False)
    base_url: str = ""
    mail_url: str = Field(default="", repr=False)  # it may hold a password
    locale: str = DEFAULT_LOCALE
    timezone: str = "Asia/Shanghai"
    currency: str = "CNY"

    model_config: ClassVar[SettingsConfigDict] = SettingsConfigDict(
        env_prefix=PREFIX, frozen=True, extra="forbid", hide_input_in_errors=True
    )

    @classmethod
    def load(cls, **overrides: Any) -> Settings:
        """The settings in force. It makes the data folder and, at the first start, the secret key in it."""
        folder = Path(overrides.pop("data_dir", None) or os.environ.get(PREFIX + "DATA_DIR") or "var").resolve()
        _make_folder(folder)
        chosen = {**_from_environment(), **overrides, "data_dir": folder}
        in_file = _from_file(folder / FILE_NAME)
        try:
            settings = cls(**{**in_file, **chosen})
        except ValidationError as error:
            raise _explained(error, chosen, in_file, folder) from None
        return settings.model_copy(update=settings._derived())

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Only what `load` hands over, so that one place decides what wins."""
        return (init_settings,)

    @property
    def is_sqlite(self) -> bool:
        """Whether the database is a file."""
        return self.database_url.startswith("sqlite")

    @property
    def database_file(self) -> Path | None:
        """The file of an SQLite database, None for a database server."""
        return Path(self.database_url.split("///", 1)[1]).resolve() if self.is_sqlite else None

    def _derived(self) -> dict[str, object]:
        return {
            "database_url": self.database_url or f"sqlite:///{self.data_dir / 'sopia.db'}",
            "files_url": self.files_url or str(self.data_dir / "files"),
            "secret_key": self.secret_key or kept_secret_key(self.data_dir),
        }

    @field_validator("plugins", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        if isinstance(value, str):
            value = [name.strip() for name in value.split(",") if name.strip()]
        if isinstance(value, list | tuple) and not all(isinstance(n, str) and n.isidentifier() for n in value):
            raise ValueError
        return tuple(value) if isinstance(value, list) else value

    @field_validator("database_url")
    @classmethod
    def _is_known_database(cls, value: str) -> str:
        if value and not re.match(r"sqlite(\+\w+)?:///.|postgres(ql)?(\+psycopg)?://.", value):
            raise ValueError
        # Many hosts still hand out the short form, which SQLAlchemy no longer knows.
        return re.sub(r"^postgres://", "postgresql://", value)

    @field_validator("files_url")
    @classmethod
    def _is_known_store(cls, value: str) -> str:
        if "://" in value and not re.match(r"(s3://[^/]|file:///)", value):
            raise ValueError
        return value.removeprefix("file://")

    @field_validator("secret_key")
    @classmethod
    def _is_long_enough(cls, value: str) -> str:
        if value and len(value) < SECRET_KEY_LENGTH:
            raise ValueError
        return value

    @field_validator("mail_url")
    @classmethod
    def _is_mail_server(cls, value: str) -> str:
        if value and not re.fullmatch(r"smtps?://([^/\s?#]*@)?[\w.\[\]:-]+(:\d{1,5})?/?(\?from=[^\s&#]+)?", value):
            raise ValueError
        return value

    @field_validator("base_url")
    @classmethod
    def _is_web_address(cls, value: str) -> str:
        if value and not re.fullmatch(r"https?://[^/\s?#]+(/[^\s?#]*)?", value):
            raise ValueError
        return value.rstrip("/")

    @field_validator("locale")
    @classmethod
    def _is_installed(cls, value: str) -> str:
        if value not in {DEFAULT_LOCALE, SOURCE_LOCALE, *(path.name for path in CORE_LOCALES.glob("*/"))}:
            raise ValueError
        return value

    @field_validator("timezone")
    @classmethod
    def _is_known_zone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (ZoneInfoNotFoundError, OSError):
            raise ValueError from None
        return value

    @field_validator("currency")
    @classmethod
    def _is_currency(cls, value: str) -> str:
        if not re.fullmatch(r"[A-Z]{3}", value):
            raise ValueError
        return value


def _from_environment() -> dict[str, str]:
    """The variables that are set. An empty one counts as not set, but for SOPIA_PLUGINS: no plugin at all."""
    names = (name for name in Settings.model_fields if name != "data_dir")
    found = {name: os.environ.get(PREFIX + name.upper()) for name in names}
    return {name: value for name, value in found.items() if value or (name == "plugins" and value is not None)}


def _from_file(path: Path) -> dict[str, object]:
    """The settings in sopia.toml, whose names may be written as the variables are or without SOPIA_, in lower case."""
    try:
        content = tomllib.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        return {}
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigurationError(
            _("The file '{path}' is not valid TOML: {reason}.", path=path, reason=str(error).rstrip(".")),
            _('Write one setting a line, as in: currency = "CNY".'),
        ) from None
    except OSError as error:
        raise ConfigurationError(
            _("The file '{path}' cannot be read: {reason}.", path=path, reason=error.strerror),
            _("Make it readable for the user that runs Sopia."),
        ) from None
    given = {name.removeprefix(PREFIX).lower(): value for name, value in content.items()}
    allowed = [name for name in Settings.model_fields if name != "data_dir"]
    for name in given:
        if name not in allowed:
            raise ConfigurationError(
                _("The file '{path}' has an unknown setting '{name}'.", path=path, name=name),
                _("Remove it, or use one of: {names}.", names=", ".join(allowed)),
            )
    return given


def _explained(
    error: ValidationError, chosen: Mapping[str, object], in_file: Mapping[str, object], folder: Path
) -> ConfigurationError:
    name = str(error.errors()[0]["loc"][0])
    # The value of a secret stays out of messages, which end up in logs.
    value = "***" if name in SECRETS else _without_password(str({**in_file, **chosen}.get(name)))
    place = PREFIX + name.upper() if name in chosen else f"{name} ({folder / FILE_NAME})"
    return ConfigurationError(
        _("The setting {place} has the value '{value}', which is not accepted.", place=place, value=value),
        REMEDIES.get(name) or _("Correct it, or remove it to use the default."),
    )


def _without_password(value: str) -> str:
    return re.sub(r"(://[^:/@]+:)[^@]*@", r"\1***@", value)


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigurationError(
            _("The data folder '{folder}' cannot be made: {reason}.", folder=folder, reason=error.strerror),
            _("Set SOPIA_DATA_DIR to a folder that the user running Sopia may write to."),
        ) from None


def kept_secret_key(folder: Path) -> str:
    """The secret key in the data folder, made at the first call. Of several processes starting at once one wins."""
    path = folder / "secret_key"
    try:
        if not path.exists():
            _make_secret_key(path)
        key = path.read_text("ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(
            _("The secret key in '{path}' cannot be read or made: {reason}.", path=path, reason=str(error)),
            _("Make the data folder writable for the user that runs Sopia, or set SOPIA_SECRET_KEY."),
        ) from None
    if len(key) < SECRET_KEY_LENGTH:
        raise ConfigurationError(
            _("The secret key in '{path}' is empty or too short.", path=path),
            _("Delete the file; a new one is made at the next start, and everybody signs in again."),
        )
    return key


def _make_secret_key(path: Path) -> None:
    """Written in full beside its place and then linked into it: a link fails when another process was first."""
    draft = path.with_name(f"secret_key.{secrets.token_hex(8)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(secrets.token_urlsafe(32) + "\n")
            file.flush()
            os.fsync(file.fileno())
        os.link(draft, path)
    except FileExistsError:
        pass
    finally:
        draft.unlink()


def check_data_folder(folder: Path, mounts: Path = Path("/proc/self/mountinfo")) -> None:
    """Refuse to keep an SQLite database on a network file system, whose locks are not to be trusted.

    Where the system does not say what is mounted (only Linux does so here), nothing is refused.
    """
    kind = file_system_of(folder.resolve(), mounts)
    if kind in NETWORK_FILE_SYSTEMS:
        raise ConfigurationError(
            _("The folder '{folder}' is on a network file system ({kind}), where SQLite loses data.",
              folder=folder, kind=kind),
            _("Set SOPIA_DATA_DIR to a local folder, or SOPIA_DATABASE_URL to a PostgreSQL database."),
        )  # fmt: skip


def file_system_of(folder: Path, mounts: Path = Path("/proc/self/mountinfo")) -> str:
    """The kind of file system that a folder is on, "" where it cannot be told."""
    try:
        lines = mounts.read_text("utf-8", "surrogateescape").splitlines()
    except OSError:
        return ""
    best, kind = -1, ""
    for line in lines:
        before, separator, after = line.partition(" - ")
        point = Path(re.sub(r"\\(\d{3})", lambda code: chr(int(code[1], 8)), before.split()[4])) if separator else None
        # Of two mounts on the same point the later one is on top.
        if point and folder.is_relative_to(point) and len(point.parts) >= best:
            best, kind = len(point.parts), after.split()[0]
    return kind
