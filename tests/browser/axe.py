"""What axe-core, as npm brings it, finds wrong with a page."""

import subprocess
import sys
from functools import cache
from typing import Any, Literal

from playwright.sync_api import Page, ViewportSize

from tests.browser.driving import PHONE, ROOT, WIDE

TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"]
"""WCAG 2.1 at level AA, and what axe's makers hold good besides."""

LOOKS: list[tuple[Literal["light", "dark"], ViewportSize]] = [
    ("light", WIDE),
    ("dark", WIDE),
    ("light", PHONE),
]
"""Colours do not depend on the width, so both schemes are looked at in one."""

OPTIONS = {"runOnly": {"type": "tag", "values": TAGS}, "resultTypes": ["violations"]}


@cache
def source() -> str:
    """axe-core's text; installs it where it is missing, and fails with the reason where it cannot."""
    subprocess.run([sys.executable, ROOT / "scripts" / "node_sdk.py"], stdout=subprocess.DEVNULL, check=True)
    return (ROOT / "tests/clients/js/node_modules/axe-core/axe.min.js").read_text(encoding="utf-8")


def axe(page: Page) -> list[str]:
    """Every violation in every look, as `rule: what is wrong (where) [look]`."""
    found = []
    for scheme, size in LOOKS:
        page.emulate_media(color_scheme=scheme)
        page.set_viewport_size(size)
        found += [f"{violation} [{scheme}, {size['width']} px]" for violation in violations(page)]
    page.emulate_media(color_scheme="light")
    page.set_viewport_size(WIDE)
    return found


def violations(page: Page) -> list[str]:
    """The violations in the page as it looks now."""
    # Debuggers may evaluate whatever the page's policy says, so it stays as strict as it is.
    if not page.evaluate("typeof axe === 'object'"):
        page.evaluate(source())
    result: dict[str, Any] = page.evaluate("options => axe.run(document, options)", OPTIONS)
    return [_told(violation) for violation in result["violations"]]


def _told(violation: dict[str, Any]) -> str:
    places = ", ".join(" ".join(str(part) for part in node["target"]) for node in violation["nodes"])
    return f"{violation['id']}: {violation['help']} ({places})"
