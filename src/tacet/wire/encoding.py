"""JSON as X v2 writes it: compact UTF-8, with characters outside the BMP as upper-hex surrogate pairs."""

import re
from typing import Any

import msgspec

_FOUR_BYTES = re.compile(rb"[\xf0-\xf4]")
"""How characters outside the BMP begin in UTF-8, and no others: most answers have none, and are not decoded."""

_ASTRAL = re.compile("[\U00010000-\U0010ffff]")
_encode = msgspec.json.Encoder().encode


def encode(value: Any) -> bytes:
    """`value` as X v2 bytes. Keys keep their order; "/" and BMP characters stand as they are."""
    plain = _encode(value)
    if plain.isascii() or not _FOUR_BYTES.search(plain):
        return plain
    return _ASTRAL.sub(_surrogates, plain.decode()).encode()


def encode_pretty(value: Any) -> bytes:
    """The same, indented by two spaces, as X's edge writes its problems."""
    return msgspec.json.format(encode(value), indent=2)


def _surrogates(match: re.Match[str]) -> str:
    point = ord(match[0]) - 0x10000
    return f"\\u{0xD800 + (point >> 10):04X}\\u{0xDC00 + (point & 0x3FF):04X}"
