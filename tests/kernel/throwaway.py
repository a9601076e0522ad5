"""Plugins that are written for one test and thrown away, under names that nothing else in the process has used."""

from __future__ import annotations

import sys
import textwrap
import uuid
from collections.abc import Callable
from pathlib import Path

from core.kernel.discovery import Found

Write = Callable[..., Found]

ONE_FILE = """
    from sqlalchemy.orm import Mapped, mapped_column
    from core.kernel.database import Model
    from core.kernel.plugins import Plugin
    from core.kernel.policies import Public, Scoped

    class Visit(Model):
        __tablename__ = "{name}_visit"
        __policy__ = Public("a test")
        outcome: Mapped[str] = mapped_column(default="")

    plugin = Plugin("{name}", "Visits", "1.0")
"""


def unique() -> str:
    """A name that no other test has used, because mapped classes stay in the process."""
    return "p" + uuid.uuid4().hex[:10]


class Workshop:
    """Writes plugins into a folder where Python finds them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def write(self, name: str, source: str = ONE_FILE, **files: str) -> Found:
        """A plugin of one file, or of a package with these files beside `plugin.py`; `{name}` stands for its name."""
        if not files:
            self._write(self.folder / f"{name}.py", source, name)
            return Found(name, f"{name}:plugin")
        for file, content in {"__init__.py": "", "plugin.py": source, **files}.items():
            self._write(self.folder / name / (file if "." in file else f"{file}.py"), content, name)
        return Found(name, f"{name}.plugin:plugin")

    def install(self, name: str, target: str, version: str = "1.0") -> None:
        """Write the metadata of a distribution with this plugin, as an installer does."""
        folder = self.folder / f"{name}_{uuid.uuid4().hex[:4]}-{version}.dist-info"
        folder.mkdir()
        (folder / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n", "utf-8")
        (folder / "entry_points.txt").write_text(f"[sopia.plugins]\n{name} = {target}\n", "utf-8")

    def forget_modules(self) -> None:
        """Take what was imported from the folder out of Python's memory."""
        for name, module in list(sys.modules.items()):
            if str(self.folder) in str(getattr(module, "__file__", "")):
                del sys.modules[name]

    def _write(self, path: Path, content: str, name: str) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(content).replace("{name}", name), "utf-8")
