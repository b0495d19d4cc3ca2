"""Facts read from the recordings beside the checkout, when a test runs."""

import json
import re
from dataclasses import dataclass

OLD_HOST = "https://api.twitter.com/"
HOST = "https://api.x.com/"
"""Where all problem types live by now, save one."""


@dataclass(frozen=True)
class Recorded:
    """The texts of the recordings.

    Attributes:
        errors: of every error body that was seen.
        wire: of everything else.
    """

    errors: str
    wire: str

    def body(self, start: str, after: str = "") -> str:
        """The JSON object that begins with `start`, as it stands there, somewhere behind the words `after`."""
        position = self.errors.index(start, self.errors.index(after))
        _, end = json.JSONDecoder().raw_decode(self.errors, position)
        return self.errors[position:end]

    def message(self, pattern: str, after: str = "") -> str:
        """The first text that matches, somewhere behind the words `after`."""
        found = re.search(pattern, self.errors[self.errors.index(after) :])
        assert found, f"{pattern!r} is not recorded"
        return found[0]

    def headers(self) -> dict[str, str]:
        """Names, and values where one is given, of the headers of a 200."""
        section = self.wire.split("### Headers on a v2 200", 1)[1].split("\n", 2)[1]
        listed: dict[str, str] = {}
        for part in section.partition("(2026: also")[0].split(" · "):
            name, _, value = part.partition(":")
            names = [name.strip()]
            if "/-" in name:
                first, *endings = name.strip().split("/")
                stem = first.removesuffix("-limit")
                names = [first, *(stem + ending for ending in endings)]
            listed |= {each: value.strip() for each in names}
        return listed


def ours(body: str) -> str:
    """A recorded body with its problem types where they live by now."""
    return body.replace(OLD_HOST, HOST)


def pretty(body: str) -> str:
    """A recorded body that was pasted in one line, as X's edge lays it out."""
    return json.dumps(json.loads(body), indent=2)
