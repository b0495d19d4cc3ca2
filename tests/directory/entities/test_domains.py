"""Which words are top-level domains."""

import pytest

from tacet.directory.entities.domains import is_top_level_domain, top_level_domain_end

DOMAINS = {
    "generic": ("com", True),
    "in-capitals": ("COM", True),
    "long": ("photography", True),
    "country": ("de", True),
    "country-whose-rules-begin-below-it": ("bd", True),
    "in-another-script": ("中国", True),
    "onion": ("onion", True),
    "nobody's": ("nosuchdomain", False),
    "two-labels": ("co.uk", False),
    "empty": ("", False),
    "dot": (".", False),
    "far-too-long": ("a" * 10_000, False),
}


@pytest.mark.parametrize(("word", "expected"), DOMAINS.values(), ids=DOMAINS.keys())
def test_is_top_level_domain(word: str, expected: bool) -> None:
    assert is_top_level_domain(word) is expected


ENDS = {
    "whole-text": ("com", 3),
    "before-a-slash": ("com/", 3),
    "before-another-script": ("comです", 3),
    "before-an-underscore": ("com_", 3),
    "before-a-letter": ("coma1", None),
    "before-a-digit": ("com1", None),
    "before-a-dash": ("com-a", None),
    "before-an-at-sign": ("com@", None),
    "before-a-plus": ("com+", None),
    "longest-in-another-script": ("中国です", 2),
    "encoded-is-any": ("xn--whatever/", 12),
    "nothing": ("", None),
}


@pytest.mark.parametrize(("text", "expected"), ENDS.values(), ids=ENDS.keys())
def test_where_a_domain_ends(text: str, expected: int | None) -> None:
    assert top_level_domain_end(text, 0, len(text)) == expected
