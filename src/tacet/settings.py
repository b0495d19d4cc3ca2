"""Everything that can be set, once: each field is a flag, a variable, a TOML key and a documented row."""

from collections.abc import Iterator, Mapping
from dataclasses import Field, dataclass, field, fields
from pathlib import Path
from typing import Any

from tacet.limits.defaults import DEFAULT_LIMITS
from tacet.limits.rates import RateLimit
from tacet.setting_rules import (
    MAX_BYTES,
    MAX_PORT,
    MAX_SECONDS,
    Named,
    Setting,
    check_key,
    check_listener,
    check_network,
    check_origin,
    check_redis,
)
from tacet.store import address

SANDBOX = "sandbox"
"""For people who build on X's API: a seeded world with known keys."""

SERVE = "serve"
"""For platforms: no known keys, a secret key required."""

ADMIN = "admin"
"""The commands that work on a database beside the server that serves it."""

X_API_ORIGINS = ("https://api.x.com", "https://api.twitter.com")
"""Where unmodified OAuth 1.0a clients believe they are talking to, and so what they sign over."""

MAX_PROCESSES = 256
"""More than any machine has cores for; each costs some 60 MB."""

MAX_DATABASE_CONNECTIONS = 500
"""More of one process only queue inside PostgreSQL, which serves about as many as it has cores at a time."""

_SERVERS = (SANDBOX, SERVE)
_DATABASE = (SERVE, ADMIN)
_AT_LEAST_ONE = 1
_SECONDS: dict[str, Any] = {"metavar": "SECONDS", "maximum": MAX_SECONDS}


def _set(commands: tuple[str, ...], help_: str, metavar: str = "", **more: Any) -> dict[str, Setting]:
    return {"setting": Setting(commands, help_, metavar, **more)}


