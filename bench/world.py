"""Who lives in the measured database, whom they mute and follow, and what they post.

The same for the same shape, on every machine.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass

from tacet.identity.vault import Vault, new_secret_key
from tacet.ids import SeededRandomness, snowflake_at
from tacet.mutes.positions import TIE_BITS, older_token
from tacet.records.credentials import Access, App, Token, TokenKind, UserAuthentication
from tacet.records.people import Metrics, Person, Post, PostDetails, Profile, Reference
from tacet.records.relations import Kind, Relation

SEED = 20_000
"""Of everything that is drawn here."""

SCOPES = "mute.read mute.write tweet.read users.read"
"""What every bearer may do: all that the mutes routes ask for."""

BEARER_CHARS = 91
"""The length of X's own bearers, so that requests have the size they have in life."""

CONSUMER_KEY = "bench0consumer0key0000000"
CONSUMER_SECRET = "bench0consumer0secret0".ljust(50, "0")
CLIENT_ID = "YmVuY2gwY2xpZW50MDAwMDA6MTpjaQ"
CALLBACK = "https://bench.example/callback"
APP_ID = 1
"""The one App: made for these databases, good for nothing else."""

FIRST_MUTE_MS = 1_600_000_000_000
"""When everybody muted for the first time; the next mute of the same person follows a second later."""

FIRST_FOLLOW_MS = 1_500_000_000_000
"""When everybody who follows somebody began to; the next follow of the same person comes a second later."""

FIRST_POST_MS, POST_STEP_MS = 1_620_000_000_000, 8_640
"""When the first post was written, and how long after each the next: a million of them in a hundred days."""

REPOSTS, REPLIES = 0.15, 0.2
"""Shares of all posts."""

RECENT_POSTS = 2_000
"""How far back posts are that are repeated or answered."""

FOLLOWED_TO_MUTED = 10
"""Of so many whom a reader follows, one is muted: a tenth of what would be in a home is hidden."""

FIRST_OLD_ID, OLD_ID_STEP = 1_000_000_000, 811
"""Half of the people have ids of 10 digits, as accounts made before 2015 do."""

FIRST_NEW_ID, NEW_ID_STEP = 1_100_000_000_000_000_000, 60_000 << 22
"""The others have ids of 19 digits that count time, here an account a minute, as X's newer ones do."""

_WORDS = ("harbor", "quiet", "lantern", "maple", "orbit", "pebble", "river", "saffron", "tundra", "violet", "willow")
_FIRST_NAMES = ("Ada", "Björn", "Chiamaka", "Daniela", "Emre", "Fatima", "Giorgos", "Hye-jin", "Иван", "陽子", "Lerato")
_LAST_NAMES = ("Almeida", "Bianchi", "Castro", "Diallo 🌿", "Eriksen", "Fischer", "García", "Hoang", "Ito")


@dataclass(frozen=True, slots=True)
class Group:
    """People who mute equally many others.

    Attributes:
        first: index of the first of them.
        count: how many they are.
        mutes: how many others each of them mutes.
        among: targets are drawn from the people with lower indexes than this.
        follows: how many others each of them follows.
        writers: those are drawn from the people with lower indexes than this.
    """

    first: int
    count: int
    mutes: int
    among: int
    follows: int = 0
    writers: int = 0

    @property
    def indexes(self) -> range:
        """The indexes of its people."""
        return range(self.first, self.first + self.count)


