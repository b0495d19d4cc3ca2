import logging

import pytest

from tacet.pages.origins import WARNING_INTERVAL_S
from tests.pages.browsing import ORIGIN, Browser, Screen
from tests.service import Service, in_memory

PUBLIC = "https://mutes.example"


async def send(service: Service, headers: dict[str, str]) -> Screen:
    browser = Browser(service)
    token = (await browser.get("/sign-in")).csrf
    return await browser.post("/sign-in", {"csrf": token, "username": "nobody"}, headers)


def warnings(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING]


class TestAtAnotherAddress:
    """Our own page, in a browser that came by an address that the server was not told of."""

    @pytest.mark.parametrize(
        "headers",
        [
            pytest.param({"origin": ORIGIN, "sec-fetch-site": "same-origin"}, id="as-the-browser-says"),
            pytest.param({"origin": ORIGIN, "sec-fetch-site": "none"}, id="as-the-host-says"),
        ],
    )
    async def test_both_addresses_are_named(self, headers: dict[str, str], caplog: pytest.LogCaptureFixture) -> None:
        async with in_memory(public_url=PUBLIC) as service:
            screen = await send(service, headers)
        assert (screen.status, screen.heading) == (403, "Another address is expected")
        assert f"expects to be opened at {PUBLIC}, but your browser is at {ORIGIN}" in screen.text
        assert "--public-url" in screen.text
        [warning] = warnings(caplog)
        assert PUBLIC in warning
        assert ORIGIN in warning

    async def test_a_proxy_that_changes_the_host_needs_the_public_address(self, service: Service) -> None:
        screen = await send(service, {"origin": PUBLIC, "sec-fetch-site": "same-origin"})
        assert f"expects to be opened at {ORIGIN}, but your browser is at {PUBLIC}" in screen.text

    async def test_the_log_says_so_once_a_minute(self, caplog: pytest.LogCaptureFixture) -> None:
        async with in_memory(public_url=PUBLIC) as service:
            for _ in range(3):
                await send(service, {"origin": ORIGIN})
            assert len(warnings(caplog)) == 1
            service.clock.advance(WARNING_INTERVAL_S * 1000)
            await send(service, {"origin": ORIGIN})
            assert len(warnings(caplog)) == 2


class TestFromElsewhere:
    @pytest.mark.parametrize(
        "headers",
        [
            pytest.param({"origin": "https://elsewhere.example", "sec-fetch-site": "cross-site"}, id="cross-site"),
            pytest.param({"origin": "https://elsewhere.example", "sec-fetch-site": "none"}, id="origin-alone"),
            pytest.param({"origin": "null", "sec-fetch-site": "same-origin"}, id="null"),
            pytest.param({"origin": "https://a.example\t<b>", "sec-fetch-site": "same-origin"}, id="no-address"),
            pytest.param({"origin": f"https://{'a' * 5_000}", "sec-fetch-site": "same-origin"}, id="endless"),
            pytest.param({"origin": PUBLIC, "sec-fetch-site": "same-site"}, id="same-site"),
        ],
    )
    async def test_nothing_more_is_told_and_nothing_logged(
        self, service: Service, headers: dict[str, str], caplog: pytest.LogCaptureFixture
    ) -> None:
        screen = await send(service, headers)
        assert (screen.status, screen.heading) == (403, "From another site")
        assert len(screen.html) < 5_000
        assert warnings(caplog) == []
