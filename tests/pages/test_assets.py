import re
from importlib import resources

import pytest

from tacet.pages.assets import Assets
from tests.pages.browsing import Browser

NAMES = sorted(entry.name for entry in resources.files("tacet.pages").joinpath("assets").iterdir())


@pytest.mark.parametrize("name", NAMES)
async def test_an_asset_is_kept_for_ever_and_sets_no_cookie(browser: Browser, name: str) -> None:
    screen = await browser.get(Assets().url(name))
    assert screen.status == 200
    assert screen.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert screen.headers["content-type"] == ("text/css; charset=utf-8" if name.endswith("css") else "image/svg+xml")
    assert screen.headers["x-content-type-options"] == "nosniff"
    assert browser.cookies == {}


def test_what_every_page_is_drawn_with_is_there() -> None:
    assert {"mark.svg", "score.svg", "staff.svg", "tacet.css"} <= set(NAMES)


async def test_every_page_names_only_assets_that_are_there(browser: Browser) -> None:
    page = await browser.get("/")
    named = {given.get("href", given.get("src", "")) for _, given in page.tags}
    assets = [url for url in named if url.startswith("/assets/")]
    assert len(assets) == 3
    assert [(await browser.get(url)).status for url in assets] == [200, 200, 200]


@pytest.mark.parametrize(
    "path", ["/assets/tacet.css", "/assets/tacet.0000000000000000.css", "/assets/", "/assets/../app.py"]
)
async def test_nothing_else_is_an_asset(browser: Browser, path: str) -> None:
    screen = await browser.get(path)
    assert screen.status == 404
    assert screen.headers["cache-control"] == "no-store"


@pytest.mark.parametrize("name", NAMES)
async def test_no_asset_loads_anything_from_elsewhere(browser: Browser, name: str) -> None:
    text = (await browser.get(Assets().url(name))).html.replace('xmlns="http://www.w3.org/2000/svg"', "")
    assert re.findall(r"https?:|//\w|url\(|@import|<script|style=", text) == []
