"""People and their posts, as the directory knows them: the facts from which every answer is rendered."""

from enum import IntEnum, IntFlag

import msgspec

MAX_ID = (1 << 63) - 1
"""The largest id of a person or post: X's are signed 64-bit integers, and databases hold no larger ones."""


class State(IntEnum):
    """Whether an account can be seen; the number is what is stored."""

    ACTIVE = 1
    SUSPENDED = 2
    DEACTIVATED = 3


class Metrics(msgspec.Struct, frozen=True, omit_defaults=True):
    """Counts shown with a profile."""

    followers_count: int = 0
    following_count: int = 0
    post_count: int = 0
    listed_count: int = 0
    like_count: int = 0
    media_count: int = 0


class Affiliation(msgspec.Struct, frozen=True, omit_defaults=True):
    """The badge of the accounts that this person belongs to; `user_ids` are account ids as numbers."""

    badge_url: str = ""
    description: str = ""
    url: str = ""
    user_ids: tuple[int, ...] = ()


class Withheld(msgspec.Struct, frozen=True, omit_defaults=True):
    """Where an account or post may not be shown: ISO 3166-1 alpha-2 codes."""

    country_codes: tuple[str, ...] = ()
    scope: str = ""


class Profile(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a person may have beyond id, username and name. Empty strings and None mean "not there".

    `*_at_ms` are Unix milliseconds; `pinned_post_id` is a post id as a number, 0 for none.
    """

    created_at_ms: int = 0
    description: str = ""
    location: str = ""
    url: str = ""
    profile_image_url: str = ""
    profile_banner_url: str = ""
    protected: bool = False
    verified: bool = False
    verified_type: str = "none"
    subscription_type: str = "None"
    is_identity_verified: bool = False
    parody: bool = False
    pinned_post_id: int = 0
    metrics: Metrics = Metrics()
    affiliation: Affiliation | None = None
    withheld: Withheld | None = None
    verified_followers_count: int = 0
    confirmed_email: str = ""
    receives_dm_from_anyone: bool = False


class Person(msgspec.Struct, frozen=True):
    """An account. `username` is the handle without "@", 1 to 15 of `[A-Za-z0-9_]`, unique whatever its case."""

    id: int
    username: str
    name: str
    state: State = State.ACTIVE
    profile: Profile = Profile()


class Name(msgspec.Struct, frozen=True):
    """Who somebody is, in short."""

    id: int
    username: str
    name: str
    state: State


class PostMetrics(msgspec.Struct, frozen=True, omit_defaults=True):
    """Counts of one post; `impression_count` and `url_link_clicks`, `user_profile_clicks` are its author's only."""

    repost_count: int = 0
    reply_count: int = 0
    like_count: int = 0
    quote_count: int = 0
    bookmark_count: int = 0
    impression_count: int = 0
    url_link_clicks: int = 0
    user_profile_clicks: int = 0


class Reference(msgspec.Struct, frozen=True):
    """How a post refers to another: `type` is `retweeted`, `quoted` or `replied_to`."""

    type: str
    id: int


class PostDetails(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a post may have beyond id, author and text. 0 and empty mean "not there".

    `mentioned_ids` are the accounts whose usernames stand in the text, each once, in order; `reposted_author_id` is the
    author of the post that a repost repeats.
    """

    lang: str = ""
    source: str = ""
    possibly_sensitive: bool = False
    reply_settings: str = "everyone"
    conversation_id: int = 0
    in_reply_to_user_id: int = 0
    references: tuple[Reference, ...] = ()
    metrics: PostMetrics = PostMetrics()
    withheld: Withheld | None = None
    mentioned_ids: tuple[int, ...] = ()
    reposted_author_id: int = 0


class Shape(IntFlag):
    """What a post is besides a text of its own; the number is what is stored."""

    PLAIN = 0
    REPLY = 1
    REPOST = 2
    QUOTE = 4


_SHAPES = {"replied_to": Shape.REPLY, "retweeted": Shape.REPOST, "quoted": Shape.QUOTE}


class Post(msgspec.Struct, frozen=True):
    """A post, by `author_id`, made at `created_at_ms` (Unix milliseconds)."""

    id: int
    author_id: int
    text: str
    created_at_ms: int
    details: PostDetails = PostDetails()

    @property
    def shape(self) -> Shape:
        """Whether it is a reply, a repost, a quote, or none of them."""
        shape = Shape.PLAIN
        for reference in self.details.references:
            shape |= _SHAPES[reference.type]
        return shape

    @property
    def reposted_id(self) -> int:
        """The post that it repeats; 0 for none."""
        return next((each.id for each in self.details.references if each.type == "retweeted"), 0)


class PostHead(msgspec.Struct, frozen=True):
    """What a timeline needs to know of a post before it is shown. `reposted_author_id` is 0 unless it is a repost."""

    id: int
    author_id: int
    reposted_author_id: int = 0


class Stretch(msgspec.Struct, frozen=True):
    """A part of a timeline: posts with `newer_than < id < older_than` that have none of the shapes in `without`.

    Attributes:
        upwards: False walks from the newest to older ones, True from the oldest to newer ones.
    """

    newer_than: int = 0
    older_than: int = MAX_ID
    without: Shape = Shape.PLAIN
    upwards: bool = False
