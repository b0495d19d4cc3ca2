"""Texts that people write, as they are kept."""

import re
import unicodedata

_CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f]")
"""What nothing that people read holds, and databases may refuse; a tab and a line feed may stand in it."""

_UNSEEN = frozenset(("Cc", "Cf", "Zl", "Zp", "Zs"))
"""Categories of characters that show nothing by themselves: controls, formats and separators."""


def cleaned(text: str) -> str:
    """The text without control characters and without blanks around it; empty where nothing of it can be seen."""
    kept = _CONTROLS.sub("", text).strip()
    return kept if any(unicodedata.category(character) not in _UNSEEN for character in kept) else ""
