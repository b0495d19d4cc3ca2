from collections.abc import Sequence
from ipaddress import ip_network

import pytest
from starlette.types import Scope

from tacet.wire.addresses import MAX_HOPS, Addresses, client_address

PROXY, INNER_PROXY = "10.0.0.1", "10.0.0.2"
CLIENT = "192.0.2.7"


def scope(peer: str | None, *forwarded: str) -> Scope:
    """A request from `peer`, with these values of X-Forwarded-For among its headers."""
    headers = [(b"host", b"a"), *[(b"x-forwarded-for", each.encode("latin-1")) for each in forwarded], (b"via", b"b")]
    return {"type": "http", "headers": headers, "client": None if peer is None else (peer, 4321)}


TRUSTED = ["10.0.0.0/24", "fd00::/8", "127.0.0.1"]

CASES: dict[str, tuple[str | None, Sequence[str], str]] = {
    "no proxy": (CLIENT, [], CLIENT),
    "no proxy, and a claim": (CLIENT, ["198.51.100.1"], CLIENT),
    "no proxy, and a claim to be one": (CLIENT, [PROXY], CLIENT),
    "a proxy": (PROXY, [CLIENT], CLIENT),
    "a single trusted address": ("127.0.0.1", [CLIENT], CLIENT),
    "a claim before the proxy": (PROXY, [f"198.51.100.1, {CLIENT}"], CLIENT),
    "a claim to be a proxy before the proxy": (PROXY, [f"198.51.100.1, {PROXY}, {CLIENT}"], CLIENT),
    "two proxies": (PROXY, [f"{CLIENT}, {INNER_PROXY}"], CLIENT),
    "two proxies and a claim": (PROXY, [f"198.51.100.1, {CLIENT}, {INNER_PROXY}"], CLIENT),
    "a header of each proxy": (PROXY, ["198.51.100.1", CLIENT, INNER_PROXY], CLIENT),
    "the last header counts": (PROXY, ["198.51.100.1", CLIENT], CLIENT),
    "a proxy that says nothing": (PROXY, [], PROXY),
    "a proxy that says nothing else": (PROXY, [""], PROXY),
    "a proxy's own request": (PROXY, [INNER_PROXY], INNER_PROXY),
    "proxies only": (PROXY, ["10.0.0.3, 10.0.0.2"], "10.0.0.3"),
    "rubbish": (PROXY, ["unknown"], PROXY),
    "rubbish between": (PROXY, [f"{CLIENT}, _hidden, {INNER_PROXY}"], INNER_PROXY),
    "an empty entry between": (PROXY, [f"{CLIENT},, {INNER_PROXY}"], INNER_PROXY),
    "an empty entry at the end": (PROXY, [f"{CLIENT},"], PROXY),
    "rubbish before the client": (PROXY, [f"\x00\xff, {CLIENT}"], CLIENT),
    "a port": (PROXY, [f"{CLIENT}:49152"], CLIENT),
    "blanks": (PROXY, [f" \t{CLIENT}\t "], CLIENT),
    "digits that look like more": (PROXY, ["192.0.2.007"], PROXY),
    "numbers of another script": (PROXY, ["192.0.2.٧".encode().decode("latin-1")], PROXY),
    "a name": (PROXY, ["client.example"], PROXY),
    "IPv6": (PROXY, ["2001:db8:1:2:3:4:5:6"], "2001:db8:1:2::/64"),
    "IPv6 with a port": (PROXY, ["[2001:db8:1:2::1]:443"], "2001:db8:1:2::/64"),
    "IPv6 in brackets": (PROXY, ["[2001:db8:1:2::1]"], "2001:db8:1:2::/64"),
    "IPv6 of a link": ("fe80::1%eth0", [], "fe80::/64"),
    "an IPv6 proxy": ("fd00::1", [CLIENT], CLIENT),
    "an IPv6 client": ("2001:db8::1", [CLIENT], "2001:db8::/64"),
    "IPv4 in IPv6's clothes": ("::ffff:192.0.2.7", [], CLIENT),
    "a proxy in IPv6's clothes": (f"::ffff:{PROXY}", [f"::ffff:{CLIENT}"], CLIENT),
    "no peer": (None, [CLIENT], ""),
    "a peer without an address": ("unix:/run/tacet.sock", [CLIENT], ""),
}


@pytest.mark.parametrize(("peer", "forwarded", "expected"), CASES.values(), ids=CASES.keys())
def test_where_a_request_comes_from(peer: str | None, forwarded: Sequence[str], expected: str) -> None:
    assert Addresses(TRUSTED).of(scope(peer, *forwarded)) == expected


@pytest.mark.parametrize("forwarded", [[], [CLIENT], [f"{CLIENT}, {PROXY}"]])
def test_nobody_is_trusted_by_default(forwarded: Sequence[str]) -> None:
    assert Addresses().of(scope(PROXY, *forwarded)) == PROXY


def test_neighbours_of_one_subscriber_are_one_and_of_two_are_two() -> None:
    of = Addresses().of
    assert of(scope("2001:db8:0:1::1")) == of(scope("2001:db8:0:1:ffff::2"))
    assert of(scope("2001:db8:0:1::1")) != of(scope("2001:db8:0:2::1"))
    assert of(scope("192.0.2.1")) != of(scope("192.0.2.2"))


@pytest.mark.parametrize("hops", [MAX_HOPS - 1, MAX_HOPS, MAX_HOPS + 1, 5_000])
def test_a_chain_of_any_length_is_followed_so_far_only(hops: int) -> None:
    chain = ", ".join([CLIENT, *[INNER_PROXY] * hops])
    expected = CLIENT if hops < MAX_HOPS else INNER_PROXY
    assert client_address(scope(PROXY, chain), [ip_network("10.0.0.0/24")]) == expected


@pytest.mark.parametrize(
    "forwarded",
    [
        pytest.param([f"{'9' * 100_000}, {CLIENT}"], id="a-long-entry"),
        pytest.param(["198.51.100.1, " * 10_000 + CLIENT], id="many-entries"),
        pytest.param(["198.51.100.1"] * 10_000 + [CLIENT], id="many-headers"),
    ],
)
def test_what_clients_put_before_it_does_not_matter(forwarded: Sequence[str]) -> None:
    assert Addresses(TRUSTED).of(scope(PROXY, *forwarded)) == CLIENT


@pytest.mark.parametrize("wrong", ["proxy.example", "10.0.0.1/8", "10.0.0", "10.0.0.1:80"])
def test_what_is_no_network_cannot_be_trusted(wrong: str) -> None:
    with pytest.raises(ValueError) as refused:
        Addresses([wrong])
    assert wrong in str(refused.value)
