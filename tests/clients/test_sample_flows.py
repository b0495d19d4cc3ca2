"""What X's sample programs do, step by step, each written anew: log in, look up, mute, unmute, all at X's own hosts.

The samples differ in little things that only a server notices: who asks without `oauth_callback`, who repeats it in
header and query, who does not sign what the access token is asked with.
"""

import base64
import hashlib
import os
import re
from typing import Any
from urllib.parse import parse_qsl

import pytest
import requests
from requests.auth import AuthBase
from requests_oauthlib import OAuth1, OAuth1Session, OAuth2Session

from tests.clients.logins import CALLBACK, SandboxApp, User
from tests.clients.person import Person
from tests.sandboxes import Resident, Sandbox

pytestmark = pytest.mark.usefixtures("plain_http", "x_is_here")

OLD_HOST, HOST = "https://api.twitter.com", "https://api.x.com"

hosts = pytest.mark.parametrize("host", [OLD_HOST, HOST], ids=["api.twitter.com", "api.x.com"])

FIELDS = {"user.fields": "created_at,description"}


def log_in_with_a_pin(app: SandboxApp, person: Person, host: str, question: str = "") -> OAuth1Session:
    """Ask for a request token, let the person read the PIN, and go on with the access token."""
    session = OAuth1Session(app.consumer_key, client_secret=app.consumer_secret)
    asked = session.fetch_request_token(f"{host}/oauth/request_token{question}")
    assert asked["oauth_callback_confirmed"] == "true"
    pin = person.pin(session.authorization_url(f"{host}/oauth/authorize"))
    finishing = OAuth1Session(
        app.consumer_key,
        client_secret=app.consumer_secret,
        resource_owner_key=asked["oauth_token"],
        resource_owner_secret=asked["oauth_token_secret"],
        verifier=pin,
    )
    token = finishing.fetch_access_token(f"{host}/oauth/access_token")
    return OAuth1Session(
        app.consumer_key,
        client_secret=app.consumer_secret,
        resource_owner_key=token["oauth_token"],
        resource_owner_secret=token["oauth_token_secret"],
    )


class TestPin:
    @hosts
    def test_looks_up_mutes_and_unmutes(self, host: str, main_app: SandboxApp, person: Person, user: User) -> None:
        session = log_in_with_a_pin(main_app, person, host)
        me = session.get(f"{host}/2/users/me", params=FIELDS)
        assert (me.status_code, me.json()["data"]["id"]) == (200, user.id)
        assert {"id", "name", "username", "created_at"} <= set(me.json()["data"])
        muting = f"{host}/2/users/{user.id}/muting"
        muted = session.post(muting, json={"target_user_id": "1003"})
        assert (muted.status_code, muted.json()) == (200, {"data": {"muting": True}})
        listed = session.get(muting, params=FIELDS)
        assert [(each["username"], "created_at" in each) for each in listed.json()["data"]] == [("carol", True)]
        unmuted = session.delete(f"{muting}/1003")
        assert (unmuted.status_code, unmuted.json()) == (200, {"data": {"muting": False}})
        assert session.get(muting, params=FIELDS).json() == {"meta": {"result_count": 0}}

    @pytest.mark.parametrize(
        "question",
        ["?oauth_callback=oob", "?oauth_callback=oob&x_auth_access_type=write"],
        ids=["callback-in-the-query", "access-type-too"],
    )
    def test_says_in_the_query_what_it_wants(
        self, question: str, main_app: SandboxApp, person: Person, user: User
    ) -> None:
        session = log_in_with_a_pin(main_app, person, OLD_HOST, question)
        created = session.post(f"{OLD_HOST}/2/tweets", json={"text": f"Posted by {user.username}."})
        assert created.status_code == 201
        assert session.delete(f"{OLD_HOST}/2/tweets/{created.json()['data']['id']}").json() == {
            "data": {"deleted": True}
        }

    def test_an_id_that_nobody_filled_in_is_told(self, main_app: SandboxApp, person: Person) -> None:
        session = log_in_with_a_pin(main_app, person, OLD_HOST)
        answer = session.get(f"{OLD_HOST}/2/users/your-user-id/muting", params=FIELDS)
        assert answer.status_code == 400
        assert "The `id` query parameter value [your-user-id]" in answer.json()["errors"][0]["message"]

    def test_works_where_the_access_token_is_asked_for_without_signing_what_it_is_for(
        self, main_app: SandboxApp, person: Person, user: User
    ) -> None:
        keys = (main_app.consumer_key, main_app.consumer_secret)
        # Once in the header and once in the query, and signed once, as the samples in JavaScript have it.
        asking = SignedWithoutQuery(OAuth1(*keys, callback_uri="oob"))
        asked = requests.post(f"{OLD_HOST}/oauth/request_token", params={"oauth_callback": "oob"}, auth=asking)
        request_token = dict(parse_qsl(asked.text))["oauth_token"]
        pin = person.pin(f"{OLD_HOST}/oauth/authorize?oauth_token={request_token}")
        finished = requests.post(
            f"{OLD_HOST}/oauth/access_token",
            params={"oauth_verifier": pin, "oauth_token": request_token},
            auth=SignedWithoutQuery(OAuth1(*keys)),
        )
        token = dict(parse_qsl(finished.text))
        assert (token["user_id"], token["screen_name"]) == (user.id, user.username)
        signing = OAuth1(*keys, token["oauth_token"], token["oauth_token_secret"])
        assert requests.get(f"{OLD_HOST}/2/users/me", auth=signing).json()["data"]["username"] == user.username


