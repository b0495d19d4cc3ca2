import pytest

from tests.cast import ALICE
from tests.pages.browsing import Browser, Screen
from tests.service import HOST, Method, Service

BROWSERS = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8"


async def get(service: Service, path: str, accept: str, method: Method = "GET") -> Screen:
    headers = {"host": HOST, "accept": accept}
    return Screen(path, await service.call(method, path, token=None, headers=headers))


@pytest.mark.parametrize("path", ["/nothing", "/accounts", "/index.html", "/20", "/oauths/x", "/%FF"])
@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
async def test_a_browser_gets_a_page(service: Service, path: str, method: Method) -> None:
    screen = await get(service, path, BROWSERS, method)
    assert (screen.status, screen.heading) == (404, "Nothing here")
    assert "default-src 'none'" in screen.headers["content-security-policy"]


async def test_it_knows_who_is_signed_in(alice: Browser) -> None:
    screen = await alice.get("/nothing", headers={"accept": BROWSERS})
    assert f"@{ALICE.username}" in screen.text


@pytest.mark.parametrize("path", ["/1.1", "/2", "/2/", "/2/nothing", "/oauth/nothing", "/oauth2", "/oauth2/x"])
async def test_below_the_apis_prefixes_everybody_gets_json(service: Service, path: str) -> None:
    screen = await get(service, path, BROWSERS)
    assert (screen.status, screen.headers["content-type"]) == (404, "application/problem+json")


@pytest.mark.parametrize("accept", ["*/*", "", "application/json", "text/html, application/json", "image/avif,*/*"])
async def test_a_program_gets_json(service: Service, accept: str) -> None:
    screen = await get(service, "/nothing", accept)
    assert (screen.status, screen.headers["content-type"]) == (404, "application/problem+json")
