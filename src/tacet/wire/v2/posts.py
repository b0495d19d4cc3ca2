"""`/2/tweets` and `/2/users/:id/retweets`: post, delete, look up, repost, undo a repost.

Source: X's OpenAPI operations createPosts, deletePosts, getPostsById, getPostsByIds, repostPost and unrepostPost.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from tacet.posts.errors import (
    AlreadyReposted,
    NotTheAuthor,
    PostMissing,
    QuoteTargetMissing,
    ReplyTargetMissing,
    RepostForbidden,
    TextEmpty,
    TextTooLong,
)
from tacet.posts.writing import Draft, Writing
from tacet.wire import problems
from tacet.wire.bodies import read_object
from tacet.wire.encoding import encode
from tacet.wire.kinds import ID, ID_PATTERN, list_matching
from tacet.wire.operations import Call, Handler, Operation
from tacet.wire.parameters import Parameters
from tacet.wire.problems import Refusal
from tacet.wire.selection import select_posts
from tacet.wire.v2.post_answers import PostAnswers
from tacet.wire.v2.shown_posts import Errors, ShownPosts

DELETED = b'{"data":{"deleted":true}}'
NOT_DELETED = b'{"data":{"deleted":false}}'
NOT_REPOSTED = b'{"data":{"retweeted":false}}'

TOO_LONG = (
    "Your Tweet text is too long. For more information on how Twitter determines text length see "
    "https://github.com/twitter/twitter-text."
)
REPLY_MISSING = "You attempted to reply to a Tweet that is deleted or not visible to you."
QUOTE_MISSING = "You attempted to quote a Tweet that is deleted or not visible to you."
ALREADY_REPOSTED = "You cannot retweet a Tweet that you have already retweeted."
NOT_THE_AUTHOR = "You are not authorized to delete this Tweet."
FORBIDDEN_REPOST = "You are not permitted to perform this action."

_ID_TEXT = {"type": "string", "pattern": ID_PATTERN}
_FLAG = {"type": "boolean"}
_NEVER = {"type": "boolean", "const": False}

POST: Mapping[str, Any] = {
    "type": "object",
    "properties": {
        "text": {"type": "string", "minLength": 1},
        "reply": {
            "type": "object",
            "properties": {
                "in_reply_to_tweet_id": _ID_TEXT,
                "in_reply_to_post_id": _ID_TEXT,
                "exclude_reply_user_ids": {"type": "array", "items": _ID_TEXT},
                "auto_populate_reply_metadata": _FLAG,
            },
            "anyOf": [{"required": ["in_reply_to_tweet_id"]}, {"required": ["in_reply_to_post_id"]}],
            "additionalProperties": False,
        },
        "quote_tweet_id": _ID_TEXT,
        "quote_post_id": _ID_TEXT,
        "reply_settings": {"type": "string", "enum": ["following", "mentionedUsers", "subscribers", "verified"]},
        "made_with_ai": _FLAG,
        "paid_partnership": _FLAG,
        "share_with_followers": _FLAG,
        "for_super_followers_only": _NEVER,
        "nullcast": _NEVER,
    },
    "required": ["text"],
    "additionalProperties": False,
}
"""What can be posted. Media, polls, places and communities are refused like any unknown member, and so is whatever
would show a post to fewer people: it must not be shown to more than was asked for."""

REPOST: Mapping[str, Any] = {
    "type": "object",
    "properties": {"tweet_id": _ID_TEXT, "post_id": _ID_TEXT},
    "anyOf": [{"required": ["tweet_id"]}, {"required": ["post_id"]}],
    "additionalProperties": False,
}

_READ = frozenset(("tweet.read", "users.read"))
_WRITE = frozenset(("tweet.read", "tweet.write", "users.read"))
_DEFAULT_SELECTION = select_posts({})
_POST_WORDS = frozenset(("quote_post_id", "in_reply_to_post_id"))


class PostsByAnybody:
    """The six operations over one set of actions."""

    def __init__(self, writing: Writing, shown_posts: ShownPosts, answers: PostAnswers) -> None:
        self._writing = writing
        self._shown_posts = shown_posts
        self._answers = answers

    def operations(self) -> list[Operation]:
        """All operations of this family."""
        ids = Parameters(query={"ids": list_matching(ID_PATTERN)}, required=frozenset({"ids"}), selects="posts")
        one = Parameters(path={"id": ID}, selects="posts")
        return [
            _look_up("getPostsByIds", "/2/tweets", "Posts by their ids", self.by_ids, "Posts", ids),
            _look_up("getPostsById", "/2/tweets/{id}", "One post by id", self.by_id, "OnePost", one),
            *self._writes(),
        ]

    def _writes(self) -> Iterable[Operation]:
        yield Operation(
            id="createPosts",
            method="POST",
            path="/2/tweets",
            summary="Post, answer or quote",
            scopes=_WRITE,
            handle=self.create,
            answer="PostCreated",
            writes=True,
            body=POST,
            status=201,
            refusals={403: ("NotPermitted",)},
        )
        yield Operation(
            id="deletePosts",
            method="DELETE",
            path="/2/tweets/{id}",
            summary="Delete a post, and with it its reposts",
            scopes=_WRITE,
            handle=self.delete,
            answer="PostDeleted",
            parameters=Parameters(path={"id": ID}),
            writes=True,
            refusals={403: ("NotPermitted",)},
        )
        yield Operation(
            id="repostPost",
            method="POST",
            path="/2/users/{id}/retweets",
            summary="Repeat a post",
            scopes=_WRITE,
            handle=self.repost,
            answer="Reposted",
            parameters=Parameters(path={"id": ID}),
            writes=True,
            own="id",
            body=REPOST,
            refusals={403: ("NotPermitted",), 404: ("MissingPost",)},
        )
        yield Operation(
            id="unrepostPost",
            method="DELETE",
            path="/2/users/{id}/retweets/{source_tweet_id}",
            summary="Take a repost back",
            scopes=_WRITE,
            handle=self.undo_repost,
            answer="NotReposted",
            parameters=Parameters(path={"id": ID, "source_tweet_id": ID}),
            writes=True,
            own="id",
        )

    async def by_id(self, call: Call) -> bytes:
        return await self._look_up(call, {int(call.path["id"]): "id"}, one=True)

    async def by_ids(self, call: Call) -> bytes:
        return await self._look_up(call, {int(text): "ids" for text in call.values["ids"]})

    async def create(self, call: Call) -> bytes:
        """Post durably."""
        body = read_object(call.content_type, call.body, POST)
        reply = body.get("reply", {})
        draft = Draft(
            body["text"],
            _named(reply, "in_reply_to_tweet_id", "in_reply_to_post_id"),
            _named(body, "quote_tweet_id", "quote_post_id"),
            body.get("reply_settings", "everyone"),
        )
        try:
            post = await self._writing.create(call.caller.user_id or 0, draft)
        except TextEmpty:
            raise Refusal(problems.refused(problems.EMPTY_TEXT)) from None
        except TextTooLong:
            raise Refusal(problems.refused(TOO_LONG)) from None
        except ReplyTargetMissing:
            raise Refusal(problems.not_permitted(REPLY_MISSING)) from None
        except QuoteTargetMissing:
            raise Refusal(problems.not_permitted(QUOTE_MISSING)) from None
        noun = "tweet" if _POST_WORDS.isdisjoint((*body, *reply)) else "post"
        id_ = str(post.id)
        return encode({"data": {f"edit_history_{noun}_ids": [id_], "id": id_, "text": post.text}})

    async def delete(self, call: Call) -> bytes:
        """Delete durably; deleting what is not there changes nothing."""
        try:
            deleted = await self._writing.delete(call.caller.user_id or 0, int(call.path["id"]))
        except NotTheAuthor:
            raise Refusal(problems.not_permitted(NOT_THE_AUTHOR)) from None
        return DELETED if deleted else NOT_DELETED

    async def repost(self, call: Call) -> bytes:
        """Repeat a post durably."""
        body = read_object(call.content_type, call.body, REPOST)
        noun = "tweet" if "tweet_id" in body else "post"
        post_id: str = body[f"{noun}_id"]
        try:
            original = await self._writing.repost(int(call.path["id"]), int(post_id))
        except PostMissing:
            raise Refusal(problems.missing_subject(noun, f"{noun}_id", post_id)) from None
        except RepostForbidden:
            raise Refusal(problems.not_permitted(FORBIDDEN_REPOST)) from None
        except AlreadyReposted:
            raise Refusal(problems.refused(ALREADY_REPOSTED)) from None
        # X's own Python SDK cannot read an answer without `rest_id`.
        return b'{"data":{"rest_id":"%d","retweeted":true}}' % original.id

    async def undo_repost(self, call: Call) -> bytes:
        """Take a repost back durably; where there is none, nothing changes."""
        await self._writing.undo_repost(int(call.path["id"]), int(call.path["source_tweet_id"]))
        return NOT_REPOSTED

    async def _look_up(self, call: Call, wanted: Mapping[int, str], one: bool = False) -> bytes:
        """What the caller may see of it, and an entry of `errors[]` for each other one."""
        selection = call.post_selection or _DEFAULT_SELECTION
        errors: Errors = []
        visible = await self._shown_posts.visible(wanted, selection.vocabulary, call.caller, errors, "data")
        ids, posts = await self._answers.posts([post.id for post in visible], selection, call.caller)
        return await self._answers.body(posts, ids, selection, call.caller, one=one, errors=errors)


def _look_up(id_: str, path: str, summary: str, handle: Handler, answer: str, parameters: Parameters) -> Operation:
    return Operation(id_, "GET", path, summary, _READ, handle, answer, parameters, app_only=True)


def _named(members: Mapping[str, str], *names: str) -> int | None:
    """The id that a body gives under one of these names; the first that is there counts."""
    return next((int(members[name]) for name in names if name in members), None)
