import pytest

from tacet.pages.muted.places import Place
from tests.cast import CAROL
from tests.pages.browsing import Browser
from tests.pages.muted.scenes import MUTED, mute


@pytest.mark.parametrize(
    ("place", "more", "url"),
    [
        pytest.param(Place(), {}, "/muted", id="the-list"),
        pytest.param(Place("/timeline", {"older": "5", "hidden": ""}), {}, "/timeline?older=5", id="empty-left-out"),
        pytest.param(Place("/timeline", {"older": "5"}), {"older": "", "newer": "6"}, "/timeline?newer=6", id="other"),
        pytest.param(
            Place("/timeline", {"older": "9"}, 5),
            {"muted": "1"},
            "/timeline?older=9&muted=1&post=5#post-5",
            id="a-post",
        ),
        pytest.param(Place("/timeline", {"older": "9"}, 5).beside(0), {}, "/timeline?older=9", id="no-post-any-more"),
        pytest.param(Place(fields={"q": "a&b=c d"}), {"muted": "1"}, "/muted?q=a%26b%3Dc+d&muted=1", id="escaped"),
    ],
)
def test_a_place_has_an_address(place: Place, more: dict[str, str], url: str) -> None:
    assert place.url(**more) == url


@pytest.mark.parametrize(
    ("back", "url"),
    [
        ("/muted?q=bob", "/muted?q=bob"),
        ("/muted?from=12&q=b%C3%B6b", "/muted?q=b%C3%B6b&from=12"),
        ("/timeline?older=7&hidden=out", "/timeline?older=7&hidden=out"),
        ("/timeline?muted=1003&unmuted=5&proof=x&older=7", "/timeline?older=7"),
        ("/muted?x=1", "/muted"),
        ("", "/muted"),
        ("/portal", "/muted"),
        ("/muted/undo", "/muted"),
        ("//evil.example/muted", "/muted"),
        ("https://evil.example/muted?q=1", "/muted"),
        ("/muted?q=7\r\nset-cookie: x=1", "/muted?q=7%0D%0Aset-cookie%3A+x%3D1"),
        ("/timeline?older=7&post=5#post-5", "/timeline?older=7&post=5#post-5"),
        ("/timeline?post=5", "/timeline?post=5#post-5"),
        ("/timeline#post-5", "/timeline"),
        ("/timeline?post=x%23y", "/timeline"),
        ("/timeline?post=5%0D%0Aset-cookie", "/timeline"),
        ("/muted?post=5", "/muted"),
        ("/muted?" + "&".join("q=1" for _ in range(200)), "/muted"),
    ],
)
async def test_a_form_leads_back_to_a_page_of_these_only(alice: Browser, back: str, url: str) -> None:
    await mute(alice, "carol")
    fields = {"csrf": (await alice.get(MUTED)).csrf, "target_id": str(CAROL.id), "back": back}
    await alice.post("/muted/unmute", fields)
    # The second time nothing is said, and the address is that of the place alone.
    assert (await alice.post("/muted/unmute", fields)).location == url
