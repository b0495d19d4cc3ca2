"""Where settings come from: flags go before variables, those before the TOML file, that before defaults."""

import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from tacet.cli.exits import CommandError, Exit
from tacet.cli.values import from_text, from_toml, nearest
from tacet.setting_rules import ENV_PREFIX, Named
from tacet.settings import Settings, all_settings

CONFIG_VARIABLE = f"{ENV_PREFIX}CONFIG"
"""Names the TOML file where no --config does."""

MAX_CONFIG_BYTES = 1 << 20
"""A configuration is a page of text; a mebibyte of it is some other file."""

MAX_SECRET_BYTES = 4_096
"""As `MAX_CONFIG_BYTES`, for a file that holds one secret."""

Values = dict[str, Any]
"""Values by field name."""


def load(mode: str, command: str, flags: Mapping[str, Any], environ: Mapping[str, str]) -> Settings:
    """The settings of one process.

    Several commands share an environment and a file, so settings of other commands may stand there: they are
    checked like the rest, then left at their defaults.

    Args:
        mode: `SANDBOX` or `SERVE`.
        command: `SANDBOX`, `SERVE` or `ADMIN`: whose settings count.
        flags: texts, tuples of texts and booleans by field name, None where not given; `config` is the file.
        environ: the environment.

    Raises:
        CommandError: USAGE for a flag, CONFIGURATION for the rest; one line: source, cause and remedy.
    """
    config = flags.get("config") or environ.get(CONFIG_VARIABLE)
    layers = (_from_file(Path(config)) if config else {}, _from_environment(environ), _from_flags(flags))
    known = {named.field_name: named for named in all_settings()}
    merged: Values = {"limits": known["limits"].default}
    for layer in layers:
        merged |= {**layer, "limits": {**merged["limits"], **layer.get("limits", {})}}
    return Settings(mode=mode, **{name: merged[name] for name in merged if command in known[name].setting.commands})


def _from_environment(environ: Mapping[str, str]) -> Values:
    known = _with_files({named.variable: named for named in all_settings()}, "_FILE")
    values: Values = {}
    for variable in sorted(environ):
        if not variable.startswith(ENV_PREFIX) or variable == CONFIG_VARIABLE:
            continue
        if variable not in known:
            hint = nearest(variable, [*known, CONFIG_VARIABLE]) or ": unset it"
            raise CommandError(Exit.CONFIGURATION, f"unknown variable {variable}{hint}")
        named, text = known[variable], environ[variable]
        if variable != named.variable:
            text = _secret(text, variable)
        _put(values, named, variable, _read(from_text, named, text, variable))
    return values


def _from_file(path: Path) -> Values:
    known = _with_files({named.key: named for named in all_settings()}, "_file")
    values: Values = {}
    for key, value in _table(path).items():
        source = f"{path}: {key}"
        if key not in known:
            raise CommandError(Exit.CONFIGURATION, f"{path}: unknown key {key}{nearest(key, known) or ': remove it'}")
        named = known[key]
        if key != named.key:
            value = _secret(value, source)
        _put(values, named, source, _read(from_toml, named, value, source))
    return values


def _from_flags(flags: Mapping[str, Any]) -> Values:
    values: Values = {}
    for named in all_settings():
        given = flags.get(named.field_name)
        if isinstance(given, bool):
            values[named.field_name] = given
        elif given and named.setting.secret:
            values[named.field_name] = _read(from_text, named, _secret(given, named.flag), named.flag)
        elif given is not None and given != ():
            text = ",".join(given) if isinstance(given, tuple) else given
            values[named.field_name] = _read(from_text, named, text, named.flag, Exit.USAGE)
    return values


def _with_files(known: dict[str, Named], ending: str) -> dict[str, Named]:
    """Each secret has a second name, for a file that holds it."""
    return known | {f"{name}{ending}": named for name, named in known.items() if named.setting.secret}


def _put(values: Values, named: Named, source: str, value: object) -> None:
    if named.field_name in values:
        raise CommandError(Exit.CONFIGURATION, f"{source}: {named.key} is given here twice, also as a file: keep one")
    values[named.field_name] = value


def _read(
    reader: Callable[[Named, Any], object],
    named: Named,
    raw: object,
    source: str,
    code: Exit = Exit.CONFIGURATION,
) -> object:
    try:
        return reader(named, raw)
    except ValueError as error:
        raise CommandError(code, f"{source}: {error}") from None


def _table(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(_text(path, MAX_CONFIG_BYTES))
    except tomllib.TOMLDecodeError as error:
        message = f'{path}: no TOML: {error}; a line is key = value, with texts in quotes: host = "127.0.0.1"'
        raise CommandError(Exit.CONFIGURATION, message) from None
    except ValueError as error:
        raise CommandError(Exit.CONFIGURATION, f"{path}: {error}") from None


def _secret(path: object, source: str) -> str:
    if not isinstance(path, str):
        raise CommandError(Exit.CONFIGURATION, f"{source}: must be the path of a file, in quotes")
    try:
        return _text(Path(path), MAX_SECRET_BYTES)
    except CommandError as error:
        raise CommandError(error.code, f"{source}: the file of a secret, {error}; correct the path") from None
    except ValueError:
        # The reason would quote the file, and the file is a secret.
        raise CommandError(Exit.CONFIGURATION, f"{source}: {path} holds no secret, one line of text") from None


def _text(path: Path, max_bytes: int) -> str:
    try:
        with path.open("rb") as file:
            content = file.read(max_bytes + 1)
    except OSError as error:
        raise CommandError(Exit.CONFIGURATION, f"{path} cannot be read: {error.strerror}") from None
    if len(content) > max_bytes:
        raise ValueError(f"longer than {max_bytes} bytes")
    return content.decode()
