"""Muting in a browser, from the timeline to the list and back, with no scripts at all."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import OpenPage
from tests.browser.driving import Chromium
from tests.browser.steps import sign_in


@pytest.fixture
def plain(chromium: Chromium, open_page: OpenPage) -> Page:
    """Alice's browser, which runs no scripts."""
    page = chromium.run(open_page, allowed="status of 422", java_script_enabled=False)
    chromium.run(sign_in, page, "alice")
    return page


def test_posts_vanish_from_the_timeline_and_come_back(plain: Page) -> None:
    plain.goto("/timeline")
    first = plain.get_by_role("main").get_by_role("button", name="Mute").first
    username = first.inner_text().split()[-1]
    posts = plain.get_by_role("article", name=f"Post by {username}")
    shown = posts.count()
    assert shown > 0
    first.click()
    expect(plain.get_by_role("status")).to_contain_text(f"You mute {username} now.")
    expect(posts).to_have_count(0)

    plain.get_by_text(f"hidden: you mute {username}").first.click()
    expect(posts.first).to_be_visible()

    plain.get_by_role("link", name="Leave them out").click()
    expect(plain.get_by_text("Hidden: you mute")).to_have_count(0)

    plain.get_by_role("link", name="Muted", exact=True).click()
    plain.get_by_label("Search the list").fill(username)
    plain.get_by_role("button", name="Search").click()
    plain.get_by_role("button", name=f"Unmute {username}").click()
    expect(plain.get_by_role("status")).to_contain_text(f"You no longer mute {username}.")

    plain.get_by_role("link", name="Timeline", exact=True).click()
    expect(posts).to_have_count(shown)


def test_an_unmute_is_undone_to_its_old_place(plain: Page) -> None:
    for username in ("bob", "carol"):
        plain.goto("/muted")
        plain.get_by_label("Mute somebody").fill(username)
        plain.get_by_role("button", name="Mute", exact=True).click()
        expect(plain.get_by_role("status")).to_contain_text(f"You mute @{username} now.")
    rows = plain.get_by_role("listitem").get_by_role("button", name=re.compile("^Unmute"))
    before = rows.all_inner_texts()
    plain.get_by_role("button", name="Unmute @bob").click()
    expect(rows).to_have_count(len(before) - 1)
    plain.get_by_role("button", name="Undo").click()
    expect(rows).to_have_text(before)


def test_whoever_mutes_far_below_stays_there_and_reads_there_what_was_done(plain: Page) -> None:
    plain.goto("/timeline")
    button = plain.get_by_role("main").get_by_role("button", name="Mute").nth(14)
    username = button.inner_text().split()[-1]
    button.click()
    for button_name, words in (
        ("Undo", f"You mute {username} now."),
        ("Undo", f"You no longer mute {username}."),
        (f"Unmute {username}", f"You mute {username} now."),
    ):
        expect(plain.get_by_role("status")).to_contain_text(words)
        expect(plain.get_by_role("status")).to_be_in_viewport()
        expect(plain.get_by_role("heading", name="Timeline")).not_to_be_in_viewport()
        plain.get_by_role("button", name=button_name).first.click()
    expect(plain.get_by_role("button", name=f"Unmute {username}")).to_have_count(0)


def test_a_hidden_post_that_is_gone_to_stays_folded(plain: Page) -> None:
    plain.goto("/timeline")
    plain.get_by_role("main").get_by_role("button", name="Mute").nth(14).click()
    expect(plain.get_by_role("status")).to_be_in_viewport()
    expect(plain.locator("details[open]")).to_have_count(0)


def test_nothing_is_cut_on_the_narrowest_phone(open_page: OpenPage) -> None:
    page = open_page(viewport={"width": 320, "height": 640})
    sign_in(page, "alice")
    page.goto("/timeline")
    for _ in range(3):
        button = page.get_by_role("main").get_by_role("button", name=re.compile("^Mute")).nth(3)
        username = button.inner_text().split()[-1]
        button.click()
        expect(page.get_by_role("status")).to_contain_text(f"You mute {username} now.")
    for summary in page.locator("main summary").all():
        if summary.is_visible():
            summary.click()
    for wide in ("html", ".tabs", ".posts"):
        assert page.eval_on_selector(wide, "each => each.scrollWidth - each.clientWidth") == 0
    for tab in page.locator(".tabs a").all():
        box = tab.bounding_box()
        assert box is not None
        assert (box["x"] >= 0, box["x"] + box["width"] <= 320) == (True, True)


def test_an_error_beside_one_field_moves_no_other(plain: Page) -> None:
    def tops() -> list[float]:
        boxes = [plain.get_by_text(words, exact=True).bounding_box() for words in ("Mute somebody", "Search the list")]
        return [box["y"] for box in boxes if box is not None]

    plain.goto("/muted")
    before = tops()
    plain.get_by_label("Mute somebody").fill("@alice")
    plain.get_by_role("button", name="Mute", exact=True).click()
    expect(plain.get_by_role("alert")).to_contain_text("That is you.")
    assert tops() == before
    assert before[0] == before[1]
