"""A Chromium that tests drive, in a thread of its own, and what it must never have to complain of."""

import os
import re
import subprocess
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ParamSpec, TypeVar
from urllib.parse import urlsplit

from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Page,
    Playwright,
    Request,
    ViewportSize,
    expect,
    sync_playwright,
)

ROOT = Path(__file__).resolve().parent.parent.parent

TIMEOUT_MS = 60_000
"""Far more than any page takes, so that a test that waits in vain says for what."""

WIDE: ViewportSize = {"width": 1280, "height": 800}
PHONE: ViewportSize = {"width": 360, "height": 740}

LOOPBACK = {"127.0.0.1", "localhost"}

ARGUMENTS = [
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    # Whatever is not on this machine has no address, redirects included, which routes of Playwright's do not see.
    "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1 , EXCLUDE localhost",
]

REPORT_VIOLATIONS = """
document.addEventListener("securitypolicyviolation", (event) => {
  console.error(`policy: ${event.violatedDirective} does not allow ${event.blockedURI}`);
});
"""

P = ParamSpec("P")
R = TypeVar("R")


class Chromium:
    """A running browser.

    Playwright's sync API keeps an event loop running in its thread, where no other test could run one: so it, and
    every test that drives it, has a thread to itself.
    """

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="chromium")
        self._playwright, self._browser = self.run(_start, _executable())
        expect.set_options(timeout=TIMEOUT_MS)

    def run(self, call: Callable[P, R], *arguments: P.args, **named: P.kwargs) -> R:
        """What `call` returns or raises, run in the browser's thread."""
        return self._thread.submit(call, *arguments, **named).result()

    def context(self, **options: Any) -> BrowserContext:
        """A browser of somebody who was never here. Only in the browser's thread."""
        context = self._browser.new_context(**options)
        context.set_default_timeout(TIMEOUT_MS)
        return context

    def close(self) -> None:
        self.run(self._browser.close)
        self.run(self._playwright.stop)
        self._thread.shutdown()


def _executable() -> str:
    """The system's Chromium; installs it where it is missing, and fails with the reason where it cannot."""
    found = subprocess.run([ROOT / "scripts" / "browser.sh"], stdout=subprocess.PIPE, text=True, check=True)
    return found.stdout.strip()


def _start(executable: str) -> tuple[Playwright, Browser]:
    playwright = sync_playwright().start()
    # Chromium refuses to put root into its sandbox; containers run tests as root.
    arguments = [*ARGUMENTS, "--no-sandbox"] if os.geteuid() == 0 else ARGUMENTS
    return playwright, playwright.chromium.launch(executable_path=executable, headless=True, args=arguments)


@dataclass
class Watch:
    """Notes what no page may cause: errors on the console, violations of its policy, requests to other machines.

    Attributes:
        allowed: a pattern of console errors that a test means to cause, for instance a page that answers 403.
    """

    allowed: str = "$^"
    complaints: list[str] = field(default_factory=list)

    def over(self, context: BrowserContext) -> Page:
        """Watch everything in a context; return a page in it."""
        context.add_init_script(REPORT_VIOLATIONS)
        context.on("console", self._console)
        context.on("weberror", lambda raised: self.complaints.append(f"uncaught: {raised.error}"))
        context.on("request", self._request)
        return context.new_page()

    def _console(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"} and not re.search(self.allowed, message.text):
            self.complaints.append(f"console: {message.text} ({message.location['url']})")

    def _request(self, request: Request) -> None:
        address = urlsplit(request.url)
        if address.scheme in {"http", "https", "ws", "wss"} and address.hostname not in LOOPBACK:
            self.complaints.append(f"left this machine: {request.url}")