@dataclass(frozen=True, slots=True)
class Settings:
    """What one process runs with; `tacet.cli.sources` reads it from flags, environment and TOML.

    `mode` is `SANDBOX` or `SERVE`: given by the command, never set.
    """

    mode: str
    host: str = field(
        default="127.0.0.1",
        metadata=_set(_SERVERS, "Address to listen on; 0.0.0.0 means every address of the machine.", "ADDRESS"),
    )
    port: int = field(
        default=8080,
        metadata=_set(_SERVERS, "Port to listen on; 0 picks a free one.", "PORT", maximum=MAX_PORT),
    )
    public_url: str = field(
        default="",
        metadata=_set(
            _SERVERS,
            "Where people reach the pages, when a proxy ends TLS: https makes cookies secure.",
            metavar="ORIGIN",
            check=check_origin,
        ),
    )
    data_dir: Path | None = field(
        default=None,
        metadata=_set((SANDBOX,), "Keep the world in this folder; else it lives in memory.", "DIR", key="data"),
    )
    people: int = field(
        default=200,
        metadata=_set(
            (SANDBOX,),
            "People in the seeded world: 5,000 take about 1.3 s to make, 100,000 about 18 s.",
            "COUNT",
            minimum=3,
            maximum=100_000,
        ),
    )
    seed: int = field(
        default=7,
        metadata=_set((SANDBOX,), "Seed of the world: the same seed gives the same people.", "NUMBER"),
    )
    world: str = field(
        default="",
        repr=False,  # an address may hold a password
        metadata=_set(
            (SANDBOX,),
            "Keep the world in this PostgreSQL database, which holds nothing else.",
            "URL",
            check=address.check,
        ),
    )
    database: str = field(
        default="sqlite:///tacet.db",
        repr=False,
        metadata=_set(
            _DATABASE,
            "Address of the database: sqlite:///PATH, or postgresql://USER@HOST/NAME.",
            metavar="URL",
            check=address.check,
        ),
    )
    database_connections: int = field(
        default=10,
        metadata=_set(
            (SERVE,),
            "Connections of each process to PostgreSQL.",
            "COUNT",
            minimum=2,
            maximum=MAX_DATABASE_CONNECTIONS,
        ),
    )
    database_timeout_s: int = field(
        default=5,
        metadata=_set(
            (SERVE,),
            "Give up on a statement in PostgreSQL, past it 503; twice that, on a request.",
            minimum=1,
            **_SECONDS,
        ),
    )
    processes: int = field(
        default=1,
        metadata=_set(
            (SERVE,),
            "Processes that serve; more than one need PostgreSQL and Redis.",
            "COUNT",
            minimum=_AT_LEAST_ONE,
            maximum=MAX_PROCESSES,
        ),
    )
    redis: str = field(
        default="",
        repr=False,
        metadata=_set(
            (SERVE,),
            "Redis that all processes share, redis://HOST:PORT, rediss:// or unix://PATH.",
            metavar="URL",
            check=check_redis,
        ),
    )
    secret_key: str = field(
        default="",
        repr=False,
        metadata=_set(
            _DATABASE,
            "Key that protects the secrets in the database; `tacet secrets new` prints one.",
            metavar="PATH",
            check=check_key,
            secret=True,
        ),
    )
    old_secret_key: str = field(
        default="",
        repr=False,
        metadata=_set(
            _DATABASE,
            "Key before that one, while the database holds secrets that it sealed; see `tacet secrets rotate`.",
            metavar="PATH",
            check=check_key,
            secret=True,
        ),
    )
    ready_file: Path | None = field(
        default=None,
        metadata=_set(_SERVERS, "Write this JSON file once requests are accepted; at the end it is removed.", "PATH"),
    )
    rate_limits: bool = field(default=True, metadata=_set(_SERVERS, "Count requests, and answer 429 past the limits."))
    limits: Mapping[str, RateLimit] = field(
        default_factory=lambda: DEFAULT_LIMITS,
        metadata=_set(
            _SERVERS,
            "Requests per window of one route; the other routes keep theirs.",
            metavar="ROUTE=COUNT/SECONDS",
            flag="--limit",
        ),
    )
    api_origins: tuple[str, ...] = field(
        default=X_API_ORIGINS,
        metadata=_set(
            _SERVERS,
            "Origins that OAuth 1.0a clients may sign over instead of this server's own.",
            metavar="ORIGIN",
            flag="--api-origin",
            check=check_origin,
        ),
    )
    trusted_proxies: tuple[str, ...] = field(
        default=(),
        metadata=_set(
            _SERVERS,
            "Proxies, or networks of them, whose X-Forwarded-For says where a sign-in comes from.",
            metavar="ADDRESS",
            flag="--trusted-proxy",
            check=check_network,
        ),
    )
    max_body_bytes: int = field(
        default=65_536, metadata=_set(_SERVERS, "Largest request body; past it 413.", "BYTES", minimum=1_024)
    )
    max_header_bytes: int = field(
        default=16_384,
        metadata=_set(_SERVERS, "Largest request line and headers; past it 431.", "BYTES", minimum=1_024),
    )
    max_connections: int = field(
        default=1_000,
        metadata=_set(_SERVERS, "Connections open at once; past it 503.", "COUNT", minimum=_AT_LEAST_ONE),
    )
    max_requests: int = field(
        # At half a millisecond of a processor each, whoever is accepted waits a quarter of a second for the others.
        default=512,
        metadata=_set(_SERVERS, "Requests answered at once; past it 503.", "COUNT", minimum=_AT_LEAST_ONE),
    )
    backlog: int = field(
        default=2_048,
        metadata=_set(_SERVERS, "Connections waiting to be accepted.", "COUNT", minimum=_AT_LEAST_ONE),
    )
    write_queue_length: int = field(
        default=4_096,
        metadata=_set(_SERVERS, "Writes waiting for the disk; past it 503.", "COUNT", minimum=_AT_LEAST_ONE),
    )
    person_cache_entries: int = field(
        default=50_000,
        metadata=_set(
            _SERVERS,
            "People kept in memory, and of people and posts each, kept rendered.",
            "COUNT",
            minimum=_AT_LEAST_ONE,
        ),
    )
    person_cache_bytes: int = field(
        default=64 << 20,
        metadata=_set(
            _SERVERS,
            "Memory for rendered people and posts, half for each.",
            "BYTES",
            minimum=1 << 20,
            maximum=MAX_BYTES,
        ),
    )
    keep_alive_timeout_s: int = field(
        default=5, metadata=_set(_SERVERS, "Close a connection that is idle for so long.", **_SECONDS)
    )
    request_timeout_s: int = field(
        default=30,
        metadata=_set(_SERVERS, "Give up on a request that has not arrived by then.", minimum=1, **_SECONDS),
    )
    shutdown_timeout_s: int = field(
        default=7,  # what is open is closed after that, and ten seconds after they were told to stop servers are killed
        metadata=_set(_SERVERS, "When stopping, let running requests finish for so long.", **_SECONDS),
    )
    log_level: str = field(
        default="info",
        metadata=_set(
            _SERVERS,
            "What is logged to standard error.",
            metavar="LEVEL",
            choices=("debug", "info", "warning", "error"),
        ),
    )
    log_format: str = field(
        default="text",
        metadata=_set(
            _SERVERS, "How it is logged: for people, or an object a line.", "FORMAT", choices=("text", "json")
        ),
    )
    log_requests: bool = field(
        default=False, metadata=_set(_SERVERS, "Log every request: its route, status, time and id.")
    )
    metrics: str = field(
        default="",
        metadata=_set(
            _SERVERS,
            "Answer Prometheus here, and process k of several at PORT + k.",
            metavar="HOST:PORT",
            check=check_listener,
        ),
    )


def _named(of: Field[Any]) -> Named:
    default = of.default_factory() if callable(of.default_factory) else of.default
    return Named(of.name, of.type, default, of.metadata["setting"])


def all_settings() -> Iterator[Named]:
    """Every setting, in the order of the class."""
    return (_named(each) for each in fields(Settings) if "setting" in each.metadata)


def settings_of(command: str) -> Iterator[Named]:
    """The settings of `SANDBOX`, `SERVE` or `ADMIN`."""
    return (named for named in all_settings() if command in named.setting.commands)
