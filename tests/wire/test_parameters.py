from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tacet.wire.kinds import ID, MAX_LISTED, USERNAME, Invalid, integer_between, list_matching
from tacet.wire.parameters import FIELD_LISTS, MAX_QUERY_FIELDS, Parameters, QueryReader, Selects, read_path
from tacet.wire.vocabulary import MEDIA_FIELDS, PLACE_FIELDS, POLL_FIELDS, POST, TWEET
from tests.service import Service
from tests.wire.calls import LIST
from tests.wire.recorded import Recorded

PAGE = integer_between(1, 1000, 100)
IDS = list_matching("^[0-9]{1,19}$")
NOT_VALID = "The `{name}` query parameter value [{value}] is not valid"
RANGE = "The `n` query parameter value [{value}] is not between 1 and 1000"
CLASSIC = "id,max_results,expansions,tweet.fields,user.fields"

READER = QueryReader(Parameters(path={"id": ID}, query={"max_results": PAGE}, selects="users"))
POST_READER = QueryReader(Parameters(path={"id": ID}, selects="posts"))
READERS: dict[Selects, QueryReader] = {"users": READER, "posts": POST_READER}
POST_CLASSIC = "id,expansions,tweet.fields,media.fields,poll.fields,place.fields,user.fields"


def refusal(parameter: Any, value: str, name: str = "n") -> str:
    with pytest.raises(Invalid) as invalid:
        parameter.read(name, value)
    return str(invalid.value)


@pytest.mark.parametrize(("value", "number"), [("1", 1), ("1000", 1000), ("007", 7), ("+5", 5)])
def test_whole_numbers_in_range_are_read(value: str, number: int) -> None:
    assert PAGE.read("n", value) == number


@pytest.mark.parametrize("value", ["0", "-1", "1001", "9" * 19, "-" + "9" * 19])
def test_whole_numbers_out_of_range_are_told_the_range(value: str) -> None:
    assert refusal(PAGE, value) == RANGE.format(value=value)


@pytest.mark.parametrize("value", ["a", "1.0", "1e2", " 1", "1 ", "1\n", "0x1", "1_0", "٣", "--1", "9" * 20])
def test_what_is_no_whole_number_is_not_valid(value: str) -> None:
    assert refusal(PAGE, value) == NOT_VALID.format(name="n", value=value)


@pytest.mark.parametrize("value", ["0", "1", "9" * 19, "0000000000000000001"])
def test_ids_are_one_to_nineteen_digits(value: str) -> None:
    assert ID.read("id", value) == value


@pytest.mark.parametrize("value", ["", "1" * 20, "a", "-1", "+1", "1.0", "1\n", " 1", "１", ":id", "me"])
def test_anything_else_is_no_id(value: str) -> None:
    assert refusal(ID, value, "id") == NOT_VALID.format(name="id", value=value)


@pytest.mark.parametrize("value", ["a", "A_9", "x" * 15])
def test_usernames_are_one_to_fifteen_letters_digits_and_underscores(value: str) -> None:
    assert USERNAME.read("username", value) == value


@pytest.mark.parametrize("value", ["", "x" * 16, "a-b", "@a", "é", "a\n", "a b"])
def test_anything_else_is_no_username(value: str) -> None:
    expected = f"The `username` query parameter value [{value}] does not match ^[A-Za-z0-9_]{{1,15}}$"
    assert refusal(USERNAME, value, "username") == expected


def test_lists_are_read_in_order() -> None:
    assert IDS.read("ids", "3,1,2,1") == ("3", "1", "2", "1")


@pytest.mark.parametrize(
    ("value", "element"),
    [("1,x", "x"), ("x,1", "x"), ("1,", ""), (",1", ""), ("1,,2", ""), ("1, 2", " 2"), ("1,2\n", "2\n")],
)
def test_the_first_bad_element_of_a_list_is_named(value: str, element: str) -> None:
    assert refusal(IDS, value, "ids") == (f"The `ids` query parameter value [{element}] does not match ^[0-9]{{1,19}}$")


def test_a_list_has_at_most_a_hundred_values() -> None:
    assert len(IDS.read("ids", ",".join(["1"] * MAX_LISTED))) == MAX_LISTED
    expected = "The number of values in the `ids` query parameter list [101] is not between 1 and 100"
    assert refusal(IDS, ",".join(["1"] * (MAX_LISTED + 1)), "ids") == expected


