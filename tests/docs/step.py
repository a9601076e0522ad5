"""Runs in a process of its own: makes the requests of one section of the tutorial, and looks at pages.

Mappers only accumulate in a process, so every state of the plugin needs one that has seen no other.
"""

from __future__ import annotations

import json
import sys

from core.assembly import assemble
from core.kernel.settings import Settings
from core.testing.client import Client
from core.testing.installation import PASSWORD
from core.web.app import Application


def main() -> None:
    """Read requests and pages from standard input, and write what was answered to standard output."""
    wanted = json.load(sys.stdin)
    platform = assemble(Settings.load())
    try:
        application = Application(platform, works=False)
        script, person = Client(application), Client(application, headers={"accept-language": wanted["language"]})
        answers = []
        for call in wanted["calls"]:
            answer = script.send(
                call["method"], call["url"], call["body"], accept="application/json", **call["headers"]
            )
            answers.append({"status": answer.status, "body": answer.json if answer.content else None})
        person.sign_in("admin", PASSWORD)
        # Records as whoever has no scripts sees them: with all that comes to others when they get there.
        whole = {url: {"whole": "1"} if url.rpartition("/")[2].isdigit() else {} for url in wanted["pages"]}
        pages = {url: person.get(url, query) for url, query in whole.items()}
        told = {url: page.text if page.status == 200 else f"status {page.status}" for url, page in pages.items()}
        broken = {name: str(error) for name, error in platform.registry.broken.items()}
    finally:
        platform.close()
    json.dump({"answers": answers, "pages": told, "broken": broken}, sys.stdout)


if __name__ == "__main__":
    main()
