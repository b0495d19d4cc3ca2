"""X's own examples and recorded answers of v1.1, read beside the checkout when a test runs, and compared with ours."""

import json
import re
from collections.abc import Collection, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

Json = dict[str, Any]

ELISION = " ... ,"
"""What stands in an example for the keys that were left out of it."""

NULL = type(None)


class Examples:
    """The text that holds them."""

    def __init__(self, folder: Path) -> None:
        self.text = (folder / "v1.1.md").read_text(encoding="utf-8")

    def user(self, screen_name: str, after: str) -> Json:
        """The first user object of this name behind the words `after`. What was left out of it is not there."""
        start = self.text.index(after)
        named = self.text.index(f'"screen_name":"{screen_name}"', start)
        opening = self.text.rindex('{"id":', start, named)
        value, _ = json.JSONDecoder().raw_decode(self.text[opening:].replace(ELISION, ""))
        assert isinstance(value, dict)
        return value

    @property
    def listed(self) -> Json:
        """A user of the documented list."""
        return self.user("whiteleaf", "GET https://api.twitter.com/1.1/mutes/users/list.json")

    @property
    def created(self) -> Json:
        """The documented answer to a mute, with a status."""
        return self.user("evilpiper", "POST https://api.twitter.com/1.1/mutes/users/create.json")

    @property
    def live_keys(self) -> list[str]:
        """The keys of a recorded user object, in order."""
        (line,) = re.findall(r"^Key order of a live 2021 user object: (.+)$", self.text, re.MULTILINE)
        return [re.sub(r"\W.*", "", key) for key in line.split(",")]

    @property
    def live_nulls(self) -> set[str]:
        """Those of them that were null."""
        (line,) = re.findall(r"^Key order of a live 2021 user object: (.+)$", self.text, re.MULTILINE)
        return set(re.findall(r"(\w+)\(null\)", line))

    @property
    def source_keys(self) -> set[str]:
        """Keys that the source of a relationship was recorded with."""
        (sentence,) = re.findall(r"relationship\.source carries (.+?)\. ", self.text)
        return set(re.findall(r"[a-z]+_?[a-z_]+", re.sub(r"true\|false|also|and", "", sentence)))


def milliseconds(created_at: str) -> int:
    """A moment of an example as Unix milliseconds."""
    return int(datetime.strptime(created_at, "%a %b %d %H:%M:%S %z %Y").astimezone(UTC).timestamp() * 1000)


def differences(theirs: Json, ours: Json, elided: Collection[str] = ()) -> dict[str, str]:
    """What is not the same in two objects, by key; of objects within them by both keys with a dot between.

    Args:
        elided: keys that may have been left out of `theirs`, where nothing is known of them.
    """
    return dict(_compare(theirs, ours, "", elided))


def _compare(theirs: Json, ours: Json, prefix: str, elided: Collection[str] = ()) -> Iterator[tuple[str, str]]:
    for key in theirs.keys() - ours.keys():
        yield prefix + key, "missing"
    for key in ours.keys() - theirs.keys() - set(elided):
        yield prefix + key, "added"
    common = [key for key in theirs if key in ours]
    if common != [key for key in ours if key in theirs]:
        yield prefix + "*", "in another order"
    for key in common:
        yield from _compare_value(theirs[key], ours[key], prefix + key)


def _compare_value(theirs: Any, ours: Any, name: str) -> Iterator[tuple[str, str]]:
    if isinstance(theirs, dict) and isinstance(ours, dict):
        yield from _compare(theirs, ours, f"{name}.")
    elif type(theirs) is not type(ours):
        yield name, f"{_kind(ours)}, not {_kind(theirs)}"
    elif isinstance(theirs, list) and len(theirs) == len(ours) and theirs and isinstance(theirs[0], dict):
        for one, other in zip(theirs, ours, strict=True):
            yield from _compare(one, other, f"{name}.")
    elif theirs != ours:
        yield name, "another value"


def _kind(value: Any) -> str:
    return "null" if isinstance(value, NULL) else type(value).__name__