class SignedWithoutQuery(AuthBase):
    """Signs the address alone, and adds the query afterwards."""

    def __init__(self, auth: OAuth1) -> None:
        self._auth = auth

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        address, _, query = str(request.url).partition("?")
        request.url = address
        signed: requests.PreparedRequest = self._auth(request)
        signed.url = f"{address}?{query}"
        return signed


def code_verifier() -> str:
    """As the samples make one: random bytes, less what an address would have to escape."""
    return re.sub("[^a-zA-Z0-9]+", "", base64.urlsafe_b64encode(os.urandom(30)).decode())


def code_challenge(verifier: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")


class TestUserToken:
    """OAuth 2.0 with PKCE: by hand what a library could do, as the samples have it."""

    def log_in(self, app: SandboxApp, person: Person, scopes: list[str]) -> tuple[OAuth2Session, dict[str, Any]]:
        session, verifier = OAuth2Session(app.client_id, redirect_uri=CALLBACK, scope=scopes), code_verifier()
        url, _ = session.authorization_url(
            "https://twitter.com/i/oauth2/authorize",
            code_challenge=code_challenge(verifier),
            code_challenge_method="S256",
        )
        token: dict[str, Any] = session.fetch_token(
            token_url=f"{OLD_HOST}/2/oauth2/token",
            authorization_response=person.allow(url),
            auth=app.basic,
            include_client_id=True,
            code_verifier=verifier,
        )
        return session, token

    def test_looks_up_mutes_and_unmutes(self, app: SandboxApp, person: Person, user: User) -> None:
        scopes = ["mute.read", "mute.write", "tweet.read", "users.read", "offline.access"]
        _, token = self.log_in(app, person, scopes)
        headers = {"Authorization": f"Bearer {token['access_token']}", "User-Agent": "TheSample"}
        me = requests.get(f"{OLD_HOST}/2/users/me", headers=headers).json()["data"]["id"]
        assert me == user.id
        muting = f"{OLD_HOST}/2/users/{me}/muting"
        assert requests.post(muting, headers=headers, json={"target_user_id": "1003"}).json() == {
            "data": {"muting": True}
        }
        listed = requests.get(muting, headers=headers, params=FIELDS).json()
        assert [each["id"] for each in listed["data"]] == ["1003"]
        assert requests.delete(f"{muting}/1003", headers=headers).json() == {"data": {"muting": False}}

    def test_follows_posts_and_reads_the_timeline(self, app: SandboxApp, person: Person, user: User) -> None:
        scopes = ["tweet.read", "tweet.write", "users.read", "follows.read", "follows.write", "offline.access"]
        session, _ = self.log_in(app, person, scopes)
        me = session.get(f"{OLD_HOST}/2/users/me").json()["data"]["id"]
        following = f"{OLD_HOST}/2/users/{me}/following"
        followed = session.post(following, json={"target_user_id": "1003"})
        assert followed.json() == {"data": {"following": True, "pending_follow": False}}
        made = session.post(f"{OLD_HOST}/2/tweets", json={"text": "Hello from the sample."})
        assert made.status_code == 201
        home = session.get(
            f"{OLD_HOST}/2/users/{me}/timelines/reverse_chronological", params={"tweet.fields": "created_at,author_id"}
        ).json()
        assert home["data"][0]["id"] == made.json()["data"]["id"]
        assert home["data"][0]["author_id"] == me
        assert session.delete(f"{following}/1003").json() == {"data": {"following": False}}

    def test_a_scope_that_was_not_asked_for_is_missed(self, app: SandboxApp, person: Person, user: User) -> None:
        session, _ = self.log_in(app, person, ["tweet.read", "users.read", "mute.read", "offline.access"])
        refused = session.post(f"{OLD_HOST}/2/users/{user.id}/muting", json={"target_user_id": "1003"})
        assert (refused.status_code, refused.json()["title"]) == (403, "Forbidden")


@hosts
def test_an_app_on_its_own_looks_people_up(host: str, server: Sandbox, main_app: SandboxApp) -> None:
    token = requests.post(
        f"{host}/oauth2/token",
        auth=(main_app.consumer_key, main_app.consumer_secret),
        data={"grant_type": "client_credentials"},
    ).json()
    headers = {"Authorization": f"Bearer {token['access_token']}", "User-Agent": "TheSample"}
    found = requests.get(f"{host}/2/users/by", params={"usernames": "bob,carol", **FIELDS}, headers=headers).json()
    assert [each["id"] for each in found["data"]] == ["1002", "1003"]
    posts = requests.get(f"{host}/2/users/1002/tweets", params={"tweet.fields": "created_at"}, headers=headers).json()
    assert posts["meta"]["result_count"] == len(posts["data"]) > 0


@hosts
def test_the_older_api_takes_the_same_keys(host: str, server: Sandbox) -> None:
    carol: Resident = server.resident("carol")
    keys = OAuth1(*carol.oauth1.values())
    me = requests.get(f"{host}/1.1/account/verify_credentials.json", auth=keys)
    assert (me.status_code, me.json()["screen_name"]) == (200, "carol")
    ids = requests.get(f"{host}/1.1/mutes/users/ids.json", params={"stringify_ids": "true"}, auth=keys).json()["ids"]
    page = requests.get(f"{host}/2/users/{carol.id}/muting", params={"max_results": 5}, auth=keys).json()
    assert ids[: len(page["data"])] == [each["id"] for each in page["data"]]
