"""What is recognised in a text, as X names and orders it. Offsets count code points; `end` is exclusive."""

import msgspec


class Tag(msgspec.Struct, frozen=True):
    """A hashtag or cashtag: `text[start:end]` is the sign and `tag`."""

    start: int
    end: int
    tag: str


class Mention(msgspec.Struct, frozen=True):
    """A mention: `text[start:end]` is the at sign and `username`, which need not be anybody's."""

    start: int
    end: int
    username: str


class Link(msgspec.Struct, frozen=True):
    """A URL: `text[start:end]` is `url`. `expanded_url` has a scheme in any case; `display_url` has none."""

    start: int
    end: int
    url: str
    expanded_url: str
    display_url: str


class TextEntities(msgspec.Struct, frozen=True, omit_defaults=True):
    """Everything recognised in a bio or post, in order of appearance; nothing overlaps."""

    hashtags: tuple[Tag, ...] = ()
    cashtags: tuple[Tag, ...] = ()
    mentions: tuple[Mention, ...] = ()
    urls: tuple[Link, ...] = ()
