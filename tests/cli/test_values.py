from pathlib import Path
from typing import Any

import pytest

from tacet.cli.values import from_text, from_toml, nearest
from tacet.limits.rates import RateLimit
from tacet.setting_rules import Named
from tacet.settings import all_settings

SETTINGS = {named.field_name: named for named in all_settings()}
KEY = "MDEyMzQ1Njc4OWFiY2RlZmdoaWprbG1ub3BxcnN0dXY"


def setting(name: str) -> Named:
    return SETTINGS[name]


GOOD_TEXTS: dict[str, tuple[str, str, object]] = {
    "text": ("host", "0.0.0.0", "0.0.0.0"),
    "number": ("port", "0", 0),
    "number with spaces": ("port", " 80 ", 80),
    "largest number": ("port", "65535", 65_535),
    "path": ("data_dir", "world", Path("world")),
    "true": ("rate_limits", "true", True),
    "on": ("rate_limits", "ON", True),
    "1": ("rate_limits", "1", True),
    "false": ("rate_limits", "False", False),
    "no": ("rate_limits", "no", False),
    "list": ("api_origins", "https://a, http://b:81", ("https://a", "http://b:81")),
    "origin": ("public_url", "https://mutes.example:8443", "https://mutes.example:8443"),
    "origin that is an IPv6 address": ("public_url", "http://[::1]:8080", "http://[::1]:8080"),
    "addresses and networks": ("trusted_proxies", "10.0.0.5, fd00::/8, ::1", ("10.0.0.5", "fd00::/8", "::1")),
    "limits": (
        "limits",
        "muteUser=5/60, getUsersMe=1/1",
        {"muteUser": RateLimit(5, 60), "getUsersMe": RateLimit(1, 1)},
    ),
    "choice": ("log_level", "debug", "debug"),
    "database": ("database", "sqlite:///x.db", "sqlite:///x.db"),
    "PostgreSQL": ("database", "postgresql://u:p@h:5432/d", "postgresql://u:p@h:5432/d"),
    "Redis": ("redis", "rediss://:p@h:6380/2", "rediss://:p@h:6380/2"),
    "listener": ("metrics", "[::1]:9464", "[::1]:9464"),
    "secret": ("secret_key", KEY, KEY),
}


@pytest.mark.parametrize(("name", "text", "value"), GOOD_TEXTS.values(), ids=GOOD_TEXTS)
def test_texts_have_values(name: str, text: str, value: object) -> None:
    assert from_text(setting(name), text) == value


BAD_TEXTS = {
    "empty": ("host", "", "is empty"),
    "blank": ("host", "  ", "is empty"),
    "no number": ("port", "http", "'http' is not a whole number"),
    "a fraction": ("port", "80.5", "'80.5' is not a whole number"),
    "number with underscores": ("port", "8_080", "is not a whole number"),
    "other digits": ("port", "٨٠", "is not a whole number"),
    "a number of many digits": ("port", "9" * 5_000, "is not a whole number"),
    "too small": ("people", "2", "2 is not between 3 and 100000"),
    "too large": ("port", "65536", "65536 is not between 0 and 65535"),
    "negative": ("port", "-1", "-1 is not between 0 and 65535"),
    "neither true nor false": ("rate_limits", "maybe", "'maybe' is neither true nor false"),
    "no choice": ("log_level", "loud", "'loud' is not one of debug, info, warning, error"),
    "no origin": ("api_origins", "api.x.com", "'api.x.com' is no origin"),
    "origin with a path": ("api_origins", "https://api.x.com/2", "is no origin"),
    "origin with a slash at its end": ("public_url", "https://mutes.example/", "nothing after it"),
    "origin without a host": ("public_url", "https://", "is no origin"),
    "origin without a scheme": ("public_url", "//mutes.example", "is no origin"),
    "origin in capitals": ("public_url", "HTTPS://mutes.example", "is no origin"),
    "origin of another scheme": ("public_url", "ftp://mutes.example", "is no origin"),
    "origin with somebody's name": ("public_url", "https://me@mutes.example", "is no origin"),
    "origin with a query": ("public_url", "https://mutes.example?a", "is no origin"),
    "origin without its port": ("public_url", "https://mutes.example:", "is no origin"),
    "origin with a port that is none": ("public_url", "https://mutes.example:http", "is no origin"),
    "origin with a port that is too large": ("public_url", "https://mutes.example:65536", "is no origin"),
    "origin with a blank": ("public_url", "https://mutes example", "is no origin"),
    "origin of several lines": ("public_url", "https://a\nhttps://b", "is no origin"),
    "no address": ("trusted_proxies", "proxy.example", "'proxy.example' is no address, such as 10.0.0.5"),
    "an address with a port": ("trusted_proxies", "10.0.0.5:80", "is no address"),
    "half a network": ("trusted_proxies", "10.0.0.5/8", "is no address"),
    "one bad origin of two": ("api_origins", "https://a,b", "'b' is no origin"),
    "limit without route": ("limits", "15/900", "'15/900' is not ROUTE=COUNT/SECONDS, such as muteUser=50/900"),
    "limit of nothing like a route": ("limits", "zzz=1/1", "no route is called 'zzz': docs/settings.md has them all"),
    "limit of no route": ("limits", "getUserMuting=1/1", "did you mean getUsersMuting?"),
    "limit without seconds": ("limits", "muteUser=15", "muteUser: '15' is not COUNT/SECONDS, such as 50/900"),
    "limit of v1.1 without seconds": (
        "limits",
        "mutes/users/ids=3",
        "mutes/users/ids: '3' is not COUNT/SECONDS, such as 15/900",
    ),
    "limit of nothing": ("limits", "muteUser=0/900", "is not 1 to"),
    "limit without end": ("limits", "muteUser=1/0", "is not 1 to"),
    "another database": ("database", "mysql://h/d", "no database address: give sqlite:///PATH"),
    "another world": ("world", "mysql://h/d", "no database address"),
    "no Redis": ("redis", "localhost:6379", "no address of Redis: give redis://HOST:PORT"),
    "nowhere to listen": ("metrics", "9464", "'9464' is no HOST:PORT, such as 127.0.0.1:9464"),
    "nobody to listen": ("metrics", ":9464", "is no HOST:PORT"),
    "no port to listen on": ("metrics", "localhost:0", "is no HOST:PORT"),
    "a port too large to listen on": ("metrics", "localhost:65536", "is no HOST:PORT"),
    "too few sessions": ("database_connections", "1", "1 is not between 2 and 500"),
    "no process": ("processes", "0", "0 is not between 1 and 256"),
}


