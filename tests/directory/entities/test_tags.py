"""Hashtags, cashtags and mentions one by one."""

import pytest

from tacet.directory.entities.tags import cashtags, hashtags, mentions


def hashtags_in(text: str) -> list[str]:
    return [tag.tag for tag in hashtags(text)]


def cashtags_in(text: str) -> list[str]:
    return [tag.tag for tag in cashtags(text)]


def mentions_in(text: str) -> list[str]:
    return [mention.username for _, _, mention in mentions(text) if mention]


HASHTAGS = {
    "ascii": ("a #word here", ["word"]),
    "full-width-sign": ("全角 ＃ことば", ["ことば"]),
    "letter-then-digits": ("#word2", ["word2"]),
    "digits-then-letter": ("#2words", ["2words"]),
    "underscores": ("#two_words #_a", ["two_words", "_a"]),
    "accents": ("#mañana #Čeština", ["mañana", "Čeština"]),
    "combining-accent": ("#cafe\u0301s", ["cafe\u0301s"]),
    "cyrillic": ("#тихо!", ["тихо"]),
    "chinese-ends-at-its-full-stop": ("#安静。", ["安静"]),
    "katakana-with-middle-dot-and-long-vowel": ("#ノイズ・ゲート", ["ノイズ・ゲート"]),
    "korean": ("#조용함", ["조용함"]),
    "thai-with-marks": ("#เงียบ", ["เงียบ"]),
    "hindi-with-marks": ("#शांति", ["शांति"]),
    "arabic-with-underscore": ("#هدوء_تام", ["هدوء_تام"]),
    "persian-with-joiner": ("#می\u200cروم", ["می\u200cروم"]),
    "hebrew-with-punctuation-of-its-own": ("#צה״ל", ["צה״ל"]),
    "astral-letter": ("#\U00020021", ["\U00020021"]),
    "catalan-middle-dot": ("#col·lega", ["col·lega"]),
    "several": ("#a, #b; #c.", ["a", "b", "c"]),
    "after-brackets-and-punctuation": ("(#a)#b .#c !#d", ["a", "b", "c", "d"]),
    "after-an-emoji": ("🌿#a", ["a"]),
    "after-a-variation-selector": ("\u2764\ufe0f#a", ["a"]),
    "on-lines-of-their-own": ("#a\n#b\n", ["a", "b"]),
    "before-an-apostrophe": ("#a's", ["a"]),
    "second-of-two-signs": ("##a", ["a"]),
    "only-digits-is-none": ("bus #16 #0", []),
    "only-underscores-and-digits-is-none": ("#_ #1_2", []),
    "within-a-word-is-none": ("a#b 日本#語", []),
    "right-behind-another-is-none": ("#a#b", []),
    "behind-an-ampersand-is-none": ("&#b", []),
    "before-a-scheme-is-none": ("#http://example.com", []),
    "keycap-emoji-is-none": ("#\ufe0f\u20e3 #\u20e3a", []),
    "lone-sign-is-none": ("# a #", []),
}


@pytest.mark.parametrize(("text", "expected"), HASHTAGS.values(), ids=HASHTAGS.keys())
def test_hashtags(text: str, expected: list[str]) -> None:
    assert hashtags_in(text) == expected


CASHTAGS = {
    "upper-case": ("$TACT", ["TACT"]),
    "kept-as-written": ("$Tact $tact", ["Tact", "tact"]),
    "six-letters": ("$ABCDEF", ["ABCDEF"]),
    "with-a-dot": ("$TACT.B", ["TACT.B"]),
    "with-an-underscore": ("$TACT_AB", ["TACT_AB"]),
    "before-punctuation": ("$A, $B. $C_ ($D", ["A", "B", "C"]),
    "at-the-end-of-a-line": ("$A\n$B\n", ["A", "B"]),
    "after-an-ideographic-space": ("\u3000$A", ["A"]),
    "dot-with-a-digit-ends-before-the-dot": ("$ABC.1", ["ABC"]),
    "seven-letters-is-none": ("$ABCDEFG", []),
    "digits-are-none": ("$5 $5.00 $A1", []),
    "other-scripts-are-none": ("$株 $Ä", []),
    "within-a-word-is-none": ("US$A a$B", []),
    "behind-punctuation-is-none": ("($A .$B $$C", []),
    "lone-sign-is-none": ("$ $.", []),
}


@pytest.mark.parametrize(("text", "expected"), CASHTAGS.values(), ids=CASHTAGS.keys())
def test_cashtags(text: str, expected: list[str]) -> None:
    assert cashtags_in(text) == expected


MENTIONS = {
    "ascii": ("hello @river", ["river"]),
    "full-width-sign": ("hello ＠river", ["river"]),
    "kept-as-written": ("@River_2", ["River_2"]),
    "only-digits": ("@12345", ["12345"]),
    "fifteen-characters": ("@abcdefghijklmno", ["abcdefghijklmno"]),
    "in-japanese-without-spaces": ("の@riverさん", ["river"]),
    "before-punctuation": ("@a, @b. @c's (@d)", ["a", "b", "c", "d"]),
    "on-lines-of-their-own": ("@a\n@b", ["a", "b"]),
    "after-the-sign-of-a-repost": ("RT@a rt:@b Rt @c", ["a", "b", "c"]),
    "after-a-slash-or-dot": ("/@a .@b", ["a", "b"]),
    "after-an-emoji": ("🌿@a", ["a"]),
    "mail-address-is-none": ("river@example.com", []),
    "within-a-word-is-none": ("a@b _@c", []),
    "behind-signs-is-none": ("!@a #@b $@c %@d &@e *@f @@g", []),
    "before-another-sign-is-none": ("@a@b", []),
    "before-an-accent-is-none": ("@aliceé", []),
    "before-a-scheme-is-none": ("@http://example.com", []),
    "sixteen-characters-is-none": ("@abcdefghijklmnop", []),
    "list-is-none": ("@river/friends", []),
    "slash-before-a-digit-is-no-list": ("@river/2friends", ["river"]),
    "repost-sign-within-a-word-is-none": ("smart@river", []),
    "lone-sign-is-none": ("@ @.", []),
}


@pytest.mark.parametrize(("text", "expected"), MENTIONS.values(), ids=MENTIONS.keys())
def test_mentions(text: str, expected: list[str]) -> None:
    assert mentions_in(text) == expected
