"""`sopia doctor`: what is wrong with this installation, and the remedy."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

import click

from core.cli.output import as_json, print_rows
from core.kernel.errors import ConfigurationError

if TYPE_CHECKING:
    from core.kernel.settings import Settings


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at. `problem` is empty where all is well."""

    check: str
    state: str
    problem: str = ""
    remedy: str = ""


@click.command()
@as_json
def doctor(as_json: bool) -> int:
    """Tell what is wrong with this installation, and the remedy."""
    findings = list(examine())
    if as_json:
        print_rows([asdict(finding) for finding in findings], (), as_json=True)
    else:
        for finding in findings:
            mark = click.style("wrong", fg="red") if finding.problem else click.style("ok", fg="green")
            click.echo(f"{mark}  {finding.check}: {finding.problem or finding.state} {finding.remedy}".rstrip())
    return int(any(finding.problem for finding in findings))


def examine() -> Iterator[Finding]:
    """Look at one thing after the other. Without valid settings the rest cannot be looked at."""
    yield Finding("Python", ".".join(map(str, sys.version_info[:3])))
    yield look("packages", own_packages)
    from core.kernel.settings import Settings

    settings: Settings | None = None

    def read_settings() -> str:
        nonlocal settings
        settings = Settings.load()
        return f"data folder {settings.data_dir}"

    yield look("settings", read_settings)
    if settings is not None:
        yield look("data folder", lambda: usable_data_folder(settings))
        yield look("database", lambda: reachable_database(settings))


def look(check: str, examine_it: Callable[[], str]) -> Finding:
    """The finding of one check, whose failure is an answer and not the end."""
    try:
        return Finding(check, examine_it())
    except ConfigurationError as error:
        return Finding(check, "wrong", str(error.message), str(error.remedy))
    except Exception as error:
        reason = " ".join(str(error).split())
        return Finding(check, "wrong", f"{type(error).__name__}: {reason}", "See the documentation of installation.")


def own_packages() -> str:
    """`core`, `plugins` and `themes` are common names: another distribution may have put its own in the way."""
    from importlib.util import find_spec
    from pathlib import Path

    here = Path(__file__).resolve().parents[2]
    for name in ("sopia", "plugins", "themes"):
        found = find_spec(name)
        origin = Path(found.origin).resolve() if found and found.origin else None
        if origin is None or origin.parents[1] != here:
            raise ConfigurationError(
                f"The package '{name}' is not Sopia's own but '{origin}'.",
                "Install Sopia into a virtual environment of its own.",
            )
    return f"installed in {here}"


def usable_data_folder(settings: Settings) -> str:
    """The data folder takes files, and locks on them hold."""
    import shutil
    import tempfile

    from core.kernel.settings import check_data_folder

    file = settings.database_file
    if file is not None:
        check_data_folder(file.parent)
    with tempfile.TemporaryFile(dir=settings.data_dir):
        free = shutil.disk_usage(settings.data_dir).free
    if free < 1024**3:
        raise ConfigurationError(
            f"Only {free // 1024**2} MB are free in '{settings.data_dir}'.",
            "Make room, or set SOPIA_DATA_DIR to a folder on a larger disk.",
        )
    return f"{free // 1024**3} GB free"


def reachable_database(settings: Settings) -> str:
    """The database answers."""
    from sqlalchemy import create_engine, make_url

    file = settings.database_file
    if file is not None and not file.exists():
        return "not made yet; it is made by `sopia init` or the first `sopia serve`"
    url = make_url(settings.database_url)
    if url.get_backend_name() == "postgresql":
        url = url.set(drivername="postgresql+psycopg")
    engine = create_engine(url)
    with engine.connect() as connection:
        version = ".".join(map(str, connection.dialect.server_version_info or ()))
    engine.dispose()
    return f"{url.get_backend_name()} {version}"