@pytest.mark.parametrize(("name", "text", "reason"), BAD_TEXTS.values(), ids=BAD_TEXTS)
def test_bad_texts_are_refused_with_a_reason(name: str, text: str, reason: str) -> None:
    with pytest.raises(ValueError) as raised:
        from_text(setting(name), text)
    assert reason in str(raised.value)


def test_a_bad_secret_is_not_repeated() -> None:
    with pytest.raises(ValueError) as raised:
        from_text(setting("secret_key"), "hunter2")
    assert "hunter2" not in str(raised.value)


GOOD_TOML: dict[str, tuple[str, Any, object]] = {
    "text": ("host", "::1", "::1"),
    "number": ("port", 80, 80),
    "path": ("data_dir", "world", Path("world")),
    "truth": ("rate_limits", False, False),
    "list": ("api_origins", ["https://a"], ("https://a",)),
    "empty list": ("api_origins", [], ()),
    "table": ("limits", {"muteUser": "5/60"}, {"muteUser": RateLimit(5, 60)}),
}


@pytest.mark.parametrize(("name", "raw", "value"), GOOD_TOML.values(), ids=GOOD_TOML)
def test_toml_values_have_their_own_types(name: str, raw: Any, value: object) -> None:
    assert from_toml(setting(name), raw) == value


BAD_TOML: dict[str, tuple[str, Any, str]] = {
    "number in quotes": ("port", "80", "must be a whole number"),
    "number true": ("port", True, "must be a whole number"),
    "number with a point": ("port", 80.0, "must be a whole number"),
    "truth as text": ("rate_limits", "true", "must be true or false"),
    "truth as number": ("rate_limits", 1, "must be true or false"),
    "text as number": ("host", 1, "must be a text in quotes"),
    "path as list": ("data_dir", [], "must be a text in quotes"),
    "list as text": ("api_origins", "https://a", "must be a list of texts"),
    "list of numbers": ("api_origins", [1], "must be a list of texts"),
    "table as list": ("limits", [], "must be a table"),
    "table of tables": ("limits", {"muteUser": {"count": 1}}, "must be a table"),
    "out of bounds": ("port", 70_000, "70000 is not between 0 and 65535"),
}


@pytest.mark.parametrize(("name", "raw", "reason"), BAD_TOML.values(), ids=BAD_TOML)
def test_bad_toml_values_are_refused_with_a_reason(name: str, raw: Any, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        from_toml(setting(name), raw)


NEAREST = {
    "close": ("prot", ["host", "port", "people"], ": did you mean port?"),
    "not close, few": ("zzz", ["host", "port"], ": known are host, port"),
    "not close, many": ("zzz", [f"name_{number}" for number in range(20)], ""),
}


@pytest.mark.parametrize(("wrong", "known", "hint"), NEAREST.values(), ids=NEAREST)
def test_the_nearest_known_name_is_suggested(wrong: str, known: list[str], hint: str) -> None:
    assert nearest(wrong, known) == hint
