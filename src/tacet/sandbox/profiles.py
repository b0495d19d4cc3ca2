"""What the profiles of the world say."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from tacet.records.people import Affiliation, Metrics, Person, Profile, State, Withheld
from tacet.records.relations import Kind, Relation
from tacet.sandbox import words
from tacet.sandbox.cast import ALICE, BOB, CAROL, Member
from tacet.sandbox.dice import Dice
from tacet.sandbox.posts import Writings, fill

IMAGES = "https://images.example.com"
"""Where profile images would be; example.com belongs to nobody (RFC 2606)."""

MAX_COUNT_DOUBLINGS = 17
"""Followers and the like: up to 131,072 more than the world itself shows."""

_BIOS = {
    ALICE: "Mutes nobody (yet). Talks to @bob about #quiet, $TACT and https://www.example.com/alice/notes 🌿",
    BOB: "Mutes three. #mute https://example.org/bob",
    CAROL: "静かな部屋が好き 🤫 #静けさ @alice さんへ https://example.com/carol",
}

_SUBSCRIPTIONS = ("Premium", "Basic", "PremiumPlus")


@dataclass(frozen=True, slots=True)
class _Counts:
    """What the world itself shows of somebody, by id."""

    followers: Counter[int]
    following: Counter[int]
    posts: Counter[int]


def introduce(members: Sequence[Member], writings: Writings, relations: Sequence[Relation], dice: Dice) -> list[Person]:
    """Everybody with their profile; the counts in it are at least what the world itself shows."""
    follows = [relation for relation in relations if relation.kind is Kind.FOLLOW]
    counts = _Counts(
        followers=Counter(relation.target_id for relation in follows),
        following=Counter(relation.source_id for relation in follows),
        posts=Counter(post.author_id for post in writings.posts),
    )
    organisations = [
        member for member in members if member.verified_type == "business" and member.state is State.ACTIVE
    ]
    return [
        Person(
            member.id,
            member.username,
            member.name,
            member.state,
            _profile(member, members, organisations, writings, counts, dice),
        )
        for member in members
    ]


def _profile(
    member: Member,
    members: Sequence[Member],
    organisations: Sequence[Member],
    writings: Writings,
    counts: _Counts,
    dice: Dice,
) -> Profile:
    verified = member.verified_type != "none"
    metrics = _metrics(member, counts, dice)
    is_first = member.at <= CAROL
    address = f"{dice.pick(words.ADDRESSES)}/{member.username.lower()}"
    return Profile(
        created_at_ms=member.created_at_ms,
        description=_bio(member, members, dice),
        location=dice.pick(words.PLACES) if is_first or dice.chance(70) else "",
        url=address if is_first or dice.chance(40) else "",
        profile_image_url=f"{IMAGES}/{member.id}/normal.png" if is_first or dice.chance(90) else "",
        profile_banner_url=f"{IMAGES}/{member.id}/banner.jpg" if is_first or dice.chance(60) else "",
        protected=member.protected,
        verified=verified,
        verified_type=member.verified_type,
        subscription_type=dice.pick(_SUBSCRIPTIONS) if member.verified_type == "blue" else "None",
        is_identity_verified=verified and dice.chance(30),
        parody=member.parody,
        pinned_post_id=writings.pinned.get(member.id, 0),
        metrics=metrics,
        affiliation=_affiliation(dice.pick(organisations)) if member.affiliated and organisations else None,
        withheld=Withheld(dice.pick(words.COUNTRIES), "user") if member.withheld else None,
        verified_followers_count=dice.between(0, metrics.followers_count),
        confirmed_email=f"{member.username.lower()}@example.com",
        receives_dm_from_anyone=dice.chance(30),
    )


def _bio(member: Member, members: Sequence[Member], dice: Dice) -> str:
    if member.at in _BIOS:
        return _BIOS[member.at]
    share = dice.below(100)
    if share < 10:
        return ""
    return fill(dice.pick(words.EMOJI_BIOS if share < 15 else member.script.bios), member, members, dice)


def _metrics(member: Member, counts: _Counts, dice: Dice) -> Metrics:
    return Metrics(
        followers_count=counts.followers[member.id] + dice.skewed(MAX_COUNT_DOUBLINGS),
        following_count=counts.following[member.id] + dice.skewed(11),
        post_count=counts.posts[member.id] + dice.skewed(MAX_COUNT_DOUBLINGS - 2),
        listed_count=dice.skewed(7),
        like_count=dice.skewed(MAX_COUNT_DOUBLINGS - 1),
        media_count=dice.skewed(10),
    )


def _affiliation(organisation: Member) -> Affiliation:
    return Affiliation(
        badge_url=f"{IMAGES}/{organisation.id}/badge.png",
        description=organisation.name,
        url=f"https://example.com/{organisation.username.lower()}",
        user_ids=(organisation.id,),
    )