QUERIES = {
    "unknown": ("foo=bar", [f"The query parameter [foo] is not one of [{CLASSIC}]"]),
    "unknown-twice": ("foo=1&foo=2", [f"The query parameter [foo] is not one of [{CLASSIC}]"]),
    "unknown-empty": ("foo", [f"The query parameter [foo] is not one of [{CLASSIC}]"]),
    "nameless": ("=1", [f"The query parameter [] is not one of [{CLASSIC}]"]),
    "case-matters": ("Max_Results=1", [f"The query parameter [Max_Results] is not one of [{CLASSIC}]"]),
    "next-token": ("next_token=1", [f"The query parameter [next_token] is not one of [{CLASSIC}]"]),
    "unknown-in-post-words": (
        "foo=bar&post.fields=id",
        [f"The query parameter [foo] is not one of [{CLASSIC.replace('tweet', 'post')}]"],
    ),
    "empty": ("max_results=", ["The `max_results` query parameter can not be empty"]),
    "empty-list": ("user.fields=", ["The `user.fields` query parameter can not be empty"]),
    "repeated": (
        "max_results=1&max_results=2",
        ["Duplicate parameters are not allowed: the `max_results` query parameter"],
    ),
    "repeated-list": (
        "user.fields=id&user.fields=name",
        ["Duplicate parameters are not allowed: the `user.fields` query parameter"],
    ),
    "bad-user-field": (
        "user.fields=id,foo",
        [f"The `user.fields` query parameter value [foo] is not one of [{','.join(TWEET.user_fields)}]"],
    ),
    "bad-user-field-in-post-words": (
        "user.fields=pinned_post_id,foo",
        [f"The `user.fields` query parameter value [foo] is not one of [{','.join(POST.user_fields)}]"],
    ),
    "bad-tweet-field": (
        "tweet.fields=foo",
        [f"The `tweet.fields` query parameter value [foo] is not one of [{','.join(TWEET.post_fields)}]"],
    ),
    "bad-post-field": (
        "post.fields=foo",
        [f"The `post.fields` query parameter value [foo] is not one of [{','.join(POST.post_fields)}]"],
    ),
    "bad-expansion": (
        "expansions=foo",
        [f"The `expansions` query parameter value [foo] is not one of [{','.join(TWEET.expansions)}]"],
    ),
    "empty-element": (
        "expansions=pinned_tweet_id,",
        [f"The `expansions` query parameter value [] is not one of [{','.join(TWEET.expansions)}]"],
    ),
    "fields-with-a-space": (
        "user.fields=id,%20name",
        [f"The `user.fields` query parameter value [ name] is not one of [{','.join(TWEET.user_fields)}]"],
    ),
}


@pytest.mark.parametrize(("query", "expected"), QUERIES.values(), ids=QUERIES.keys())
def test_a_bad_query_is_told_what_is_wrong(query: str, expected: list[str]) -> None:
    read = READER.read(query.encode())
    assert [violation.message for violation in read.violations] == expected
    assert read.selection is None


POST_QUERIES = {
    "unknown": ("foo=bar", f"The query parameter [foo] is not one of [{POST_CLASSIC}]"),
    "unknown-in-post-words": (
        "foo=bar&expansions=referenced_posts",
        f"The query parameter [foo] is not one of [{POST_CLASSIC.replace('tweet', 'post')}]",
    ),
    "bad-media-field": (
        "media.fields=foo",
        f"The `media.fields` query parameter value [foo] is not one of [{','.join(MEDIA_FIELDS)}]",
    ),
    "bad-poll-field": (
        "poll.fields=foo",
        f"The `poll.fields` query parameter value [foo] is not one of [{','.join(POLL_FIELDS)}]",
    ),
    "bad-place-field": (
        "place.fields=foo",
        f"The `place.fields` query parameter value [foo] is not one of [{','.join(PLACE_FIELDS)}]",
    ),
    "expansion-of-users": (
        "expansions=pinned_tweet_id",
        f"The `expansions` query parameter value [pinned_tweet_id] is not one of [{','.join(TWEET.post_expansions)}]",
    ),
    "expansion-of-users-in-post-words": (
        "expansions=author_id,pinned_post_id",
        f"The `expansions` query parameter value [pinned_post_id] is not one of [{','.join(POST.post_expansions)}]",
    ),
}


@pytest.mark.parametrize(("query", "expected"), POST_QUERIES.values(), ids=POST_QUERIES.keys())
def test_a_bad_query_for_posts_is_told_what_is_wrong(query: str, expected: str) -> None:
    read = POST_READER.read(query.encode())
    assert [violation.message for violation in read.violations] == [expected]
    assert read.post_selection is None


def test_where_users_are_shown_there_are_no_media() -> None:
    [violation] = READER.read(b"media.fields=url").violations
    assert violation.message == f"The query parameter [media.fields] is not one of [{CLASSIC}]"


