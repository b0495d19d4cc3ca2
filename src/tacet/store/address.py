"""What the address of a database means. Apart from opening it, because every command reads its settings."""

import re
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

POSTGRESQL = ("postgresql://", "postgres://")

_PASSWORD = re.compile(r"^([a-z]+://[^/?#@:]*:).*@(?=[^@?]*(?:\?|$))")
_PASSWORD_PARAMETER = re.compile(r"([?&](?:password|sslpassword)=)[^&#]*")

_KINDS = "give sqlite:///PATH (four slashes before an absolute path), or postgresql://USER@HOST:PORT/NAME"


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
    return _PASSWORD_PARAMETER.sub(r"\1***", _PASSWORD.sub(r"\1***@", address))


def _check_postgresql(database: str) -> None:
    """Several hosts, each with its own port, may be given: `postgresql://one:5432,two:5433/name`."""
    try:
        parts = urlsplit(database)
        name = parts.path.removeprefix("/")
        parse_qsl(parts.query, strict_parsing=bool(parts.query))
    except ValueError:
        raise ValueError(f"no database address: {_KINDS}") from None
    for host in parts.netloc.rpartition("@")[2].split(","):
        port = host.rpartition("]")[2].partition(":")[2]
        if port and not (port.isascii() and port.isdigit() and 0 < int(port) < 1 << 16):
            raise ValueError("a port in the database address is no number from 1 to 65535")
    if not name or "/" in name:
        raise ValueError("the database address names no database: give postgresql://USER@HOST:PORT/NAME")
