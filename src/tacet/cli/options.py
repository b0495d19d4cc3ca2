"""Command line options made from the settings, and how values are shown."""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import click

from tacet.limits.rates import RateLimit
from tacet.setting_rules import Named
from tacet.settings import settings_of

MAX_ID_DIGITS = 19
"""Ids are at most 2^63 - 1."""

F = TypeVar("F", bound=Callable[..., Any])


def read_id(text: str) -> int:
    """The id that an option gives.

    Raises:
        BadParameter: it is none.
    """
    if not (text.isascii() and text.isdigit() and len(text) <= MAX_ID_DIGITS and int(text)):
        raise click.BadParameter(f"{text!r} is no id: give a whole number")
    return int(text)


def settings_options(command: str) -> Callable[[F], F]:
    """Give a command the options of `SANDBOX`, `SERVE` or `ADMIN`, and `--config`.

    They arrive as texts by field name, None where not given: `tacet.cli.sources.load` reads them, so that a
    value means the same wherever it stands.
    """

    def decorate(function: F) -> F:
        for named in reversed([*settings_of(command)]):
            function = _option(named)(function)
        config = click.option(
            "--config",
            metavar="PATH",
            help="TOML file with settings, as TACET_CONFIG.",
        )
        return config(function)

    return decorate


def shown_default(named: Named) -> str:
    """A setting's default in words; empty if there is none."""
    if isinstance(named.default, Mapping):
        return ", ".join(f"{route}={shown_limit(limit)}" for route, limit in named.default.items())
    if isinstance(named.default, tuple):
        return ", ".join(named.default)
    if isinstance(named.default, bool):
        return "on" if named.default else "off"
    return "" if named.default is None else str(named.default)


def shown_limit(limit: RateLimit) -> str:
    """A limit as it is written in settings."""
    return f"{limit.count}/{limit.window_s}"


def option_help(named: Named) -> str:
    """What `--help` says of a setting, without its default."""
    text = named.setting.help
    if named.setting.secret:
        return f"File that holds the {text[0].lower()}{text[1:]}"
    if named.setting.choices:
        return f"{text} One of {', '.join(named.setting.choices)}."
    return text


def _option(named: Named) -> Callable[[F], F]:
    names = [named.flag, named.field_name]
    if named.type is bool:
        names[0] = f"{named.flag}/{named.flag.replace('--', '--no-', 1)}"
        return click.option(*names, default=None, help=_with_default(named))
    several = isinstance(named.default, tuple | Mapping)
    return click.option(*names, metavar=named.setting.metavar, multiple=several, help=_with_default(named))


def _with_default(named: Named) -> str:
    text = option_help(named)
    if isinstance(named.default, tuple | Mapping):
        text += " May be repeated."
    # X's own limits would fill a screen; the documentation has them.
    default = "X's own" if isinstance(named.default, Mapping) else shown_default(named)
    return f"{text}  [default: {default}]" if default else text
