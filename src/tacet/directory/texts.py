"""Texts that people write, as they are kept."""

import re

_CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f]")
"""What nothing that people read holds, and databases may refuse; a tab and a line feed may stand in it."""


def cleaned(text: str) -> str:
    """The text without control characters and without blanks around it; empty where nothing is left to read."""
    return _CONTROLS.sub("", text).strip()
