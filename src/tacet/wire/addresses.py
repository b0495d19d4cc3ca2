"""Where a request comes from, for limits: the peer, or behind a trusted proxy what that says of the client."""

from collections.abc import Iterator, Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from starlette.types import Scope

MAX_HOPS = 16
"""Entries of `X-Forwarded-For` that are looked at, from the right: no chain of proxies is longer."""

MAX_FORWARDED_BYTES = 4_096
"""Of `X-Forwarded-For` that are looked at, from the right: clients may send any number on the left."""

IPV6_PREFIX = 64
"""What one subscriber has of IPv6 at least (RFC 6177 section 2): a limit for less would be none."""

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network


class Addresses:
    """Tells where requests come from.

    Args:
        trusted: addresses and networks of proxies whose `X-Forwarded-For` is believed.

    Raises:
        ValueError: one of them is neither.
    """

    def __init__(self, trusted: Sequence[str] = ()) -> None:
        self._trusted = tuple(ip_network(each) for each in trusted)

    def of(self, scope: Scope) -> str:
        """The client's address: of IPv4 all of it, of IPv6 its network; empty when the server does not know."""
        return client_address(scope, self._trusted)


def client_address(scope: Scope, trusted: Sequence[Network]) -> str:
    """The right-most address that is no trusted proxy's.

    Only the peer itself is sure. It is asked for the one before it when it is a trusted proxy, that one in turn when it
    is one, and so on; what cannot be read ends the chain at the proxy that passed it on.
    """
    client = scope.get("client")
    address = _read(client[0]) if client else None
    if address is None:
        return ""
    for entry in _forwarded(scope):
        if not _is_trusted(address, trusted):
            break
        before = _read(entry)
        if before is None:
            break
        address = before
    return _subscriber(address)


def _forwarded(scope: Scope) -> Iterator[str]:
    """The entries of all `X-Forwarded-For` headers, the last one first."""
    values = [value for name, value in scope["headers"] if name == b"x-forwarded-for"]
    joined = b",".join(values)[-MAX_FORWARDED_BYTES:].decode("latin-1")
    yield from reversed(joined.rsplit(",", MAX_HOPS)[-MAX_HOPS:])


def _read(entry: str) -> Address | None:
    """An address, with or without a port, as proxies write them: `192.0.2.1:80`, `[2001:db8::1]:80`."""
    text = entry.strip(" \t")
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        address = ip_address(text.partition("%")[0])
    except ValueError:
        return None
    # A socket for both families shows IPv4 in IPv6's clothes.
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address


def _is_trusted(address: Address, trusted: Sequence[Network]) -> bool:
    return any(address in network for network in trusted)


def _subscriber(address: Address) -> str:
    if isinstance(address, IPv4Address):
        return str(address)
    return str(IPv6Network((address, IPV6_PREFIX), strict=False))
