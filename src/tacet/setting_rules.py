"""What one setting is: its names, and the values that cannot be right."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

ENV_PREFIX = "TACET_"

MAX_PORT = 65_535

MAX_SECONDS = 24 * 3600
"""No timeout or rate window is longer than X's longest, a day."""

MAX_COUNT = 1_000_000_000
"""Larger counts are typing errors; every counter and every database integer holds this one."""

MAX_BYTES = 1 << 40
"""As `MAX_COUNT`, for sizes: a tebibyte."""

_ORIGIN = re.compile(r"https?://(\[[0-9a-fA-F:.]+\]|[0-9A-Za-z._-]+)(:(?P<port>[1-9][0-9]{0,4}))?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Setting:
    """What a field of `Settings` is beyond its type and default.

    Attributes:
        commands: which commands it belongs to: `SANDBOX`, `SERVE`, `ADMIN`.
        help: one sentence for `--help` and the documentation.
        metavar: what stands for its value there.
        key: its name outside where that is not the field's: TOML key, and with a prefix flag and variable.
        flag: its flag where that is not `--` and the key.
        minimum, maximum: bounds of a number, both inclusive.
        choices: the only values of a text.
        check: raises ValueError, with a reason, for a text that cannot be right.
        secret: never shown, and no flag of its own: every user of the machine can read arguments.
    """

    commands: tuple[str, ...]
    help: str
    metavar: str = ""
    key: str = ""
    flag: str = ""
    minimum: int = 0
    maximum: int = MAX_COUNT
    choices: tuple[str, ...] = ()
    check: Callable[[str], object] | None = None
    secret: bool = False


def check_origin(origin: str) -> None:
    """Raise ValueError unless it is a scheme, a host and a port, and nothing after them."""
    found = _ORIGIN.fullmatch(origin)
    if not found or int(found["port"] or 0) > MAX_PORT:
        raise ValueError(f"{origin!r} is no origin: give https://HOST or https://HOST:PORT, nothing after it")


def check_network(network: str) -> None:
    """Raise ValueError unless it is an address, or a network of them."""
    # Imported here, as below: every command reads the settings, few need this one.
    from ipaddress import ip_network

    try:
        ip_network(network)
    except ValueError:
        message = "is no address, such as 10.0.0.5, and no network, such as 10.0.0.0/8"
        raise ValueError(f"{network!r} {message}") from None


def check_redis(text: str) -> None:
    """Raise ValueError unless it is the address of a Redis."""
    from tacet.redis.address import read_address

    read_address(text)


def check_listener(text: str) -> None:
    """Raise ValueError unless it is a host and a port."""
    host, colon, port = text.rpartition(":")
    if not (host and colon and port.isascii() and port.isdigit() and len(port) <= 5 and 1 <= int(port) <= MAX_PORT):
        raise ValueError(f"{text!r} is no HOST:PORT, such as 127.0.0.1:9464")


def check_key(secret_key: str) -> None:
    """Raise ValueError unless it is a secret key."""
    from tacet.identity.vault import VaultError, check_secret_key

    try:
        check_secret_key(secret_key)
    except VaultError as error:
        raise ValueError(str(error)) from None


@dataclass(frozen=True, slots=True)
class Named:
    """One setting with its names."""

    field_name: str
    type: Any
    default: Any
    setting: Setting

    @property
    def key(self) -> str:
        """Its TOML key."""
        return self.setting.key or self.field_name

    @property
    def variable(self) -> str:
        """Its environment variable."""
        return ENV_PREFIX + self.key.upper()

    @property
    def flag(self) -> str:
        """Its flag; a secret's names a file that holds the value."""
        ending = "-file" if self.setting.secret else ""
        return self.setting.flag or f"--{self.key.replace('_', '-')}{ending}"
