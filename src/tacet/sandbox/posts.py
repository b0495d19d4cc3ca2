"""What the people of the world posted: posts, replies, reposts and quotes, and which one each has pinned."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

import msgspec

from tacet.directory.entities import mentioned_usernames
from tacet.ids import SEQUENCE_BITS, snowflake_at
from tacet.posts.repeating import repost_text
from tacet.records.people import Post, PostDetails, PostMetrics, Reference, Withheld
from tacet.sandbox import words
from tacet.sandbox.cast import DAY_MS, LOST_PIN, PROTECTED, WORLD_AT_MS, Member
from tacet.sandbox.dice import Dice

MAX_POSTS_EACH = 5
RECENT_POSTS = 512
"""People answer to posts that were written lately: one of the last this many."""

OLDEST_POST_MS = WORLD_AT_MS - 730 * DAY_MS
MINUTE_MS = 60_000

LOST_SEQUENCE = (1 << SEQUENCE_BITS) - 1
"""Posts of one millisecond differ by a count below this; the id of a deleted post has this itself."""

REPLIED, REPOSTED, QUOTED = "replied_to", "retweeted", "quoted"

_METRIC = {REPLIED: "reply_count", REPOSTED: "repost_count", QUOTED: "quote_count"}


@dataclass(frozen=True, slots=True)
class Writings:
    """All posts in order of their authors, and pinned post ids by author id; a pinned post may be gone."""

    posts: list[Post] = field(default_factory=list)
    pinned: dict[int, int] = field(default_factory=dict)


def write(members: Sequence[Member], dice: Dice) -> Writings:
    """Let everybody write one to five posts, but for a few who never do."""
    return _Desk(members, dice).writings()


def fill(template: str, member: Member, members: Sequence[Member], dice: Dice) -> str:
    """A bio or text of theirs: the placeholders of `tacet.sandbox.words`, with somebody who was there before them."""
    other = members[dice.below(member.at) if member.at else 1]
    return template.format(
        url=f"{dice.pick(words.ADDRESSES)}/{dice.pick(words.NOUNS).lower()}",
        other=other.username,
        place=dice.pick(words.PLACES),
        ticker=dice.pick(words.TICKERS),
        number=dice.between(2, 99),
    )


class _Desk:
    """Where the posts are written one after the other, so that later ones can speak of earlier ones."""

    def __init__(self, members: Sequence[Member], dice: Dice) -> None:
        self._members = members
        self._by_id = {member.id: member for member in members}
        self._by_username = {member.username.lower(): member for member in members}
        self._dice = dice
        self._posts: list[Post] = []
        self._open: list[Post] = []
        self._pinned: dict[int, int] = {}
        self._count = 0
        self._answers: Counter[tuple[int, str]] = Counter()
        self._reposted: set[tuple[int, int]] = set()

    def writings(self) -> Writings:
        for member in self._members:
            self._write_as(member)
        return Writings([self._with_answers(post) for post in self._posts], self._pinned)

    def _write_as(self, member: Member) -> None:
        if member.at > LOST_PIN and self._dice.chance(8):
            return
        own = [self._own(member)]
        for _ in range(self._dice.below(MAX_POSTS_EACH)):
            post = self._answer(member) if self._open and self._dice.chance(45) else self._own(member)
            own.append(post)
        self._posts += own
        if member.is_open:
            self._open += [post for post in own if not _is_repost(post)]
        self._pin(member, own[0])

    def _pin(self, member: Member, first: Post) -> None:
        if member.at == LOST_PIN:
            # As after X deletes a pinned post: the profile still names it.
            self._pinned[member.id] = snowflake_at(first.created_at_ms, LOST_SEQUENCE)
        elif member.at <= PROTECTED or self._dice.chance(30):
            self._pinned[member.id] = first.id

    def _own(self, member: Member) -> Post:
        created_at_ms = self._dice.between(max(member.created_at_ms, OLDEST_POST_MS), WORLD_AT_MS - DAY_MS)
        text = fill(self._dice.pick(member.script.posts), member, self._members, self._dice)
        return self._post(member, text, created_at_ms)

    def _answer(self, member: Member) -> Post:
        """A reply to, repost of or post about an earlier post; one of their own if that was made at the last minute."""
        first = max(0, len(self._open) - RECENT_POSTS)
        subject = self._open[self._dice.between(first, len(self._open) - 1)]
        earliest_ms = max(subject.created_at_ms, member.created_at_ms) + MINUTE_MS
        if earliest_ms >= WORLD_AT_MS:
            return self._own(member)
        created_at_ms = self._dice.between(earliest_ms, min(earliest_ms + 3 * DAY_MS, WORLD_AT_MS - 1))
        kind = self._dice.pick((REPLIED, REPLIED, REPOSTED, QUOTED))
        if kind == REPOSTED:
            new = self._not_reposted(member, subject, created_at_ms)
            if new is None:
                return self._own(member)
            subject = new
            self._reposted.add((member.id, subject.id))
        self._answers[subject.id, kind] += 1
        text = fill(self._dice.pick(member.script.posts), member, self._members, self._dice)
        author = self._by_id[subject.author_id].username
        if kind == REPLIED:
            return self._post(member, f"@{author} {text}", created_at_ms, subject, kind)
        if kind == REPOSTED:
            return self._post(member, repost_text(author, subject.text), created_at_ms, subject, kind)
        return self._post(member, text, created_at_ms, subject, kind)

    def _not_reposted(self, member: Member, subject: Post, at_ms: int) -> Post | None:
        """The subject or, where they repeat that already, the latest post that they could repeat; chosen without dice,
        so that the rest of the world stays as it is."""
        for post in (subject, *reversed(self._open[-RECENT_POSTS:])):
            if (member.id, post.id) not in self._reposted and post.created_at_ms + MINUTE_MS <= at_ms:
                return post
        return None

    def _post(self, member: Member, text: str, created_at_ms: int, subject: Post | None = None, kind: str = "") -> Post:
        self._count += 1
        id_ = snowflake_at(created_at_ms, self._count % LOST_SEQUENCE)
        reply_to = subject if kind == REPLIED else None
        dice = self._dice
        details = PostDetails(
            lang=member.script.lang,
            source="Tacet sandbox",
            possibly_sensitive=dice.chance(2),
            reply_settings=dice.pick(("following", "mentionedUsers")) if dice.chance(5) else "everyone",
            conversation_id=reply_to.details.conversation_id if reply_to else id_,
            in_reply_to_user_id=reply_to.author_id if reply_to else 0,
            references=(Reference(kind, subject.id),) if subject else (),
            metrics=PostMetrics() if kind == REPOSTED else self._metrics(text),
            withheld=Withheld(dice.pick(words.COUNTRIES), "tweet") if dice.chance(1) else None,
            mentioned_ids=() if kind == REPOSTED else self._mentioned(text),
            reposted_author_id=subject.author_id if subject and kind == REPOSTED else 0,
        )
        return Post(id_, member.id, text, created_at_ms, details)

    def _mentioned(self, text: str) -> tuple[int, ...]:
        return tuple(self._by_username[name].id for name in mentioned_usernames(text) if name in self._by_username)

    def _metrics(self, text: str) -> PostMetrics:
        likes = self._dice.skewed(10)
        seen = likes * 20 + self._dice.below(200)
        return PostMetrics(
            like_count=likes,
            bookmark_count=likes // 7,
            impression_count=seen,
            url_link_clicks=seen // 50 if "https://" in text else 0,
            user_profile_clicks=seen // 90,
        )

    def _with_answers(self, post: Post) -> Post:
        """The post with what others made of it counted."""
        counts = {metric: self._answers[post.id, kind] for kind, metric in _METRIC.items()}
        if not any(counts.values()):
            return post
        metrics = msgspec.structs.replace(post.details.metrics, **counts)
        return msgspec.structs.replace(post, details=msgspec.structs.replace(post.details, metrics=metrics))


def _is_repost(post: Post) -> bool:
    return any(reference.type == REPOSTED for reference in post.details.references)
