import random
import time

import pytest

from tacet.identity.signin.password_rules import MAX_BYTES, MAX_CHARACTERS, WeakPassword, prepared, refuse_easy
from tacet.ids import SeededRandomness

USERNAME = "marguerite"

GOOD = {
    "twelve random characters": "hG4&nV9!qLz2",
    "a few words": "correct horse battery staple",
    "small letters only": "frogwindowlampcactus",
    "digits only": "840293756102",
    "another script": "мышь читает газету",
    "twelve signs of a script without blanks": "猫電話青森五月雨茶傘山道",
    "emoji": "🐸🌵📻🪟🚲🧦🎻🍋🛶🧭🪁🎲",
    "an obvious word among others": "tacet would be a fine word",
    "the longest": "".join(random.Random(1).choices("abcdefghijkmnopqrstuvwxyz", k=MAX_CHARACTERS)),
    "a good piece twice": "hG4&nV9!qLz2hG4&nV9!qLz2",
    "blanks at its ends": "  lamp cactus frog  ",
}


@pytest.mark.parametrize("plain", GOOD.values(), ids=GOOD.keys())
def test_good_ones_are_taken_as_they_are(plain: str) -> None:
    assert prepared(plain) == plain
    refuse_easy(plain, USERNAME)


def test_random_ones_are_always_taken() -> None:
    randomness = SeededRandomness(3)
    for _ in range(2_000):
        refuse_easy(prepared(randomness.text(12)), USERNAME)


SAME = {
    "composed and decomposed": ("Zoë's hüte sind weg", "Zoe\u0308's hu\u0308te sind weg"),
    "an ideographic blank": ("lamp cactus frog", "lamp\u3000cactus\u00a0frog"),
}


@pytest.mark.parametrize(("one", "other"), SAME.values(), ids=SAME.keys())
def test_what_looks_the_same_is_the_same(one: str, other: str) -> None:
    assert one != other
    assert prepared(one) == prepared(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        pytest.param("Lamp cactus frog", "lamp cactus frog", id="case"),
        pytest.param("lamp cactus frog", "lamp cactus frog ", id="a-blank-at-the-end"),
        pytest.param("lamp cactus frog", "lamp  cactus frog", id="two-blanks"),
        pytest.param("lamp cactus ﬁg", "lamp cactus fig", id="a-ligature"),
    ],
)
def test_what_does_not_is_not(one: str, other: str) -> None:
    assert prepared(one) != prepared(other)


UNUSABLE = {
    "one more than the longest": ("aB3$" * 32 + "x", "too long"),
    "longer than the longest by far": ("x" * 10_000_000, "too long"),
    "many octets": ("\u0301" * (MAX_BYTES // 2 + 1), "too long"),
    "a tab": ("lamp\tcactus frog", "control characters"),
    "a line end": ("lamp cactus frog\n", "control characters"),
    "a zero": ("lamp cactus\0frog", "control characters"),
    "a C1 control": ("lamp cactus\u0085frog", "control characters"),
    "half a character": ("lamp cactus \ud83d", "control characters"),
}


@pytest.mark.parametrize(("plain", "reason"), UNUSABLE.values(), ids=UNUSABLE.keys())
def test_what_can_be_nobodys_is_refused(plain: str, reason: str) -> None:
    with pytest.raises(WeakPassword, match=reason):
        prepared(plain)


def test_length_is_counted_in_the_form_that_is_hashed() -> None:
    composed = "ëüöä" * (MAX_CHARACTERS // 4)
    decomposed = "".join(f"{letter}\u0308" for letter in "euoa") * (MAX_CHARACTERS // 4)
    assert prepared(decomposed) == composed


EASY = {
    "empty": ("", "too short"),
    "eleven characters": ("hG4&nV9!qLz", "too short"),
    "blanks that count once": ("a       4  &  z", "too short"),
    "the username": ("xx-marguerite-94&", "username"),
    "the username in capitals": ("MARGUERITE94&z!", "username"),
    "one character": ("aaaaaaaaaaaaaaaaaaaa", "repeats itself"),
    "few characters": ("abbaabababbaab", "repeats itself"),
    "a piece again and again": ("x7&kQxx7&kQxx7&kQx", "repeats itself"),
    "a piece cut off": ("x7&kQ2x7&kQ2x7&", "repeats itself"),
    "a piece in another case": ("x7&kQ2X7&Kq2x7&KQ2", "repeats itself"),
    "digits in order": ("123456789012", "easy to guess"),
    "letters in order": ("abcdefghijklmnop", "easy to guess"),
    "letters in reverse order": ("zyxwvutsrqponm", "easy to guess"),
    "a row of the keyboard": ("qwertyuiopasdfghjkl", "easy to guess"),
    "another row and digits": ("asdfghjkl12345", "easy to guess"),
    "the service's name and digits": ("tacet-tacet-2345", "easy to guess"),
    "the word itself": ("Password1234", "easy to guess"),
    "the word with look-alikes": ("P4$$w0rd!234", "easy to guess"),
    "two of them": ("adminpassword1", "easy to guess"),
}


@pytest.mark.parametrize(("plain", "reason"), EASY.values(), ids=EASY.keys())
def test_what_is_tried_first_is_refused(plain: str, reason: str) -> None:
    with pytest.raises(WeakPassword, match=reason):
        refuse_easy(prepared(plain), USERNAME)


@pytest.mark.parametrize("username", ["", "jo", "cat"])
def test_a_short_username_may_be_part_of_words(username: str) -> None:
    refuse_easy("joyful cats draw maps", username)


@pytest.mark.parametrize("plain", ["a" * MAX_CHARACTERS, "aB" * 64, "passwor" * 18, "1qaz" * 32, "\u0301" * 128])
def test_deciding_takes_no_time_worth_mentioning(plain: str) -> None:
    # Of the processor: others may have it meanwhile.
    started = time.thread_time()
    with pytest.raises(WeakPassword):
        refuse_easy(prepared(plain), USERNAME)
    assert time.thread_time() - started < 0.1