@dataclass(frozen=True, slots=True)
class Shape:
    """How large a world is.

    Attributes:
        crowd: people who mute `crowd_mutes` of each other, each.
        heavy: people who mute `heavy_mutes` of the crowd, each.
        wide: people who mute `crowd_mutes` of anybody, each: pages full of accounts that nobody else asks for.
        lengths: of the lists that are compared at different lengths, one person each, of anybody; the longest, last,
            has everybody in it.
        readers: people, for each number of `reader_mutes`, who mute so many and follow `reader_follows` of the crowd.
        posts: what the crowd has posted.
    """

    crowd: int = 20_000
    heavy: int = 500
    wide: int = 2_000
    lengths: tuple[int, ...] = (1_000, 100_000, 1_000_000)
    crowd_mutes: int = 100
    heavy_mutes: int = 1_000
    readers: int = 4
    reader_mutes: tuple[int, ...] = (500, 100_000)
    reader_follows: int = 500
    posts: int = 1_000_000

    @property
    def people(self) -> int:
        """How many people there are: whoever has the longest list, and everybody in it."""
        return self.lengths[-1] + 1

    def groups(self) -> dict[str, Group]:
        """Everybody who mutes somebody, by name of the group."""
        groups: dict[str, Group] = {}
        first = 0
        wanted = [
            ("crowd", self.crowd, self.crowd_mutes, self.crowd),
            ("heavy", self.heavy, self.heavy_mutes, self.crowd),
            ("wide", self.wide, self.crowd_mutes, self.people),
            *((f"list-{length}", 1, length, self.people) for length in self.lengths),
        ]
        for name, count, mutes, among in wanted:
            groups[name] = Group(first, count, mutes, among)
            first += count
        for mutes in self.reader_mutes:
            groups[f"reader-{mutes}"] = Group(first, self.readers, mutes, self.people, self.reader_follows, self.crowd)
            first += self.readers
        return groups

    @property
    def sources(self) -> int:
        """How many people mute somebody: those with the lowest indexes."""
        return sum(group.count for group in self.groups().values())

    @property
    def mutes(self) -> int:
        """How many mutes there are."""
        return sum(group.count * group.mutes for group in self.groups().values())

    @property
    def follows(self) -> int:
        """How many follows there are."""
        return sum(group.count * group.follows for group in self.groups().values())


def person_id(index: int) -> int:
    """The id of a person; every second one has 10 digits, the others 19."""
    if index % 2 == 0:
        return FIRST_OLD_ID + index * OLD_ID_STEP
    return FIRST_NEW_ID + index * NEW_ID_STEP


def person(index: int) -> Person:
    """A person with a name, a handle and a profile of ordinary length."""
    name = f"{_FIRST_NAMES[index % len(_FIRST_NAMES)]} {_LAST_NAMES[index % len(_LAST_NAMES)]}"
    word = _WORDS[index * 7 % len(_WORDS)]
    profile = Profile(
        created_at_ms=FIRST_MUTE_MS - index * 1_000,
        description=f"{word.title()}, tea and long walks. Opinions are number {index}.",
        location="Reykjavík" if index % 3 == 0 else "",
        metrics=Metrics(followers_count=index % 5_000, following_count=index % 900, post_count=index % 20_000),
    )
    return Person(person_id(index), f"{word}_{index}", name, profile=profile)


def targets(group: Group, index: int) -> list[int]:
    """The indexes of those whom a person of this group mutes, oldest mute first: no repeats, never themselves."""
    others = group.among - 1 if index < group.among else group.among
    drawn = random.Random(SEED + index).sample(range(others), group.mutes + group.follows)
    followed = followed_by(group, index)
    apart = set(followed)
    strangers = (target for at in drawn if (target := at + 1 if at >= index else at) not in apart)
    return [*followed[::FOLLOWED_TO_MUTED], *strangers][: group.mutes]


def followed_by(group: Group, index: int) -> list[int]:
    """The indexes of those whom a person of this group follows, oldest follow first."""
    return random.Random(SEED - index).sample(range(group.writers), group.follows)


def position(index: int, nth: int) -> int:
    """The position of a person's `nth` mute, counted from the oldest, which is 0."""
    tie = (index * 2_654_435_761) % (1 << (TIE_BITS - 1)) << 1
    return (FIRST_MUTE_MS + nth * 1_000) << TIE_BITS | tie