def test_an_operation_selects_users_or_posts() -> None:
    users, posts = READER.read(b"user.fields=url"), POST_READER.read(b"user.fields=url")
    assert (users.selection is None, users.post_selection is None) == (False, True)
    assert (posts.selection is None, posts.post_selection is None) == (True, False)


def test_everything_that_is_wrong_with_a_query_for_posts_is_reported_in_order() -> None:
    lists = ("tweet.fields", "post.fields", "media.fields", "poll.fields", "place.fields", "user.fields", "expansions")
    query = "&".join(f"{name}=x" for name in reversed(lists))
    named = [next(iter(violation.parameters or {})) for violation in POST_READER.read(query.encode()).violations]
    assert named == list(lists)


def test_the_recorded_list_of_what_a_look_up_of_posts_takes_is_ours(recorded: Recorded) -> None:
    assert f"is not one of [{POST_CLASSIC}]" in recorded.errors


def test_everything_that_is_wrong_is_reported_in_the_recorded_order() -> None:
    query = b"expansions=x&user.fields=x&max_results=x&b=1&tweet.fields=x&post.fields=x&a=1&a=2"
    named = [next(iter(violation.parameters or {})) for violation in READER.read(query).violations]
    assert named == ["b", "a", "max_results", "tweet.fields", "post.fields", "user.fields", "expansions"]


ECHOES = {
    "all-values-of-a-repeated-one": ("a=1&a=2", {"a": ["1", "2"]}),
    "the-whole-list": ("user.fields=id,foo,bar", {"user.fields": ["id,foo,bar"]}),
    "nothing-for-an-empty-one": ("max_results=", {"max_results": []}),
    "percent-decoded": ("a=%C3%A9%2C+%26", {"a": ["é, &"]}),
    "not-utf-8": ("a=%FF", {"a": ["\ufffd"]}),
    "plus": ("max_results=+1", {"max_results": [" 1"]}),
}


@pytest.mark.parametrize(("query", "parameters"), ECHOES.values(), ids=ECHOES.keys())
def test_raw_values_are_echoed(query: str, parameters: dict[str, list[str]]) -> None:
    [violation] = READER.read(query.encode()).violations
    assert violation.parameters == parameters


def test_parameters_of_an_oauth1_signature_are_nobodys_business() -> None:
    read = READER.read(b"oauth_signature=x&oauth_nonce=1&oauth_nonce=2&max_results=5")
    assert read.violations == ()
    assert read.values == {"max_results": 5}


ACCEPTED = {
    f"{selects}-{name}": (reader, name, accepted)
    for selects, reader in READERS.items()
    for name, accepted in FIELD_LISTS[selects].items()
}


@pytest.mark.parametrize(("reader", "name", "accepted"), ACCEPTED.values(), ids=ACCEPTED.keys())
def test_every_accepted_field_is_accepted_alone_and_with_all_others(
    reader: QueryReader, name: str, accepted: tuple[str, ...]
) -> None:
    for field in accepted:
        assert reader.read(f"{name}={field}".encode()).violations == ()
    assert reader.read(f"{name}={','.join(accepted)}".encode()).violations == ()


def test_a_query_of_too_many_parameters_is_refused_as_a_whole() -> None:
    most = "&".join(["max_results=1"] * MAX_QUERY_FIELDS)
    assert len(READER.read(most.encode()).violations) == 1
    [violation] = READER.read(f"{most}&max_results=1".encode()).violations
    assert violation.message == "The number of query parameters is too large"


def test_a_query_without_any_parameter_asks_for_the_defaults() -> None:
    read = READER.read(b"")
    assert (read.values, read.violations) == ({}, ())
    assert read.selection is not None
    assert read.selection.user_fields == ("id", "name", "username")


PATHS = {
    "good": ("1", [], []),
    "bad": ("x", [], ["[x] is not valid"]),
    "shadowed": ("1", ["2"], ["Duplicate"]),
    "shadowed-by-itself": ("1", ["1"], ["Duplicate"]),
    "shadowed-by-a-bad-one": ("1", ["x"], ["[x] is not valid", "Duplicate"]),
    "bad-and-shadowed": ("x", ["1"], ["[x] is not valid", "Duplicate"]),
    "bad-and-shadowed-by-bad-ones": (
        "x",
        ["y", ""],
        ["[x] is not valid", "[y] is not valid", "[] is not valid", "Duplicate"],
    ),
}


