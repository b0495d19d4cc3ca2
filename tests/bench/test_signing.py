import random
import re

import pytest
from oauthlib.oauth1 import Client

from bench import world
from bench.signing import SPREAD_S, lines, signed, signed_page
from tacet.identity.oauth1.nonces import TIMESTAMP_WINDOW_S

NOW_S = 1_800_000_000
X = ("https", "api.x.com")


def parameters(authorization: str) -> dict[str, str]:
    return dict(re.findall(r'(\w+)="([^"]*)"', authorization))


@pytest.mark.parametrize("scheme_and_host", [X, ("http", "127.0.0.1:8080")], ids=["x", "here"])
def test_signatures_are_those_of_another_client(scheme_and_host: tuple[str, str]) -> None:
    path, authorization = signed_page(4, scheme_and_host, NOW_S, random.Random(1))
    ours = parameters(authorization)
    client = Client(
        world.CONSUMER_KEY,
        client_secret=world.CONSUMER_SECRET,
        resource_owner_key=world.oauth1_text(4),
        resource_owner_secret=world.oauth1_secret(4),
        nonce=ours["oauth_nonce"],
        timestamp=ours["oauth_timestamp"],
    )
    scheme, host = scheme_and_host
    _, headers, _ = client.sign(f"{scheme}://{host}{path}", "GET")
    assert ours == parameters(headers["Authorization"])


def test_a_query_is_signed_too() -> None:
    path, query = "/1.1/mutes/users/ids.json", {"cursor": "-1", "b": "2"}
    ours = parameters(signed(4, path, query, X, NOW_S, random.Random(1)))
    plain = parameters(signed(4, path, {}, X, NOW_S, random.Random(1)))
    client = Client(
        world.CONSUMER_KEY,
        client_secret=world.CONSUMER_SECRET,
        resource_owner_key=world.oauth1_text(4),
        resource_owner_secret=world.oauth1_secret(4),
        nonce=ours["oauth_nonce"],
        timestamp=ours["oauth_timestamp"],
    )
    _, headers, _ = client.sign(f"https://api.x.com{path}?cursor=-1&b=2", "GET")
    assert ours == parameters(headers["Authorization"])
    assert ours["oauth_signature"] != plain["oauth_signature"]


def test_each_request_has_a_nonce_of_its_own_and_a_timestamp_within_the_window() -> None:
    made = [parameters(line) for line in lines([5] * 500, X, NOW_S, random.Random(1))]
    assert len({each["oauth_nonce"] for each in made}) == 500
    ages_s = {NOW_S - int(each["oauth_timestamp"]) for each in made}
    assert ages_s <= set(range(SPREAD_S))
    assert len(ages_s) > SPREAD_S // 2
    assert SPREAD_S < TIMESTAMP_WINDOW_S


def test_a_line_is_method_path_and_authorization() -> None:
    [line] = lines([6], X, NOW_S, random.Random(1))
    method, path, authorization = line.removesuffix("\n").split("\t")
    assert (method, path) == ("GET", f"/2/users/{world.person_id(6)}/muting")
    assert authorization.startswith("OAuth oauth_consumer_key=")
