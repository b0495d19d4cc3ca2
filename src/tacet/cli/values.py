"""Reading one setting's value: from text (flags, variables, secret files) or from TOML."""

import difflib
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from tacet.cli.options import shown_limit
from tacet.limits.defaults import DEFAULT_LIMITS
from tacet.limits.rates import RateLimit
from tacet.setting_rules import MAX_COUNT, MAX_SECONDS, Named

FEW_NAMES = 10
"""As many fit into an error that can still be read."""

_INTEGER = re.compile(r"-?[0-9]{1,15}", re.ASCII)
_LIMIT = re.compile(r"([0-9]{1,15})/([0-9]{1,15})", re.ASCII)
_YES = {"true", "1", "yes", "on"}
_NO = {"false", "0", "no", "off"}

_TOML_TYPES: dict[Any, tuple[type, str]] = {
    int: (int, "a whole number"),
    bool: (bool, "true or false"),
    tuple[str, ...]: (list, "a list of texts"),
    Mapping[str, RateLimit]: (dict, 'a table of ROUTE = "COUNT/SECONDS"'),
}


def from_text(named: Named, text: str) -> object:
    """The value that a flag or a variable means; lists and tables are separated by commas.

    Raises:
        ValueError: it has none; the message never shows a secret.
    """
    text = text.strip()
    if not text:
        raise ValueError("is empty: give a value, or leave it out")
    if named.type is bool:
        return _yes_or_no(text)
    if named.type is int:
        if not _INTEGER.fullmatch(text):
            raise ValueError(f"{text!r} is not a whole number")
        return _checked(named, int(text))
    if named.type in _TOML_TYPES:
        parts = [part.strip() for part in text.split(",")]
        return _checked(named, parts if named.type == tuple[str, ...] else _table(parts))
    return _checked(named, text)


def from_toml(named: Named, value: object) -> object:
    """The value that a TOML key means, of the type that the setting has.

    Raises:
        ValueError: another type, or a value that cannot be.
    """
    wanted, called = _TOML_TYPES.get(named.type, (str, "a text in quotes"))
    # In Python, though not in TOML, true is a number.
    if not isinstance(value, wanted) or (wanted is int and isinstance(value, bool)):
        raise ValueError(f"must be {called}")
    inner = value if isinstance(value, list) else value.values() if isinstance(value, dict) else ()
    if not all(isinstance(each, str) for each in inner):
        raise ValueError(f"must be {called}")
    return _checked(named, value)


def nearest(wrong: str, known: Iterable[str]) -> str:
    """The end of an error: the known name most like a wrong one, else all of few, else nothing."""
    names = sorted(known)
    close = difflib.get_close_matches(wrong, names, n=1)
    if close:
        return f": did you mean {close[0]}?"
    return f": known are {', '.join(names)}" if len(names) <= FEW_NAMES else ""


def _checked(named: Named, value: Any) -> object:
    setting = named.setting
    if named.type is int and not setting.minimum <= value <= setting.maximum:
        raise ValueError(f"{value} is not between {setting.minimum} and {setting.maximum}")
    if setting.choices and value not in setting.choices:
        raise ValueError(f"{value!r} is not one of {', '.join(setting.choices)}")
    if setting.check is not None:
        for text in value if isinstance(value, list) else [value]:
            setting.check(text)
    return _converted(named, value)


def _converted(named: Named, value: Any) -> object:
    if named.type == Path | None:
        return Path(value)
    if isinstance(value, list):
        return tuple(value)
    if isinstance(value, dict):
        return {route: _limit(route, text) for route, text in value.items()}
    return value


def _yes_or_no(text: str) -> bool:
    if text.lower() in _YES | _NO:
        return text.lower() in _YES
    raise ValueError(f"{text!r} is neither true nor false")


def _table(parts: list[str]) -> dict[str, str]:
    table = {}
    for part in parts:
        route, equals, limit = part.partition("=")
        if not equals:
            raise ValueError(f"{part!r} is not ROUTE=COUNT/SECONDS, such as muteUser=50/900")
        table[route.strip()] = limit.strip()
    return table


def _limit(route: str, text: str) -> RateLimit:
    if route not in DEFAULT_LIMITS:
        raise ValueError(
            f"no route is called {route!r}{nearest(route, DEFAULT_LIMITS) or ': docs/settings.md has them all'}"
        )
    found = _LIMIT.fullmatch(text)
    if not found:
        raise ValueError(f"{route}: {text!r} is not COUNT/SECONDS, such as {shown_limit(DEFAULT_LIMITS[route])}")
    count, window_s = int(found[1]), int(found[2])
    if not 1 <= count <= MAX_COUNT or not 1 <= window_s <= MAX_SECONDS:
        raise ValueError(f"{route}: {text!r} is not 1 to {MAX_COUNT} requests in 1 to {MAX_SECONDS} seconds")
    return RateLimit(count, window_s)