def relations(group: Group, index: int) -> Iterator[Relation]:
    """The mutes of a person of this group."""
    source_id = person_id(index)
    for nth, target in enumerate(targets(group, index)):
        yield Relation(Kind.MUTE, source_id, person_id(target), position(index, nth))


def follows(group: Group, index: int) -> Iterator[Relation]:
    """The follows of a person of this group, each from both sides."""
    source_id = person_id(index)
    for nth, target in enumerate(followed_by(group, index)):
        place = (FIRST_FOLLOW_MS + nth * 1_000) << TIE_BITS | index << 1
        yield Relation(Kind.FOLLOW, source_id, person_id(target), place)
        yield Relation(Kind.FOLLOWED_BY, person_id(target), source_id, place)


def posts(shape: Shape) -> Iterator[Post]:
    """What the crowd has posted, oldest first; nothing is repeated twice."""
    dice = random.Random(SEED)
    recent: list[Post] = []
    for nth in range(shape.posts):
        created_at_ms = FIRST_POST_MS + nth * POST_STEP_MS
        kind = dice.random()
        subject = recent.pop(dice.randrange(len(recent))) if recent and kind < REPOSTS + REPLIES else None
        details = _about(subject, kind < REPOSTS) if subject is not None else PostDetails()
        author = person_id(dice.randrange(shape.crowd))
        post = Post(snowflake_at(created_at_ms, 0), author, _text(nth), created_at_ms, details)
        if not post.reposted_id:
            recent.append(post)
            del recent[:-RECENT_POSTS]
        yield post


def _about(subject: Post, repeats: bool) -> PostDetails:
    if repeats:
        return PostDetails(references=(Reference("retweeted", subject.id),), reposted_author_id=subject.author_id)
    return PostDetails(references=(Reference("replied_to", subject.id),), in_reply_to_user_id=subject.author_id)


def _text(nth: int) -> str:
    """A text of ordinary length."""
    first, second, third = (_WORDS[nth * step % len(_WORDS)] for step in (1, 3, 7))
    return f"{first.title()} and {second} by the {third}, and it is only post number {nth} of this year ☕"


def deepest_token(index: int, page: int) -> str:
    """The `pagination_token` of the last full page of a person's list."""
    return older_token(position(index, page))


def secret_key() -> str:
    """The secret key of these databases, the same in every run: nothing in them is secret."""
    return new_secret_key(SeededRandomness(SEED))


def app(vault: Vault) -> App:
    """The one App, in a Project, with read and write access: a public OAuth 2.0 client."""
    return App(
        APP_ID,
        "bench",
        1,
        Access.READ_WRITE,
        CONSUMER_KEY,
        vault.seal(CONSUMER_SECRET),
        CLIENT_ID,
        0,
        authentication=UserAuthentication(oauth2=True, callbacks=(CALLBACK,)),
    )


def bearer_text(index: int) -> str:
    """A person's OAuth 2.0 bearer."""
    return f"bench{index:08}".ljust(BEARER_CHARS, "x")


def oauth1_text(index: int) -> str:
    """A person's OAuth 1.0a access token."""
    return f"{person_id(index)}-bench{index:08}".ljust(60, "x")


def oauth1_secret(index: int) -> str:
    """The secret of that token."""
    return f"bench0secret{index:08}".ljust(45, "0")


def bearer(index: int) -> Token:
    """The stored half of a person's bearer."""
    return Token(Vault.digest(bearer_text(index)), TokenKind.OAUTH2_USER, APP_ID, person_id(index), SCOPES)


def oauth1_token(index: int, vault: Vault) -> Token:
    """The stored half of a person's OAuth 1.0a access token."""
    sealed = vault.seal(oauth1_secret(index))
    digest = Vault.digest(oauth1_text(index))
    return Token(digest, TokenKind.OAUTH1_USER, APP_ID, person_id(index), secret_sealed=sealed)
