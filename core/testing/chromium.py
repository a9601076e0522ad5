"""A real Chromium for tests. Whatever the browser complains of (errors of scripts, the console, CSP) fails the test."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin

from core.kernel.errors import ConfigurationError

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Error, Page, Request, Response

VARIABLE = "SOPIA_TEST_CHROMIUM"
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")

QUIET = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)
"""No sandbox, because tests run as root in containers; no traffic of the browser's own."""

WATCH = """
document.addEventListener("securitypolicyviolation", (event) =>
    console.error(`CSP: ${event.violatedDirective} blocked ${event.blockedURI} in ${event.sourceFile || "the page"}`));
"""


def find_chromium() -> str:
    """The program to drive: the one named in the environment, else one on the path."""
    named = os.environ.get(VARIABLE)
    found = [path for path in map(shutil.which, (named,) if named else NAMES) if path]
    if not found:
        raise ConfigurationError(
            f"The browser tests need Chromium, and '{named or ', '.join(NAMES)}' is not on this machine.",
            f"Install it (apt-get install chromium), or name one in {VARIABLE}; '-m \"not browser\"' leaves them out.",
        )
    return found[0]


@contextmanager
def launch() -> Iterator[Browser]:
    """A browser, closed at the end."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=list(QUIET))
        try:
            yield browser
        finally:
            browser.close()


class Visitor:
    """Somebody at a fresh browser: one page, and everything the browser has complained of.

    What a test provokes on purpose it names beforehand: `visitor.allow("404")`.
    """

    def __init__(self, browser: Browser, address: str, **options: Any) -> None:
        chosen: dict[str, Any] = {"viewport": {"width": 1440, "height": 900}, "reduced_motion": "reduce", **options}
        self.address = address
        self.complaints: list[str] = []
        self._allowed: list[re.Pattern[str]] = []
        self.context: BrowserContext = browser.new_context(base_url=address, **chosen)
        self.context.add_init_script(WATCH)
        self.context.on("page", self._watch)
        self.page: Page = self.context.new_page()

    def open(self, path: str) -> Page:
        """Go to a page of the server, and wait until it is quiet."""
        self.page.goto(urljoin(f"{self.address}/", path), wait_until="networkidle")
        return self.page

    def sign_in(self, login: str, password: str) -> Page:
        """Sign in with the form."""
        page = self.open("/login")
        page.locator("[name=login]").fill(login)
        page.locator("[name=password]").fill(password)
        with page.expect_navigation():
            page.keyboard.press("Enter")
        return page

    def allow(self, pattern: str) -> None:
        """Expect complaints that match."""
        self._allowed.append(re.compile(pattern))

    def unexpected(self) -> list[str]:
        """The complaints that nobody has allowed."""
        return [text for text in self.complaints if not any(pattern.search(text) for pattern in self._allowed)]

    def close(self) -> None:
        """Close the browser's window and forget its profile."""
        self.context.close()

    def _watch(self, page: Page) -> None:
        page.on("console", self._note_console)
        page.on("pageerror", self._note_error)
        page.on("requestfailed", self._note_failure)
        page.on("response", self._note_response)

    def _note_console(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self.complaints.append(message.text)

    def _note_error(self, error: Error) -> None:
        # A busy browser leaves out the fading between two pages: nothing that anybody misses.
        if "Transition was" not in str(error):
            self.complaints.append(f"script: {error}")

    def _note_failure(self, request: Request) -> None:
        # Whoever goes on before everything has come breaks off the rest.
        if "ERR_ABORTED" not in (request.failure or ""):
            self.complaints.append(f"request: {request.url} {request.failure}")

    def _note_response(self, response: Response) -> None:
        if not response.url.startswith((self.address, "data:", "blob:")):
            self.complaints.append(f"foreign host: {response.url}")
