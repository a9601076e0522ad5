"""Tries plugins in a process of their own, because what was imported here once can never be taken out again.

Success is remembered in a file, by a digest of the plugin's code, so that a plugin is tried only when it is new or has
changed or has failed. The file may be deleted at any time.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from core.kernel.discovery import Found, fingerprint, load
from core.kernel.errors import PluginError, SopiaError
from core.kernel.i18n import translate as _
from core.kernel.plugins import Manifest

PATIENCE = 60
"""Seconds that a plugin may take to be imported."""

TOGETHER = "*"

COMMAND = (
    "import json, sys; given = json.load(sys.stdin); sys.path[:] = given['path']; "
    "from core.kernel.trial import answer; answer(given)"
)


@dataclass(frozen=True)
class Verdict:
    """What a trial has shown: the plugin's manifest, or the reason why it cannot be used."""

    manifest: Manifest | None
    reason: str = ""


class Trials:
    """The verdicts on plugins, from the file or from a new trial."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def verdicts(self, every: Iterable[Found]) -> dict[str, Verdict]:
        """The verdicts on these plugins. Those that are new or have changed are tried, all together in one process."""
        digests = {found: fingerprint(found) for found in every}
        known = self._read()
        verdicts = {found.name: _verdict(known[digest]) for found, digest in digests.items() if digest in known}
        fresh = try_import([found for found in digests if found.name not in verdicts])
        self._remember({digests[found]: fresh[found.name] for found in digests if found.name in fresh})
        return {**verdicts, **fresh}

    def learn(self, found: Mapping[str, Found], verdicts: Mapping[str, Verdict]) -> None:
        """Take over what another trial has shown."""
        self._remember({fingerprint(found[name]): verdict for name, verdict in verdicts.items()})

    def _remember(self, verdicts: Mapping[str, Verdict]) -> None:
        good = {digest: _plain(verdict) for digest, verdict in verdicts.items() if verdict.manifest}
        if good:
            self._write({**self._read(), **good})

    def _read(self) -> dict[str, Any]:
        try:
            known = json.loads(self._path.read_text("utf-8"))
        except (OSError, ValueError):
            return {}
        return known if isinstance(known, dict) else {}

    def _write(self, known: Mapping[str, Any]) -> None:
        # It only saves time, so a folder that cannot be written to is no reason to stop.
        with suppress(OSError):
            draft = self._path.with_name(f"{self._path.name}.{os.getpid()}")
            draft.write_text(json.dumps(known, ensure_ascii=False), "utf-8")
            draft.replace(self._path)


def try_import(every: Sequence[Found]) -> dict[str, Verdict]:
    """Import these plugins in another process. One that fails is tried again alone, so that no other is blamed."""
    verdicts = _try_import(every)
    if len(every) > 1:
        for found in every:
            if verdicts[found.name].manifest is None:
                verdicts |= _try_import([found])
    return verdicts


def _try_import(every: Sequence[Found]) -> dict[str, Verdict]:
    if not every:
        return {}
    lines = {line["name"]: line for line in _ask({"plugins": [asdict(found) for found in every]})}
    return {found.name: _verdict(lines.get(found.name, {"reason": _ended()})) for found in every}


@dataclass(frozen=True)
class Together:
    """What came of starting several plugins with each other: why that fails, or "", and which of them ended the process."""

    reason: str
    verdicts: Mapping[str, Verdict]
    fatal: str = ""


def try_together(
    names: Sequence[str], found: Mapping[str, Found], *, wanted: Sequence[str] = (), system: str | None = None
) -> Together:
    """Build the registry of these plugins in another process. Of what they lack, only what is `wanted` is a failure."""
    plugins = [asdict(found[name]) for name in names]
    lines = {line["name"]: line for line in _ask({"plugins": plugins, "wanted": list(wanted), "system": system})}
    verdicts = {name: _verdict(lines[name]) for name in names if name in lines}
    if TOGETHER in lines:
        return Together(str(lines[TOGETHER]["reason"]), verdicts)
    fatal = next((name for name in names if name not in lines), "")
    return Together(f"{fatal}: {_ended()}", verdicts, fatal)


def _ended() -> str:
    return str(_("its import ends the process, or takes longer than {seconds} seconds", seconds=PATIENCE))


def _ask(question: Mapping[str, Any]) -> list[dict[str, Any]]:
    """What another process says about plugins, one answer a line; what it had said by the time that it ended."""
    given = json.dumps({**question, "path": [path or str(Path.cwd()) for path in sys.path]})
    try:
        process = subprocess.run(
            [sys.executable, "-c", COMMAND], input=given, capture_output=True, text=True, timeout=PATIENCE, check=False
        )
        said = process.stdout
    except subprocess.TimeoutExpired as error:
        said = error.stdout.decode("utf-8", "replace") if isinstance(error.stdout, bytes) else error.stdout or ""
    return [json.loads(line) for line in said.splitlines() if line.startswith("{")]


def answer(given: Mapping[str, Any]) -> None:
    """The other process: import what is asked for and say on standard output what came of it."""
    spoken = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # what plugins print while they are imported is not an answer
    found = {plugin["name"]: Found(**plugin) for plugin in given["plugins"]}
    for each in found.values():
        try:
            line = _plain(Verdict(load(each).manifest))
        except PluginError as error:
            line = _plain(Verdict(None, str(error)))
        print(json.dumps({"name": each.name, **line}), file=spoken, flush=True)
    if "wanted" in given:
        reason = _together(found, given["wanted"], given["system"])
        print(json.dumps({"name": TOGETHER, "reason": reason}), file=spoken, flush=True)


def _together(found: Mapping[str, Found], wanted: Iterable[str], system: str | None) -> str:
    from core.kernel.registry import build_registry

    try:
        registry = build_registry(found, system=system, found=found)
    except SopiaError as error:
        return str(error)
    return next((str(registry.broken[name]) for name in wanted if name in registry.broken), "")


def _plain(verdict: Verdict) -> dict[str, Any]:
    return {"manifest": asdict(verdict.manifest) if verdict.manifest else None, "reason": verdict.reason}


def _verdict(line: Mapping[str, Any]) -> Verdict:
    manifest = line.get("manifest")
    if not manifest:
        return Verdict(None, str(line.get("reason", "")))
    return Verdict(Manifest(**{**manifest, "requires": tuple(manifest["requires"])}))