@pytest.mark.parametrize(("value", "shadowing", "expected"), PATHS.values(), ids=PATHS.keys())
def test_path_parameters_share_one_map_with_the_query(value: str, shadowing: list[str], expected: list[str]) -> None:
    shadows = {"id": shadowing} if shadowing else {}
    violations = read_path(Parameters(path={"id": ID}), {"id": value}, shadows)
    assert len(violations) == len(expected)
    for violation, part in zip(violations, expected, strict=True):
        assert part in violation.message
        assert violation.parameters == {"id": [value, *shadowing]}


SHADOWED = {
    "mute": ("POST", f"{LIST}?id=1001", "id"),
    "unmute-source": ("DELETE", f"{LIST}/1002?source_user_id=7", "source_user_id"),
    "unmute-target": ("DELETE", f"{LIST}/1002?target_user_id=7", "target_user_id"),
    "username": ("GET", "/2/users/by/username/carol?username=bob", "username"),
}


@pytest.mark.parametrize(("method", "target", "name"), SHADOWED.values(), ids=SHADOWED.keys())
async def test_shadowing_is_refused_on_every_route(service: Service, method: Any, target: str, name: str) -> None:
    answer = await service.call(method, target, headers={"content-type": "application/json"}, body=b"{}")
    assert answer.status == 400
    assert answer.messages == [f"Duplicate parameters are not allowed: the `{name}` query parameter"]


NOT_SELECTING = {
    "mute": ("POST", LIST, "id"),
    "unmute": ("DELETE", f"{LIST}/1002", "source_user_id,target_user_id"),
}


@pytest.mark.parametrize(("method", "target", "known"), NOT_SELECTING.values(), ids=NOT_SELECTING.keys())
async def test_routes_that_show_nobody_take_no_fields(service: Service, method: Any, target: str, known: str) -> None:
    answer = await service.call(method, f"{target}?user.fields=id&max_results=1")
    assert answer.messages == [
        f"The query parameter [user.fields] is not one of [{known}]",
        f"The query parameter [max_results] is not one of [{known}]",
    ]


async def test_what_is_wrong_with_path_and_query_is_reported_together(service: Service) -> None:
    answer = await service.get("/2/users/x/muting?id=y&max_results=0&foo=1")
    assert [next(iter(error["parameters"])) for error in answer.json["errors"]] == [
        "id",
        "id",
        "id",
        "foo",
        "max_results",
    ]


async def test_another_persons_id_is_reported_with_everything_else(service: Service) -> None:
    answer = await service.get("/2/users/1002/muting?max_results=0")
    assert answer.messages == [
        "The `id` query parameter value [1002] must be the same as the authenticating user [1001]",
        "The `max_results` query parameter value [0] is not between 1 and 1000",
    ]


@given(st.binary(max_size=300))
def test_no_query_is_a_defect(raw: bytes) -> None:
    read = READER.read(raw)
    assert (read.selection is None) == bool(read.violations)
    assert all(violation.message for violation in read.violations)


def test_only_short_good_queries_are_kept() -> None:
    kept = {
        "good": READER.read(b"max_results=7") is READER.read(b"max_results=7"),
        "bad": READER.read(b"max_results=x") is READER.read(b"max_results=x"),
        "shadowing": READER.read(b"id=1") is READER.read(b"id=1"),
        "long": READER.read(long := b"user.fields=" + b",".join([b"id"] * 1_000)) is READER.read(long),
    }
    assert kept == {"good": True, "bad": False, "shadowing": False, "long": False}


async def test_many_values_for_a_path_parameter_are_not_echoed_for_each(service: Service) -> None:
    target = "/2/users/1002?" + "&".join(f"id=x{n}" for n in range(199))
    answer = await service.get(target)
    assert (answer.status, answer.messages[-1].partition(" ")[0]) == (400, "Duplicate")
    assert len(answer.body) < 10 * len(target)


@pytest.mark.parametrize(
    ("query", "noun"),
    [
        (b"expansions=affiliation&max_results=0", "post"),
        (b"expansions=affiliation&tweet.fields=id&max_results=0", "tweet"),
        (b"expansions=affiliation.user_id&max_results=0", "tweet"),
        (b"post.fields=id&max_results=0", "post"),
        (b"user.fields=pinned_post_id&max_results=0", "post"),
        (b"max_results=0", "tweet"),
    ],
    ids=lambda value: value if isinstance(value, str) else value.decode(),
)
def test_a_refusal_speaks_the_vocabulary_that_the_answer_would(query: bytes, noun: str) -> None:
    good, bad = READER.read(query.replace(b"max_results=0", b"max_results=1")), READER.read(query + b"&unknown=1")
    assert good.selection is not None
    assert good.selection.vocabulary.noun == noun
    assert f",{noun}.fields," in bad.violations[0].message
