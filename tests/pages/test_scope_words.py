from itertools import combinations

import pytest

from tacet.identity.scopes import GRANTABLE_SCOPES
from tacet.pages.scope_words import SCOPE_WORDS, STAYS, access_can, access_cannot, scopes_can, scopes_cannot
from tacet.records.credentials import Access


def test_every_scope_that_can_be_granted_has_words_and_no_other_has() -> None:
    assert set(SCOPE_WORDS) == GRANTABLE_SCOPES
    assert len(GRANTABLE_SCOPES) == 25


def test_no_two_scopes_have_the_same_words() -> None:
    assert len(set(SCOPE_WORDS.values())) == len(SCOPE_WORDS)


def test_each_scope_is_one_line_and_staying_connected_comes_last() -> None:
    assert scopes_can(["offline.access", "mute.read", "users.read"]) == [
        SCOPE_WORDS["users.read"],
        "See whom you mute",
        "Stay connected until you revoke it",
    ]


def test_what_is_granted_is_never_said_to_be_impossible() -> None:
    for granted in combinations(sorted(GRANTABLE_SCOPES), 2):
        refused = scopes_cannot(granted)
        assert not set(refused) & {words for scope in granted for words in _worries(scope)}
        assert refused[-1] == "See or change your password"


def _worries(scope: str) -> list[str]:
    """What is said of somebody without this scope and not of somebody with it."""
    with_all = set(scopes_cannot(GRANTABLE_SCOPES))
    return [words for words in scopes_cannot(GRANTABLE_SCOPES - {scope}) if words not in with_all]


def test_only_the_password_is_safe_from_an_app_that_may_do_everything() -> None:
    assert scopes_cannot(GRANTABLE_SCOPES) == ["See or change your password"]


@pytest.mark.parametrize(
    ("access", "writes", "messages"),
    [
        pytest.param(Access.READ, False, False, id="read"),
        pytest.param(Access.READ_WRITE, True, False, id="read-and-write"),
        pytest.param(Access.READ_WRITE_MESSAGES, True, True, id="with-direct-messages"),
    ],
)
def test_an_access_level_says_what_it_allows_and_what_it_does_not(access: Access, writes: bool, messages: bool) -> None:
    can, cannot = " ".join(access_can(access)), " ".join(access_cannot(access))
    assert ("for you" in can, "for you" in cannot) == (writes, not writes)
    assert ("direct messages" in can, "direct messages" in cannot) == (messages, not messages)
    assert can.endswith(STAYS)
    assert cannot.endswith("See or change your password")
