"""What the address of a Redis means."""

from dataclasses import dataclass, field
from urllib.parse import SplitResult, parse_qs, unquote, urlsplit

PORT = 6379
"""Redis's own, where the address names none."""

DEFAULT_USER = "default"
"""Whose password may be given without a name, which Redis before version 6 does not take."""

MAX_DATABASE_DIGITS = 4
"""Redis comes with 16 databases and may be set up with some thousands."""

_REMEDY = "give redis://HOST:PORT/DATABASE, rediss://HOST:PORT/DATABASE or unix:///PATH?db=DATABASE"


@dataclass(frozen=True, slots=True)
class RedisAddress:
    """Where a Redis is, and as whom to speak to it.

    Attributes:
        path: of a Unix socket; empty where `host` and `port` tell.
        user: empty for Redis's default user.
        password: empty for none.
        tls: whether to speak TLS, with a certificate that the system trusts.
    """

    host: str = ""
    port: int = PORT
    path: str = ""
    user: str = ""
    password: str = field(default="", repr=False)
    database: int = 0
    tls: bool = False

    def shown(self) -> str:
        """The address without user and password, for messages."""
        if self.path:
            return f"unix://{self.path}?db={self.database}"
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{'rediss' if self.tls else 'redis'}://{host}:{self.port}/{self.database}"


def read_address(text: str) -> RedisAddress:
    """The address in `redis://[[USER]:PASSWORD@]HOST[:PORT][/DATABASE]`, the same with `rediss` for TLS, or
    `unix://[[USER]:PASSWORD@]/PATH[?db=DATABASE]`. User and password may be percent-encoded.

    Raises:
        ValueError: it is none of these; the message holds nothing of the address.
    """
    try:
        parts = urlsplit(text)
        port = parts.port or PORT
    except ValueError:
        raise _unreadable() from None
    user, password = unquote(parts.username or ""), unquote(parts.password or "")
    if user and not password:
        raise ValueError("the address of Redis names a user without a password: give USER:PASSWORD@")
    if user == DEFAULT_USER:
        user = ""
    if parts.scheme == "unix":
        return RedisAddress(path=_socket_path(parts), user=user, password=password, database=_of_query(parts.query))
    if parts.scheme not in {"redis", "rediss"} or not parts.hostname or parts.query or parts.fragment:
        raise _unreadable()
    database = _number(parts.path.removeprefix("/") or "0")
    return RedisAddress(parts.hostname, port, "", user, password, database, parts.scheme == "rediss")


def _socket_path(parts: SplitResult) -> str:
    if parts.hostname or parts.path in {"", "/"} or parts.fragment:
        raise _unreadable()
    return unquote(parts.path)


def _of_query(query: str) -> int:
    if not query:
        return 0
    given = parse_qs(query, keep_blank_values=True)
    if list(given) != ["db"] or len(given["db"]) != 1:
        raise _unreadable()
    return _number(given["db"][0])


def _number(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= MAX_DATABASE_DIGITS):
        raise _unreadable()
    return int(text)


def _unreadable() -> ValueError:
    return ValueError(f"no address of Redis: {_REMEDY}")
