"""What callers send when they are broken or mean harm. None of it names anybody who exists; all of it is made here."""

import json
import random

SEED = 9
VERY_LONG = 15_000
"""Octets of the longest values: what still fits under the limit on headers, with the rest of a request."""

DEEP = 10_000
MANY = 1_000

_random = random.Random(SEED)

TEXTS: dict[str, bytes] = {
    "empty": b"",
    "space": b" ",
    "white-space": b" \t \x0b\x0c ",
    "nul": b"\x00",
    "nul-inside": b"10\x0002",
    "line-feed": b"\n",
    "digits-and-a-line-feed": b"1002\n",
    "header-injection": b"1002\r\nX-Injected: yes\r\n\r\n",
    "escape-sequence": b"\x1b[31m\x07\x08",
    "delete-and-c1": b"\x7f\xc2\x80\xc2\x85",
    "not-utf-8": b"\xff\xfe\xfa",
    "overlong-utf-8": b"\xc0\xaf\xe0\x80\xaf",
    "half-a-character": "☕".encode()[:2],
    "surrogate-in-utf-8": b"\xed\xa0\x80\xed\xb0\x80",
    "beyond-unicode": b"\xf4\x90\x80\x80",
    "byte-order-mark": b"\xef\xbb\xbf1002",
    "arabic-digits": "١٠٠٢".encode(),
    "full-width-digits": "１００２".encode(),
    "superscript": "1²".encode(),
    "right-to-left": "\u202e2001\u202c".encode(),
    "zero-width": "10\u200b02".encode(),
    "combining": ("e" + "\u0301" * 200).encode(),
    "astral": "🚀𝟏𝟎𝟎𝟐".encode(),
    "noncharacter": "\uffff\U0010ffff".encode(),
    "19-digits": b"9" * 19,
    "past-64-bits": b"18446744073709551616",
    "1000-digits": b"9" * 1_000,
    "leading-zeros": b"0" * 19,
    "negative": b"-1",
    "plus": b"+1x",
    "float": b"1002.0",
    "exponent": b"1e400",
    "hexadecimal": b"0x3ea",
    "underscores": b"1_002",
    "nan": b"NaN",
    "infinity": b"-Infinity",
    "null": b"null",
    "undefined": b"undefined",
    "true": b"true",
    "json-object": b'{"id":"1002"}',
    "json-array": b'["1002"]',
    "sql": b"1' OR '1'='1'; DROP TABLE relation;--",
    "sql-wildcards": b"%_%\\",
    "format-string": b"%s%s%n{0}{0.__class__}",
    "template": b"${7*7}{{7*7}}<%= 7*7 %>",
    "shell": b"$(reboot)`reboot`|reboot;&&",
    "markup": b"<script>alert(1)</script>&amp;\"'",
    "parent-folder": b"../../../../etc/passwd",
    "backslashes": b"..\\..\\",
    "slash": b"/",
    "wrong-separator": b"1002;1003|1004",
    "comma": b",",
    "many-commas": b"," * MANY,
    "many-ids": b",".join([b"9999999"] * MANY),
    "bracket-name": b"ids[]=1",
    "own-template": b"{id}",
    "very-long": b"a" * VERY_LONG,
    "very-long-digits": b"7" * VERY_LONG,
    "very-long-nul": b"\x00" * (VERY_LONG // 3),
    "very-long-not-utf-8": b"\xff" * (VERY_LONG // 3),
    "very-long-astral": "🚀".encode() * (VERY_LONG // 12),
    "noise": _random.randbytes(300),
    "printable-noise": bytes(_random.choices(range(0x20, 0x7F), k=300)),
}
"""By name. Each place encodes them as it needs to."""

TARGETS: dict[str, str] = {
    "percent": "%",
    "percents": "%%%",
    "one-digit-escape": "%4",
    "no-hexadecimal-escape": "%zz",
    "microsoft-escape": "%u0031",
    "nul-escape": "%00",
    "line-break-escapes": "%0d%0aX-Injected:%20yes",
    "twice-encoded": "%2531",
    "overlong-escape": "%c0%af",
    "surrogate-escape": "%ed%a0%80",
    "lone-continuation": "%80",
    "parent-folder": "..",
    "encoded-parent-folder": "%2e%2e%2f",
    "encoded-slashes": "%2f%2f",
    "semicolon": "1002;x=1",
    "matrix": ";",
    "fragment": "1002#x",
    "spaces": "10%2002",
    "brackets": '[]{}|^`<>"\\',
    "colons": "http://[::1]:99999/",
    "many-escapes": "%41" * (VERY_LONG // 3),
}
"""Pieces of a request target that stand there as they are."""

QUERIES: dict[str, str] = {
    "ampersands-and-a-name": "&&x&&",
    "equals": "====",
    "nameless": "=1",
    "question-marks": "???",
    "only-escapes": "%3d%26%3f",
    "broken-escapes": "%=%&%zz=%4",
    "as-many-as-allowed": "&".join(f"{n}" for n in range(200)),
    "one-too-many": "&".join(f"{n}" for n in range(201)),
    "thousands": "&".join("a" * (VERY_LONG // 2)),
    "brackets": "ids[]=1&ids[0]=1&user[fields]=id",
    "other-case": "ID=1&Max_Results=1&USER.FIELDS=id",
    "encoded-names": "%69%64=x&max%5Fresults=x",
    "oauth-without-a-signature": "oauth_token=x&oauth_verifier=%00&x=1",
    "json": "%7B%22id%22%3A1%7D",
}
"""Whole queries that are wrong on every route that looks at its query."""


def _around(member: str, value: str) -> dict[str, bytes]:
    """Bodies that come close to a good one, which has one member."""
    good = json.dumps({member: value}).encode()
    cut = {f"cut-at-{at}": good[:at] for at in range(1, len(good))}
    return {
        **cut,
        "byte-order-mark": b"\xef\xbb\xbf" + good,
        "utf-16": good.decode().encode("utf-16"),
        "utf-32": good.decode().encode("utf-32"),
        "nul-at-the-end": good + b"\x00",
        "twice": good + good,
        "rest": good + b"]",
        "comma": good[:-1] + b",}",
        "comment": b"/* */" + good,
        "single-quotes": good.replace(b'"', b"'"),
        "form": f"{member}={value}".encode(),
        "in-an-array": b"[" + good + b"]",
        "in-an-object": b'{"data":' + good + b"}",
        "in-a-string": json.dumps(good.decode()).encode(),
        "as-an-integer": good.replace(f'"{value}"'.encode(), b"1002"),
        "other-case": good.replace(member.encode(), member.capitalize().encode()),
        "and-more": good[:-1] + b',"x":1}',
        "and-a-nul-key": good[:-1] + b',"\\u0000":1}',
        "and-an-empty-key": good[:-1] + b',"":1}',
        "and-a-lone-surrogate": good[:-1] + b',"\\ud800":1}',
        "and-a-deep-array": good[:-1] + b',"x":' + b"[" * DEEP + b"]" * DEEP + b"}",
        "and-a-huge-number": good[:-1] + b',"x":' + b"9" * DEEP + b"}",
        "and-a-tiny-number": good[:-1] + b',"x":1e-' + b"9" * DEEP + b"}",
        "and-a-nan": good[:-1] + b',"x":NaN}',
        "and-an-invalid-escape": good[:-1] + b',"x":"\\x41"}',
        "and-a-raw-line-break": good[:-1] + b',"x":"\n"}',
        "and-not-utf-8": good[:-1] + b',"x":"\xff"}',
        "and-thousands-of-keys": good[:-1] + b"".join(b',"%d":0' % n for n in range(5_000)) + b"}",
        "and-a-very-long-key": good[:-1] + b',"' + b"\\u0001" * 10_000 + b'":1}',
    }


def bodies(member: str, value: str) -> dict[str, bytes]:
    """Bodies that must all be refused where one with this member, a text, would be good, by name."""
    values = ("null", "true", "1", "-1", "1.5", "1e400", "[]", "{}", '""', "[[]]", '"1002"', "9" * 400, "NaN")
    return {
        "empty": b"",
        "white-space": b" \r\n\t",
        "deep-arrays": b"[" * DEEP + b"]" * DEEP,
        "deep-objects": b'{"a":' * DEEP + b"1" + b"}" * DEEP,
        "deep-and-open": b"[" * 60_000,
        "deep-member": b'{"%b":%b%b}' % (member.encode(), b"[" * DEEP, b"]" * DEEP),
        "noise": _random.randbytes(4_000),
        "compressed": b"\x1f\x8b\x08\x00" + _random.randbytes(100),
        "of-the-largest-size": b" " * 65_536,
        "too-large": b" " * 65_537,
        **{f"value-{each[:8]}": each.encode() for each in values},
        **{f"member-{each[:8]}": f'{{"{member}":{each}}}'.encode() for each in values if each != '"1002"'},
        **_around(member, value),
    }


SOME_BODIES = [TEXTS["noise"], TEXTS["json-object"], TEXTS["json-array"], TEXTS["null"], b"{", b"[" * DEEP]
"""Bodies that are refused whatever an operation asks for."""
