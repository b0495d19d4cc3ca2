"""What a row of an import may say: the names of its values and what each may hold."""

from typing import Annotated, Literal

from msgspec import Meta, Struct

from tacet.records.people import MAX_ID

MAX_NAME_LENGTH = 200
"""Characters; X allows 50, other platforms more."""

MAX_BIO_LENGTH = 4_000
"""Characters of a description, location or badge; X allows 160. A page shows a thousand of them."""

MAX_URL_LENGTH = 2_048
"""Characters; what browsers and proxies agree on."""

MAX_POST_LENGTH = 25_000
"""Characters; X's own limit for its longest posts."""

MAX_MOMENT_MS = 253_402_214_400_000
"""31 December 9999, a day before the end of what can be written as a date: an answer names moments soon after, too."""

Id = Annotated[int, Meta(ge=1, le=MAX_ID)]
Count = Annotated[int, Meta(ge=0, le=MAX_ID)]
MomentMs = Annotated[int, Meta(ge=0, le=MAX_MOMENT_MS)]
Bio = Annotated[str, Meta(max_length=MAX_BIO_LENGTH)]
Url = Annotated[str, Meta(max_length=MAX_URL_LENGTH)]
Word = Annotated[str, Meta(max_length=MAX_NAME_LENGTH)]
Country = Annotated[str, Meta(pattern=r"^[A-Z]{2}\Z")]


class BadgeRow(Struct, forbid_unknown_fields=True):
    """An affiliation, as X writes it."""

    badge_url: Url = ""
    description: Bio = ""
    url: Url = ""
    user_id: tuple[Id, ...] = ()


class WithholdingRow(Struct, forbid_unknown_fields=True):
    """Where something is withheld; `copyright` is X's and not kept."""

    country_codes: tuple[Country, ...] = ()
    scope: Word = ""
    copyright: bool = False


class ReferenceRow(Struct, forbid_unknown_fields=True):
    """How a post refers to another."""

    type: Literal["retweeted", "quoted", "replied_to"]
    id: Id


class PersonRow(Struct, forbid_unknown_fields=True):
    """A person; unknown names are refused, because a misspelt value would be lost."""

    id: Id
    # \Z because $ would let a line break through at the end.
    username: Annotated[str, Meta(pattern=r"^[A-Za-z0-9_]{1,15}\Z")]
    name: Annotated[str, Meta(min_length=1, max_length=MAX_NAME_LENGTH)]
    state: Literal["active", "suspended", "deactivated"] = "active"
    created_at_ms: MomentMs = 0
    description: Bio = ""
    location: Bio = ""
    url: Url = ""
    profile_image_url: Url = ""
    profile_banner_url: Url = ""
    protected: bool = False
    verified: bool = False
    verified_type: Literal["blue", "government", "business", "none"] = "none"
    subscription_type: Literal["Basic", "Premium", "PremiumPlus", "None"] = "None"
    is_identity_verified: bool = False
    parody: bool = False
    pinned_post_id: Id | None = None
    followers_count: Count = 0
    following_count: Count = 0
    post_count: Count = 0
    listed_count: Count = 0
    like_count: Count = 0
    media_count: Count = 0
    affiliation: BadgeRow | None = None
    withheld: WithholdingRow | None = None
    verified_followers_count: Count = 0
    confirmed_email: Annotated[str, Meta(max_length=320)] = ""
    receives_dm_from_anyone: bool = False


class PostRow(Struct, forbid_unknown_fields=True):
    """A post; see `PersonRow`."""

    id: Id
    author_id: Id
    text: Annotated[str, Meta(max_length=MAX_POST_LENGTH)]
    created_at_ms: MomentMs
    lang: Word = ""
    source: Word = ""
    possibly_sensitive: bool = False
    reply_settings: Word = "everyone"
    conversation_id: Id | None = None
    in_reply_to_user_id: Id | None = None
    referenced_posts: tuple[ReferenceRow, ...] = ()
    repost_count: Count = 0
    reply_count: Count = 0
    like_count: Count = 0
    quote_count: Count = 0
    bookmark_count: Count = 0
    impression_count: Count = 0
    url_link_clicks: Count = 0
    user_profile_clicks: Count = 0
    withheld: WithholdingRow | None = None
