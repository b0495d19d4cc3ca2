"""Everything one does with posts of one's own. Each action owns its consequences; none knows HTTP or SQL."""

from dataclasses import dataclass

from tacet.cancellation import to_the_end
from tacet.clock import Clock
from tacet.directory.lookup import People
from tacet.directory.texts import cleaned
from tacet.posts.changes import PostChanges
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
from tacet.posts.lengths import is_too_long
from tacet.posts.mentions import mentioned_ids
from tacet.posts.repeating import repost_text
from tacet.posts.visibility import Visibility
from tacet.records.people import MAX_ID, Post, PostDetails, PostHead, Reference
from tacet.store.posts import PostStore
from tacet.stored_ids import StoredSnowflakes


@dataclass(frozen=True, slots=True)
class Draft:
    """What is to be posted.

    Attributes:
        reply_to, quoting: post ids; None for none.
        reply_settings: who may answer, as v2 calls them; it is shown, and keeps nobody from answering.
    """

    text: str
    reply_to: int | None = None
    quoting: int | None = None
    reply_settings: str = "everyone"


class Writing:
    """Post, delete, repost, undo a repost."""

    def __init__(
        self,
        posts: PostStore,
        people: People,
        visibility: Visibility,
        clock: Clock,
        ids: StoredSnowflakes,
        changes: PostChanges,
    ) -> None:
        self._posts = posts
        self._people = people
        self._visibility = visibility
        self._clock = clock
        self._ids = ids
        self._changes = changes

    async def create(self, author_id: int, draft: Draft) -> Post:
        """Post durably. The same text may be posted again.

        Raises:
            TextEmpty, TextTooLong, ReplyTargetMissing, QuoteTargetMissing: nothing was written.
            StoreBusy: too many writes are waiting; nothing was written.
        """
        text = cleaned(draft.text)
        if not text:
            raise TextEmpty
        if is_too_long(text):
            raise TextTooLong
        answered = await self._referred(author_id, draft.reply_to, ReplyTargetMissing)
        quoted = await self._referred(author_id, draft.quoting, QuoteTargetMissing)
        references = (("replied_to", answered), ("quoted", quoted))
        details = PostDetails(
            reply_settings=draft.reply_settings,
            conversation_id=(answered.details.conversation_id or answered.id) if answered else 0,
            in_reply_to_user_id=answered.author_id if answered else 0,
            references=tuple(Reference(type_, post.id) for type_, post in references if post is not None),
            mentioned_ids=await mentioned_ids(text, self._people),
        )
        post, _ = await self._stored(author_id, text, details)
        return post

    async def delete(self, author_id: int, post_id: int) -> bool:
        """Delete a post and its reposts durably; return True if it was there.

        Raises:
            NotTheAuthor: it is somebody else's.
            StoreBusy: too many writes are waiting; nothing was written.
        """
        post = await self._one(post_id)
        if post is None:
            return False
        if post.author_id != author_id:
            raise NotTheAuthor
        return await to_the_end(self._delete(post_id, author_id))

    async def repost(self, author_id: int, post_id: int) -> Post:
        """Repeat a post durably; return the one that is repeated. To repeat a repost repeats what that repeats.

        Raises:
            PostMissing, RepostForbidden, AlreadyReposted: nothing was written.
            StoreBusy: too many writes are waiting; nothing was written.
        """
        original = await self._seen(author_id, post_id, PostMissing)
        author = await self._people.one(original.author_id)
        if author is None:
            raise PostMissing
        if author.profile.protected and author.id != author_id:
            raise RepostForbidden
        details = PostDetails(
            lang=original.details.lang,
            possibly_sensitive=original.details.possibly_sensitive,
            references=(Reference("retweeted", original.id),),
            reposted_author_id=author.id,
        )
        text = repost_text(author.username, original.text)
        _, added = await self._stored(author_id, text, details)
        if not added:
            # It was refused for one of two reasons, and this is the one that stays.
            raise PostMissing if await self._one(original.id) is None else AlreadyReposted
        return original

    async def undo_repost(self, author_id: int, post_id: int) -> bool:
        """Take a repost back durably; return True if there was one.

        `post_id` may be that of any repost of it. What it repeats need not be there: imports may bring a repost alone.
        """
        if post_id > MAX_ID:
            return False
        post = await self._one(post_id)
        original_id = post.reposted_id if post is not None and post.reposted_id else post_id
        repost_id = await self._posts.repost_of(author_id, original_id)
        return repost_id is not None and await to_the_end(self._delete(repost_id, author_id))

    async def _stored(self, author_id: int, text: str, details: PostDetails) -> tuple[Post, bool]:
        """A new post, and whether it was added."""

        async def store(id_: int) -> tuple[Post, bool]:
            post = Post(id_, author_id, text, self._clock.now_ms(), details)
            return post, await to_the_end(self._add(post))

        return await self._ids.stored(store)

    async def _add(self, post: Post) -> bool:
        added = await self._posts.add(post)
        if added:
            self._changes.added(PostHead(post.id, post.author_id, post.details.reposted_author_id))
        return added

    async def _delete(self, post_id: int, author_id: int) -> bool:
        deleted = await self._posts.delete(post_id)
        self._changes.deleted(post_id, author_id)
        return deleted

    async def _one(self, post_id: int) -> Post | None:
        found = await self._posts.by_ids((post_id,)) if post_id <= MAX_ID else []
        return found[0] if found else None

    async def _referred(self, author_id: int, post_id: int | None, missing: type[PostMissing]) -> Post | None:
        return None if post_id is None else await self._seen(author_id, post_id, missing)

    async def _seen(self, viewer_id: int, post_id: int, missing: type[PostMissing]) -> Post:
        """The post that an id means, which is not a repost but what it repeats."""
        post = await self._one(post_id)
        if post is not None and post.reposted_id:
            post = await self._one(post.reposted_id)
        if post is None or not await self._visibility.visible_posts((post,), viewer_id):
            raise missing
        return post
