"""Which parts of a text are URLs, and that finding them takes time in proportion to the text."""

import time

import pytest

from tacet.directory.entities import MAX_TEXT_CHARACTERS, text_entities
from tacet.directory.entities.urls import MAX_URL_CHARACTERS, url_spans


def urls_in(text: str) -> list[str]:
    return [text[start:end] for start, end in url_spans(text)]


HOSTS = {
    "scheme": ("see https://example.com", ["https://example.com"]),
    "scheme-in-capitals": ("see HTTP://EXAMPLE.COM", ["HTTP://EXAMPLE.COM"]),
    "no-scheme": ("see example.com now", ["example.com"]),
    "country-and-second-level": ("example.co.jp", ["example.co.jp"]),
    "country-whose-rules-begin-below-it": ("http://example.bd", ["http://example.bd"]),
    "several": ("example.com example.org", ["example.com", "example.org"]),
    "in-brackets": ("(https://example.com) [example.org]", ["https://example.com", "example.org"]),
    "in-quotation-marks": (
        "\"https://example.com/a\" 'example.org'",
        ["https://example.com/a", "example.org"],
    ),
    "before-punctuation": (
        "example.com, example.org. example.net!",
        ["example.com", "example.org", "example.net"],
    ),
    "dashes": ("http://a-b.c.example.com", ["http://a-b.c.example.com"]),
    "underscore-in-a-subdomain": ("http://a_b.example.com", ["http://a_b.example.com"]),
    "underscore-in-a-subdomain-without-scheme": ("a_b.c.example.com", ["b.c.example.com"]),
    "accented-latin-without-scheme": ("bücher.example.com", ["bücher.example.com"]),
    "other-scripts-need-a-scheme": ("http://пример.рф пример.рф", ["http://пример.рф"]),
    "domain-in-another-script": (
        "http://example.みんな/ example.中国",
        ["http://example.みんな/", "example.中国"],
    ),
    "encoded-domain": ("http://xn--ls8h.la", ["http://xn--ls8h.la"]),
    "symbol-as-host": ("http://✪a.example", []),
    "symbol-in-a-host-of-a-real-domain": ("http://✪a.com", ["http://✪a.com"]),
    "japanese-without-spaces": ("これはexample.com/aです。example.orgも", ["example.com/a", "example.org"]),
    "japanese-behind-a-url": ("http://example.com/これexample.org", ["http://example.com/", "example.org"]),
    "after-a-mark-of-direction": ("\u200fexample.com\u200e", ["example.com"]),
    "after-an-emoji": ("🌿example.com🌿", ["example.com"]),
    "unknown-domain": ("http://example.nosuchdomain example.txt2", []),
    "no-domain": ("http://example e.g. 1.2.3.4 ...", []),
    "mail-address": ("river@example.com", []),
    "behind-a-sign": ("@example.com $example.com #example.com", []),
    "part-of-another-scheme": ("ftp://example.com/a", []),
    "part-of-a-path": ("docs/example.com ./example.com", []),
    "behind-a-dash-dot-or-underscore": ("-example.com .example.com _example.com", []),
    "label-with-a-dash-at-its-edge": ("http://-a.com http://a-.com", []),
    "underscore-in-the-registered-name": ("http://a_b.com", []),
    "empty-label": ("http://a..com", []),
    "domain-goes-on": ("example.com-a example.community1", []),
    "before-an-at-sign": ("http://example.com@a", []),
    "label-too-long-for-dns": (f"http://{'a' * 64}.com", []),
    "host-too-long-for-dns": (f"http://{'a.' * 127}com", []),
}


@pytest.mark.parametrize(("text", "expected"), HOSTS.values(), ids=HOSTS.keys())
def test_hosts(text: str, expected: list[str]) -> None:
    assert urls_in(text) == expected


