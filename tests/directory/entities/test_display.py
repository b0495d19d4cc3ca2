"""How a URL is written out; the rules were read off recorded profiles, the URLs here are our own."""

import pytest

from tacet.directory.entities.display import display_url, expanded_url

DISPLAYED = {
    "scheme-goes": ("https://example.com", "example.com"),
    "scheme-in-capitals-goes": ("HTTP://example.com", "example.com"),
    "no-scheme": ("example.com", "example.com"),
    "www-goes": ("http://www.example.com", "example.com"),
    "other-subdomains-stay": ("http://dev.example.com", "dev.example.com"),
    "lone-slash-goes": ("http://example.com/", "example.com"),
    "slash-behind-a-path-stays": ("http://example.com/about/", "example.com/about/"),
    "path-stays": ("http://example.com/about", "example.com/about"),
    "port-is-part-of-the-host": ("http://example.com:8080/about", "example.com:8080/about"),
    "sixteen-characters-of-path-stay": ("http://example.com/123456789012345", "example.com/123456789012345"),
    "of-seventeen-the-last-two-go": ("http://example.com/1234567890123456", "example.com/12345678901234…"),
    "query-counts-as-path": ("http://example.com/watch?v=abcdefghi", "example.com/watch?v=abcdef…"),
    "long-hosts-stay": (f"http://{'a' * 40}.example.com/about", f"{'a' * 40}.example.com/about"),
    "no-host": ("http://", ""),
    "no-url-at-all": ("just words", "just words"),
}


@pytest.mark.parametrize(("url", "expected"), DISPLAYED.values(), ids=DISPLAYED.keys())
def test_display_url(url: str, expected: str) -> None:
    assert display_url(url) == expected


EXPANDED = {
    "https-stays": ("https://example.com", "https://example.com"),
    "http-stays": ("http://example.com", "http://example.com"),
    "capitals-stay": ("HTTPS://example.com", "HTTPS://example.com"),
    "none-becomes-http": ("example.com/a", "http://example.com/a"),
}


@pytest.mark.parametrize(("url", "expected"), EXPANDED.values(), ids=EXPANDED.keys())
def test_expanded_url(url: str, expected: str) -> None:
    assert expanded_url(url) == expected
