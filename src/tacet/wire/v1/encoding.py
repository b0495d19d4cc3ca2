"""JSON as v1.1 is recorded to write it: compact ASCII, with `/`, `<` and `>` escaped in texts."""

import json
from collections.abc import Sequence
from typing import Any

import msgspec

_encode = json.JSONEncoder(ensure_ascii=True, separators=(",", ":"), check_circular=False).encode
_encode_ids = msgspec.json.Encoder().encode


def encode_v1(value: Any) -> bytes:
    """`value` as v1.1's bytes. Keys keep their order; what is not ASCII becomes lower-hex escapes of UTF-16."""
    # None of the three stands anywhere but inside texts, so that no text has to be looked for.
    plain = _encode(value)
    return plain.replace("/", "\\/").replace("<", "\\u003c").replace(">", "\\u003e").encode("ascii")


def encode_ids(ids: Sequence[int], as_strings: bool) -> bytes:
    """A list of ids, as numbers or as strings, in a tenth of the time that `encode_v1` takes."""
    plain = _encode_ids(ids)
    if not as_strings or not ids:
        return plain
    return b'["' + plain[1:-1].replace(b",", b'","') + b'"]'
