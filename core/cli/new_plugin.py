"""The beginning of a plugin, for `sopia plugin new`: one file that works, its package, and its test."""

from __future__ import annotations

from pathlib import Path

from core.kernel.errors import PluginError
from core.kernel.i18n import translate as _

PLUGIN = '''"""{Title}: say here in one sentence what the plugin is for."""

from sqlalchemy.orm import Mapped, mapped_column

from sopia import Model, Plugin, Resource, Scoped
from sopia import translate as _


class {Noun}(Scoped, Model):
    """One of what this plugin keeps."""

    __tablename__ = "{name}_{noun}"

    title: Mapped[str] = mapped_column(default="")
    note: Mapped[str] = mapped_column(default="")


plugin = Plugin(
    name="{name}",
    title=_("{Title}"),
    version="0.1",
    resources=(
        Resource(
            {Noun},
            title=_("{Noun}"),
            list=("title", "owner", "created_at"),
            form=("title", "note"),
            search=("title", "note"),
            menu=_("{Title}"),
        ),
    ),
)
'''

PROJECT = """[build-system]
requires = ["hatchling>=1.26"]
build-backend = "hatchling.build"

[project]
name = "sopia-{name}"
version = "0.1"
requires-python = ">=3.11"
dependencies = ["sopia"]

[project.entry-points."sopia.plugins"]
{name} = "{name}:plugin"

[project.optional-dependencies]
test = ["pytest", "sopia[postgresql]"]

[tool.hatch.build.targets.wheel]
only-include = ["{name}.py"]

[tool.pytest.ini_options]
testpaths = ["tests"]
pythonpath = ["."]
"""

TEST = '''"""What {name} promises: first what every plugin does. Beside it goes what only this one does."""

from core.testing.checks import PluginChecks


class Test{Title}(PluginChecks):
    plugin = "{name}"
'''


def write_plugin(name: str, where: Path) -> Path:
    """Write the files of a new plugin below `where` and give its folder, relative to it."""
    from core.kernel.plugins import check_name

    check_name(name)
    folder = where / name
    if folder.exists():
        raise PluginError(
            _("There is a folder '{folder}' already.", folder=folder),
            _("Go to another folder, or choose another name."),
        )
    noun = name.removesuffix("s") or name
    words = {"name": name, "noun": noun, "Noun": noun.capitalize(), "Title": name.capitalize()}
    files = {f"{name}.py": PLUGIN, "pyproject.toml": PROJECT, f"tests/test_{name}.py": TEST}
    for file, content in files.items():
        path = folder / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(_filled(content, words), "utf-8")
    return folder.relative_to(where)


def _filled(content: str, words: dict[str, str]) -> str:
    # Not str.format: the files have braces of their own.
    for word, value in words.items():
        content = content.replace("{" + word + "}", value)
    return content
