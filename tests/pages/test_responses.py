import re

import pytest

from tacet.pages.responses import Security, drop_cookie, form_targets, html, reached_at, see_other, set_cookie

PLAIN, TLS = Security(secure=False), Security(secure=True)

TARGETS = {
    "https": ("https://client.example/callback", "https:"),
    "https-in-capitals": ("HTTPS://client.example/callback", "https:"),
    "http": ("http://client.example:3000/callback?x=1", "https: http://client.example:3000"),
    "http-without-port": ("http://client.example/callback", "https: http://client.example"),
    "user-and-host": ("http://a:b@client.example/callback", "https: http://client.example"),
    "loopback": ("http://127.0.0.1:3000/callback", "https: http://127.0.0.1:* http://localhost:*"),
    "localhost": ("http://localhost/callback", "https: http://127.0.0.1:* http://localhost:*"),
    "loopback-of-ipv6": ("http://[::1]:3000/callback", "https: http:"),
    "app-on-a-phone": ("com.example.app:/callback", "https: com.example.app:"),
    "app-with-slashes": ("example-app://callback", "https: example-app:"),
    "name-of-another-script": ("http://bücher.example/", "https: http:"),
    "no-host": ("http:///callback", "https: http:"),
    "no-address": ("callback", "https:"),
    "nothing": ("", "https:"),
    "port-that-is-none": ("http://client.example:x/", "https:"),
    "broken-ipv6": ("http://[::1/", "https:"),
    "second-directive": ("http://a;script-src *", "https: http:"),
    "second-source": ("http://a *", "https: http:"),
    "second-policy": ("http://a, default-src *", "https: http:"),
    "line-feed": ("http://a\r\nset-cookie: b=c", "https:"),
    "scheme-with-a-directive": ("a;script-src *://b", "https:"),
}


@pytest.mark.parametrize(("url", "sources"), TARGETS.values(), ids=TARGETS.keys())
def test_a_form_may_lead_to_the_app_and_on_from_there(url: str, sources: str) -> None:
    found = form_targets(url)
    assert found == sources
    assert re.fullmatch(r"[a-z0-9 .:/*+-]+", found)


@pytest.mark.parametrize(
    ("url", "location"),
    [
        pytest.param("https://client.example/?a=%20&b=1#c", "https://client.example/?a=%20&b=1#c", id="as-it-is"),
        pytest.param("/x\r\nset-cookie: a=b", "/x%0D%0Aset-cookie:%20a=b", id="line-break"),
        pytest.param("/x y\\z", "/x%20y%5Cz", id="blank-and-backslash"),
        pytest.param("example-app:/callback?code=a~b_c", "example-app:/callback?code=a~b_c", id="app"),
        pytest.param("/☕", "/%E2%98%95", id="another-script"),
    ],
)
def test_an_address_cannot_end_its_header(url: str, location: str) -> None:
    response = see_other(url, PLAIN)
    assert response.status_code == 303
    assert response.headers["location"] == location


class TestPolicy:
    def test_nothing_but_our_own_styles_and_images_is_loaded(self) -> None:
        policy = html(b"", 200, PLAIN).headers["content-security-policy"]
        assert policy == (
            "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; frame-ancestors 'none'; "
            "form-action 'self'"
        )

    def test_a_consent_page_adds_where_its_form_may_lead(self) -> None:
        policy = html(b"", 200, PLAIN, "https: example-app:").headers["content-security-policy"]
        assert policy.endswith("; form-action 'self' https: example-app:")

    def test_https_is_asked_for_only_where_there_is_https(self) -> None:
        assert "strict-transport-security" not in html(b"", 200, PLAIN).headers
        assert html(b"", 200, TLS).headers["strict-transport-security"] == "max-age=31536000; includeSubDomains"


class TestCookies:
    def test_behind_tls_only_https_of_this_very_host_gets_it(self) -> None:
        response = html(b"", 200, TLS)
        set_cookie(response, TLS.session_cookie, "text", TLS)
        assert response.headers["set-cookie"] == ("__Host-tacet_session=text; HttpOnly; Path=/; SameSite=lax; Secure")
        assert TLS.visit_cookie == "__Host-tacet_visit"

    def test_without_tls_it_still_is_out_of_reach_for_scripts_and_other_sites(self) -> None:
        response = html(b"", 200, PLAIN)
        set_cookie(response, PLAIN.session_cookie, "text", PLAIN)
        assert response.headers["set-cookie"] == "tacet_session=text; HttpOnly; Path=/; SameSite=lax"

    def test_it_is_dropped_with_the_flags_it_was_set_with(self) -> None:
        response = html(b"", 200, TLS)
        drop_cookie(response, TLS.session_cookie, TLS)
        dropped = response.headers["set-cookie"]
        assert dropped.startswith('__Host-tacet_session=""; ')
        assert {"Max-Age=0", "Path=/", "Secure"} <= set(dropped.split("; "))


@pytest.mark.parametrize(
    ("public_url", "security"),
    [
        pytest.param("", Security(secure=False), id="not-set"),
        pytest.param("http://tacet.example", Security(secure=False, origin="http://tacet.example"), id="http"),
        pytest.param("https://tacet.example", Security(secure=True, origin="https://tacet.example"), id="https"),
        pytest.param(
            "https://Tacet.Example:443", Security(secure=True, origin="https://tacet.example"), id="as-browsers"
        ),
        pytest.param(
            "https://tacet.example:8443", Security(secure=True, origin="https://tacet.example:8443"), id="port"
        ),
    ],
)
def test_the_public_address_says_how_this_server_is_reached(public_url: str, security: Security) -> None:
    assert reached_at(public_url) == security


@pytest.mark.parametrize(
    ("host", "name"),
    [
        pytest.param("127.0.0.1:8461", "tacet_session_8461", id="port"),
        pytest.param("[::1]:8461", "tacet_session_8461", id="ipv6"),
        pytest.param("tacet.example", "tacet_session", id="no-port"),
        pytest.param("[::1]", "tacet_session", id="ipv6-without-a-port"),
        pytest.param("", "tacet_session", id="no-host"),
        pytest.param("host:", "tacet_session", id="empty-port"),
        pytest.param("host:123456", "tacet_session", id="too-long"),
        pytest.param("host:1;x=2", "tacet_session", id="not-digits"),
        pytest.param("host:\u0661", "tacet_session", id="other-digits"),
    ],
)
def test_without_tls_a_cookie_is_named_after_the_port(host: str, name: str) -> None:
    assert PLAIN.at(host).session_cookie == name
    assert PLAIN.at(host).visit_cookie == name.replace("session", "visit")
    assert TLS.at(host).session_cookie == "__Host-tacet_session"