TAILS = {
    "slash": ("/", "/"),
    "path": ("/a/b.html", "/a/b.html"),
    "port": (":8080/a", ":8080/a"),
    "query": ("?x=1&y=2", "?x=1&y=2"),
    "path-and-query": ("/a?x=1", "/a?x=1"),
    "fragment": ("/a#b", "/a#b"),
    "percent-and-tilde": ("/~a%20b", "/~a%20b"),
    "cyrillic": ("/тихо", "/тихо"),
    "accents": ("/é", "/é"),
    "at-sign": ("/@river/1", "/@river/1"),
    "brackets": ("/a_(b)", "/a_(b)"),
    "nested-brackets": ("/a(b(c)d)", "/a(b(c)d)"),
    "brackets-then-more": ("/a(b)c?d=(e)f", "/a(b)c?d=(e)f"),
    "full-stop-behind": ("/a.", "/a"),
    "comma-behind": ("/a, b", "/a"),
    "question-mark-behind": ("/a?", "/a"),
    "closing-bracket-behind": ("/a)", "/a"),
    "open-bracket-behind": ("/a(b", "/a"),
    "brackets-behind-punctuation": ("/a;(b)", "/a"),
    "ellipsis-behind": ("/a…", "/a"),
    "japanese-behind": ("/aです", "/a"),
    "punctuation-inside": ("/a.b,c;d!e", "/a.b,c;d!e"),
}


@pytest.mark.parametrize(("tail", "expected"), TAILS.values(), ids=TAILS.keys())
def test_tails(tail: str, expected: str) -> None:
    assert urls_in(f"see https://example.com{tail}") == [f"https://example.com{expected}"]


BARE_TAILS = {
    "path": ("/a", "/a"),
    "path-and-query": ("/a?x=1", "/a?x=1"),
    "port-and-path": (":8080/a", ":8080/a"),
    "port-alone-is-prose": (":8080", ""),
    "query-alone-is-prose": ("?x=1", ""),
}


@pytest.mark.parametrize(("tail", "expected"), BARE_TAILS.values(), ids=BARE_TAILS.keys())
def test_tails_without_a_scheme(tail: str, expected: str) -> None:
    assert urls_in(f"see example.com{tail}") == [f"example.com{expected}"]


SHORTENED = {
    "ends-with-its-code": ("https://t.co/aB3's", ["https://t.co/aB3"]),
    "drops-more-path": ("https://t.co/aB3/x", ["https://t.co/aB3"]),
    "keeps-a-query": ("https://t.co/aB3?x=1", ["https://t.co/aB3?x=1"]),
    "code-of-forty": (f"https://t.co/{'a' * 40}", [f"https://t.co/{'a' * 40}"]),
    "code-of-forty-one-is-none": (f"https://t.co/{'a' * 41}", []),
    "host-alone": ("https://t.co", ["https://t.co"]),
}


@pytest.mark.parametrize(("text", "expected"), SHORTENED.values(), ids=SHORTENED.keys())
def test_short_links_of_x(text: str, expected: list[str]) -> None:
    assert urls_in(text) == expected


@pytest.mark.parametrize("scheme", ["", "https://"], ids=["bare", "with-scheme"])
def test_urls_longer_than_x_reads_are_none(scheme: str) -> None:
    longest = f"{scheme}example.com/".ljust(MAX_URL_CHARACTERS, "a")
    assert urls_in(longest) == [longest]
    assert urls_in(longest + "a") == []


HOSTILE = {
    "labels": "a.",
    "labels-of-a-host": "a.com.",
    "hosts-without-spaces": "a.comあ",
    "hosts-with-underscores": "a.com_",
    "hosts-with-dots": "a.com..",
    "dashes": "a-",
    "labels-in-another-script": "あ.",
    "domains-in-another-script": "a.中国",
    "schemes": "http://",
    "hosts-with-schemes": "http://a.com",
    "open-brackets": "a.com/(a",
    "brackets": "a.com/(a(b)",
    "paths": "a.co/",
    "queries": "a.co/?.",
    "signs": "#@$",
    "hashtags": "#1",
    "long-hashtag": "\u0301",
    "mentions": "rt@",
    "lists": "@a/",
    "dots": ".",
    "keycaps": "#\ufe0f\u20e3",
}


@pytest.mark.parametrize("piece", HOSTILE.values(), ids=HOSTILE.keys())
@pytest.mark.parametrize("start", ["", "https://", "a.com/", "#"], ids=["bare", "scheme", "path", "hash"])
def test_hostile_texts_take_time_in_proportion_to_their_length(start: str, piece: str) -> None:
    text = (start + piece * 65_536)[:65_536]
    # Of the processor: others may have it meanwhile.
    started = time.thread_time()
    text_entities(text)
    # Quadratic behaviour takes minutes here.
    assert time.thread_time() - started < 5
    assert len(text) > MAX_TEXT_CHARACTERS
