"""What becomes an entity of a text or profile; the rules one by one are tested beside this."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tacet.directory.entities import (
    MAX_TEXT_CHARACTERS,
    Link,
    Mention,
    Tag,
    TextEntities,
    mentioned_usernames,
    post_entities,
    profile_entities,
    text_entities,
    url_entity,
)

FRAGMENTS = [
    *"#＃@＠$&/.,:;!?()_-+~'\"| \n\t",
    *("a", "Rt", "rt", "1", "23", "é", "e\u0301", "ß", "日本", "。", "あ", "한국", "مرحبا", "हिन्दी", "рф"),
    *("🌿", "👩\u200d🚀", "\ufe0f", "\u20e3", "\u200d", "\u200f", "\u3000", "\ufeff", "\ud800"),
    *(
        "http://",
        "https://",
        "HTTP://",
        "www.",
        "example.com",
        "example.org/",
        ".com",
        ".みんな",
        "xn--",
        "t.co/",
    ),
    *("@river", "#tag", "$TACT", ".b", ":80", "/list", "?q=1", "(a)", "//"),
]


def texts() -> st.SearchStrategy[str]:
    """Texts in which signs, scripts and pieces of URLs meet more often than chance would have it."""
    return st.lists(st.one_of(st.sampled_from(FRAGMENTS), st.text(max_size=3)), max_size=14).map("".join)


def every_span(entities: TextEntities) -> list[tuple[int, int]]:
    tags = [(tag.start, tag.end) for tag in (*entities.hashtags, *entities.cashtags)]
    mentions = [(mention.start, mention.end) for mention in entities.mentions]
    return sorted([*tags, *mentions, *((link.start, link.end) for link in entities.urls)])


class TestSpans:
    @given(texts())
    def test_slice_back_to_what_they_claim(self, text: str) -> None:
        entities = text_entities(text)
        for tag in entities.hashtags:
            assert text[tag.start : tag.end] in {f"#{tag.tag}", f"＃{tag.tag}"}
        for tag in entities.cashtags:
            assert text[tag.start : tag.end] == f"${tag.tag}"
        for mention in entities.mentions:
            assert text[mention.start : mention.end] in {f"@{mention.username}", f"＠{mention.username}"}
        for link in entities.urls:
            assert text[link.start : link.end] == link.url

    @given(texts())
    def test_never_overlap(self, text: str) -> None:
        spans = every_span(text_entities(text))
        assert all(start < end for start, end in spans)
        assert all(end <= start for (_, end), (start, _) in pairwise(spans))

    @given(texts())
    def test_stand_in_order_within_each_kind(self, text: str) -> None:
        entities = text_entities(text)
        starts = [
            [tag.start for tag in entities.hashtags],
            [tag.start for tag in entities.cashtags],
            [mention.start for mention in entities.mentions],
            [link.start for link in entities.urls],
        ]
        assert starts == [sorted(each) for each in starts]

    @given(texts(), st.integers(min_value=1, max_value=5))
    def test_move_with_the_text_before_them(self, text: str, count: int) -> None:
        before = "🌿日 "[:count] + " "
        moved = [(start + len(before), end + len(before)) for start, end in every_span(text_entities(f" {text}"))]
        assert every_span(text_entities(f"{before} {text}")) == moved

    @pytest.mark.parametrize(
        ("text", "start"),
        [
            pytest.param("🌿 #tag", 2, id="outside-the-bmp-counts-one"),
            pytest.param("👩\u200d🚀 #tag", 4, id="joined-emoji-count-each-part"),
            pytest.param("日本 #tag", 3, id="cjk-counts-one-each"),
            pytest.param("e\u0301 #tag", 3, id="combining-mark-counts-one"),
            pytest.param("مرحبا #tag", 6, id="right-to-left-counts-in-logical-order"),
        ],
    )
    def test_count_code_points(self, text: str, start: int) -> None:
        assert text_entities(text).hashtags == (Tag(start, start + 4, "tag"),)


class TestOverlaps:
    def test_a_hashtag_inside_a_url_is_part_of_it(self) -> None:
        entities = text_entities("https://example.com/#tag")
        assert entities.hashtags == ()
        assert [link.url for link in entities.urls] == ["https://example.com/#tag"]

    def test_a_mention_inside_a_url_is_part_of_it(self) -> None:
        entities = text_entities("https://example.com/@river")
        assert entities.mentions == ()
        assert [link.url for link in entities.urls] == ["https://example.com/@river"]

    def test_a_cashtag_may_look_like_a_host_and_stays_one(self) -> None:
        entities = text_entities("$TACT.CO")
        assert [tag.tag for tag in entities.cashtags] == ["TACT.CO"]
        assert entities.urls == ()

    def test_a_list_keeps_its_span_but_is_no_mention(self) -> None:
        assert text_entities("@river/friends") == TextEntities()


class TestLimits:
    def test_what_stands_behind_the_limit_is_not_looked_at(self) -> None:
        within = "x" * (MAX_TEXT_CHARACTERS - 4) + " #ab"
        assert text_entities(within).hashtags == (Tag(MAX_TEXT_CHARACTERS - 3, MAX_TEXT_CHARACTERS, "ab"),)
        assert text_entities("x" * MAX_TEXT_CHARACTERS + " #ab") == TextEntities()

    @pytest.mark.parametrize("url", ["", "https://example.com/" + "a" * 4096], ids=["empty", "too-long"])
    def test_no_url_gives_no_entity(self, url: str) -> None:
        assert url_entity(url) is None


class TestForJson:
    def test_a_post_has_its_entities_at_the_top(self) -> None:
        assert post_entities("#a @b $C https://example.com") == {
            "hashtags": [{"start": 0, "end": 2, "tag": "a"}],
            "cashtags": [{"start": 6, "end": 8, "tag": "C"}],
            "mentions": [{"start": 3, "end": 5, "username": "b"}],
            "urls": [
                {
                    "start": 9,
                    "end": 28,
                    "url": "https://example.com",
                    "expanded_url": "https://example.com",
                    "display_url": "example.com",
                }
            ],
        }

    def test_keys_stand_in_the_order_of_the_documentation(self) -> None:
        entities = post_entities("#a @b $C https://example.com")
        assert entities is not None
        assert list(entities) == ["hashtags", "cashtags", "mentions", "urls"]
        assert list(entities["urls"][0]) == ["start", "end", "url", "expanded_url", "display_url"]

    def test_empty_kinds_are_left_out(self) -> None:
        assert post_entities("only @river") == {"mentions": [{"start": 5, "end": 11, "username": "river"}]}

    def test_a_profile_has_one_entry_each_for_url_and_bio(self) -> None:
        assert profile_entities("reads #books", "https://www.example.org/") == {
            "url": {
                "urls": [
                    {
                        "start": 0,
                        "end": 24,
                        "url": "https://www.example.org/",
                        "expanded_url": "https://www.example.org/",
                        "display_url": "example.org",
                    }
                ]
            },
            "description": {"hashtags": [{"start": 6, "end": 12, "tag": "books"}]},
        }

    @pytest.mark.parametrize(
        ("description", "url", "keys"),
        [
            pytest.param("", "", None, id="neither"),
            pytest.param("plain words", "", None, id="bio-without-entities"),
            pytest.param("plain words", "https://example.com", ["url"], id="only-the-url"),
            pytest.param("#a", "", ["description"], id="only-the-bio"),
        ],
    )
    def test_what_a_profile_lacks_is_left_out(self, description: str, url: str, keys: list[str] | None) -> None:
        entities = profile_entities(description, url)
        assert (list(entities) if entities else None) == keys

    def test_nothing_at_all_is_none(self) -> None:
        assert post_entities("nothing here") is None

    def test_mentions_of_known_accounts_say_who_they_are(self) -> None:
        entities = post_entities("@Alice, @nobody", {"alice": 1001})
        assert entities == {
            "mentions": [
                {"start": 0, "end": 6, "username": "Alice", "id": "1001"},
                {"start": 8, "end": 15, "username": "nobody"},
            ]
        }

    def test_results_compare_by_value(self) -> None:
        assert text_entities("@b #a") == TextEntities(hashtags=(Tag(3, 5, "a"),), mentions=(Mention(0, 2, "b"),))
        assert url_entity("example.com") == Link(0, 11, "example.com", "http://example.com", "example.com")


@pytest.mark.parametrize(
    ("text", "usernames"),
    [
        pytest.param("nobody", [], id="nobody"),
        pytest.param("@Bob and @ann, @BOB again", ["bob", "ann"], id="each-once-in-order"),
        pytest.param("https://example.com/@ann @bob", ["bob"], id="not-in-a-url"),
        pytest.param("@ann/friends @a23456789012345x", [], id="lists-and-overlong-names"),
    ],
)
def test_whom_a_text_speaks_to(text: str, usernames: list[str]) -> None:
    assert mentioned_usernames(text) == usernames
