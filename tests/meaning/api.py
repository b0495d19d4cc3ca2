"""What people can do and see through the public API, in a few words. Nothing here looks behind it."""

from typing import Any
from urllib.parse import urlencode

from tacet.records.people import Person
from tests.cast import ALICE, POSTS
from tests.service import Answer, Service

EARLIER = frozenset(str(post.id) for post in POSTS)


class Someone:
    """A person at work, through v2 with a bearer and through v1.1 with a signature."""

    def __init__(self, service: Service, person: Person) -> None:
        self._service = service
        self.person = person
        self.id = str(person.id)
        self.path = f"/2/users/{person.id}"

    async def get(self, target: str) -> Answer:
        return _good(await self._service.get(target, self.person.username))

    async def send(self, target: str, body: object) -> Answer:
        return await self._service.post_json(target, body, self.person.username)

    async def drop(self, target: str) -> Answer:
        return await self._service.call("DELETE", target, token=self.person.username)

    async def old(self, method: Any, name: str, **parameters: object) -> Answer:
        """A request to v1.1, by the name of the path."""
        query = urlencode(parameters)
        return await self._service.signed(method, f"/1.1/{name}.json{query and '?'}{query}", person=self.person)

    async def posts(self, text: str, **more: object) -> str:
        """Post something; return its id."""
        answer = await self.send("/2/tweets", {"text": text, **more})
        assert answer.status == 201, answer.body
        post_id: str = answer.json["data"]["id"]
        return post_id

    async def deletes(self, post_id: str) -> None:
        _good(await self.drop(f"/2/tweets/{post_id}"))

    async def reposts(self, post_id: str) -> None:
        _good(await self.send(f"{self.path}/retweets", {"tweet_id": post_id}))

    async def follows(self, other: "Someone") -> dict[str, bool]:
        followed: dict[str, bool] = _good(await self.send(f"{self.path}/following", {"target_user_id": other.id})).json[
            "data"
        ]
        return followed

    async def unfollows(self, other: "Someone") -> None:
        _good(await self.drop(f"{self.path}/following/{other.id}"))

    async def mutes(self, other: "Someone") -> None:
        _good(await self.send(f"{self.path}/muting", {"target_user_id": other.id}))

    async def unmutes(self, other: "Someone") -> None:
        _good(await self.drop(f"{self.path}/muting/{other.id}"))

    async def blocks(self, other: "Someone") -> None:
        _good(await self.old("POST", "blocks/create", user_id=other.id))

    async def unblocks(self, other: "Someone") -> None:
        _good(await self.old("POST", "blocks/destroy", user_id=other.id))

    async def home(self, query: str = "") -> list[str]:
        """Ids of the posts in the home timeline, newest first, without those that were there when all began."""
        shown = (await self.get(f"{self.path}/timelines/reverse_chronological{query and '?'}{query}")).ids
        return [id_ for id_ in shown if id_ not in EARLIER]

    async def profile_of(self, other: "Someone") -> list[str]:
        return (await self.get(f"{other.path}/tweets")).ids

    async def mentions(self) -> list[str]:
        return (await self.get(f"{self.path}/mentions")).ids

    async def muted(self) -> list[str]:
        return (await self.get(f"{self.path}/muting")).ids

    async def followed(self) -> list[str]:
        return (await self.get(f"{self.path}/following")).ids

    async def followers(self) -> list[str]:
        return (await self.get(f"{self.path}/followers")).ids

    async def sees(self, post_id: str) -> bool:
        """Whether a post can be looked up."""
        return (await self.get(f"/2/tweets?ids={post_id}")).ids == [post_id]

    async def writes_to(self, other: "Someone", text: str = "Hello") -> Answer:
        return await self.send(f"/2/dm_conversations/with/{other.id}/messages", {"text": text})

    async def letters(self) -> list[str]:
        """Texts of all direct messages from and to them, newest first."""
        answer = await self.get("/2/dm_events")
        return [event["text"] for event in answer.json.get("data", ())]

    async def status_of(self, other: "Someone") -> set[str]:
        answer = await self.get(f"{other.path}?user.fields=connection_status")
        return set(answer.json["data"]["connection_status"])


def _good(answer: Answer) -> Answer:
    assert answer.status in (200, 201), (answer.status, answer.body)
    return answer


def someone(service: Service, person: Person = ALICE) -> Someone:
    return Someone(service, person)
