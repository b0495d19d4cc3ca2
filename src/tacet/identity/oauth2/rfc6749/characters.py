"""What codes, tokens, client ids and secrets may be made of: VSCHAR (RFC 6749 appendix A)."""

import re

_VISIBLE = re.compile(r"[\x20-\x7e]+", re.ASCII)


def is_visible(text: str, max_chars: int) -> bool:
    """Whether `text` has 1 to `max_chars` characters, all of them VSCHAR."""
    return len(text) <= max_chars and _VISIBLE.fullmatch(text) is not None
