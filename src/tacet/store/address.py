"""What the address of a database means. Apart from opening it, because every command reads its settings."""

import re
from difflib import get_close_matches
from pathlib import Path
from urllib.parse import parse_qsl, unquote_plus, urlsplit

POSTGRESQL = ("postgresql://", "postgres://")

_PASSWORD = re.compile(r"(?i)^([a-z]+://[^/?#@:]*:).*@(?=[^@?]*(?:\?|$))")
SHOWN_PARAMETERS = frozenset(
    {
        *("host", "port", "user", "dbname", "database", "service", "search_path", "application_name"),
        *("sslmode", "sslrootcert", "sslcert", "sslcrl", "target_session_attrs", "connect_timeout"),
    }
)
"""Whose values are shown: what tells one database from another, and what is no secret in anybody's hands."""

_PLAIN = re.compile(r"[\w./:,%+~-]*")
"""A value with other signs may be more than one parameter to whoever reads it more leniently."""

HIDDEN = "***"

_OPTION = re.compile(r"[^A-Za-z0-9_.-]")

_KINDS = "give sqlite:///PATH (four slashes before an absolute path), or postgresql://USER@HOST:PORT/NAME"


PERCENT_ENCODE = "signs such as @ : / # ? in a password are percent-encoded (%40 %3A %2F %23 %3F)"
"""The remedy where an address may have been read otherwise than it was meant."""

OPTIONS = (
    *("host", "port", "dbname", "database", "user", "password", "passfile", "service", "servicefile"),
    *("sslmode", "sslcert", "sslkey", "sslrootcert", "sslcrl", "sslpassword", "sslnegotiation"),
    *("ssl_min_protocol_version", "ssl_max_protocol_version", "direct_tls", "target_session_attrs"),
    *("krbsrvname", "gsslib"),
)
"""What the driver takes after the `?`; anything else goes to the server, as one of its settings."""

ELSEWHERE = (
    *("connect_timeout", "channel_binding", "gssencmode", "keepalives", "keepalives_idle", "keepalives_interval"),
    *("keepalives_count", "tcp_user_timeout", "load_balance_hosts", "require_auth", "fallback_application_name"),
    *("requiressl", "sslcompression", "sslsni", "requirepeer", "hostaddr", "sslcertmode", "sslcrldir", "requiredauth"),
)
"""Options of libpq's that are neither."""

TLS_MODES = ("disable", "allow", "prefer", "require", "verify-ca", "verify-full")


def is_postgresql(database: str) -> bool:
    """Whether this is the address of a PostgreSQL database."""
    return database.startswith(POSTGRESQL)


def check(database: str) -> None:
    """Let the address of a database pass.

    Raises:
        ValueError: it is none; the message holds nothing of it.
    """
    if is_postgresql(database):
        _check_postgresql(database)
    else:
        sqlite_path(database)


def sqlite_path(database: str) -> Path:
    """The file of `sqlite:///relative.db` or `sqlite:////absolute.db`.

    Raises:
        ValueError: another kind of database, or no file; the message holds nothing of the address.
    """
    if is_postgresql(database):
        raise ValueError("only SQLite can do this: give sqlite:///PATH")
    scheme, _, rest = database.partition("://")
    if scheme != "sqlite" or not rest.startswith("/") or len(rest) == 1:
        raise ValueError(f"no database address: {_KINDS}")
    return Path(rest[1:])


def shown(address: str) -> str:
    """An address of a database or of Redis as it may be shown: without its password."""
    before, mark, query = _PASSWORD.sub(rf"\1{HIDDEN}@", address).partition("?")
    if not mark or address.startswith("sqlite:"):
        return before + mark + query
    return before + mark + "&".join(_shown_parameter(each) for each in query.split("&"))


def _shown_parameter(parameter: str) -> str:
    """However its name is spelt: what a driver makes of it is not known here."""
    name, equals, value = parameter.partition("=")
    if not equals:
        return HIDDEN if parameter else ""
    if unquote_plus(name).casefold() in SHOWN_PARAMETERS and _PLAIN.fullmatch(value):
        return parameter
    return f"{name}={HIDDEN}"


def _check_postgresql(database: str) -> None:
    """Several hosts, each with its own port, may be given: `postgresql://one:5432,two:5433/name`."""
    try:
        parts = urlsplit(database)
        name = parts.path.removeprefix("/")
        options = parse_qsl(parts.query, strict_parsing=bool(parts.query), keep_blank_values=True)
    except ValueError:
        raise ValueError(f"no database address: {_KINDS}; {PERCENT_ENCODE}") from None
    if parts.fragment or database.endswith("#"):
        raise ValueError(f"the database address has a #: {PERCENT_ENCODE}")
    for host in parts.netloc.rpartition("@")[2].split(","):
        port = host.rpartition("]")[2].partition(":")[2]
        if port and not (port.isascii() and port.isdigit() and 0 < int(port) < 1 << 16):
            raise ValueError(f"a port in the database address is no number from 1 to 65535; {PERCENT_ENCODE}")
    if not name or "/" in name:
        raise ValueError(
            f"the database address names no database: give postgresql://USER@HOST:PORT/NAME; {PERCENT_ENCODE}"
        )
    for option, value in options:
        _check_option(option, value)


def _check_option(option: str, value: str) -> None:
    """What no server has a setting for, and would refuse with few words."""
    if option in OPTIONS:
        if option == "sslmode" and value not in TLS_MODES:
            raise ValueError(f"sslmode in the database address is none of {', '.join(TLS_MODES)}")
        return
    meant = get_close_matches(option, OPTIONS, n=1, cutoff=0.8)
    if meant or option in ELSEWHERE:
        hint = f"did you mean {meant[0]}?" if meant else "remove it"
        raise ValueError(f"unknown option {_OPTION.sub('?', option)} in the database address: {hint}")
