"""Killed at any statement while money is confirmed, allocated, released and countered: not a cent drifts."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from core.testing.databases import Databases, Kind
from core.testing.installation import ROOT
from tests.api.company import DemoInstalled

TURNS = 9


def test_no_cent_drifts_when_a_process_is_killed_in_the_midst(
    databases: Databases, database_kind: Kind, tmp_path: Path
) -> None:
    url = databases.make(database_kind, DemoInstalled())
    command = [sys.executable, "-m", "tests.breadth.kills", url, str(tmp_path), str(TURNS)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)
    databases.drop(url)
    assert done.returncode == 0, done.stderr[-3000:]
    told = json.loads(done.stdout)
    assert told["drift"] == {}
    assert told["killed"] >= TURNS - 2, told
    assert len(set(told["begun"])) > 2, "all of them died in the same step"
    assert len(told["last"]) == 5, "afterwards nothing can be moved any more"
