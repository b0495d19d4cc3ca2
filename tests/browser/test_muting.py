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
    page = chromium.run(open_page, java_script_enabled=False)
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

    plain.get_by_text(f"Hidden: you mute {username}").first.click()
    expect(posts).to_have_count(1)
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
