import pytest

from tacet.records.people import MAX_ID, Person, State
from tacet.records.relations import Kind, Relation
from tacet.store.base import StoreBusy
from tests.cast import ALICE, BOB, CAROL, NOW_MS, PROTECTED, SUSPENDED
from tests.pages.browsing import Browser, Screen, query_of
from tests.pages.muted.scenes import MUTED, crowd, mute, muted, undo, unmute
from tests.service import Service


async def send(browser: Browser, path: str, **fields: str) -> Screen:
    """A form that somebody made up, in their own session."""
    return await browser.post(path, {"csrf": (await browser.get(MUTED)).csrf, **fields})


class TestMuting:
    @pytest.mark.parametrize(
        "name",
        [
            "carol",
            "@carol",
            "@CAROL",
            " @carol ",
            "@ carol",
            "\u00a0@carol\u2003",
            "https://x.com/carol",
            " http://twitter.com/Carol/ ",
            "https://www.x.com/carol?s=20&t=x",
            "https://mobile.twitter.com/carol/status/1234#m",
            "x.com/@carol",
            "HTTPS://X.COM/CAROL",
        ],
    )
    async def test_it_takes_a_name_as_people_write_it(self, sandbox: Service, alice: Browser, name: str) -> None:
        screen = await mute(alice, name)
        assert "You mute @carol now." in screen.text
        assert await muted(sandbox) == [CAROL.id]
        assert (await sandbox.page(ALICE)).ids == [str(CAROL.id)]

    async def test_a_protected_account_can_be_muted(self, sandbox: Service, alice: Browser) -> None:
        await mute(alice, PROTECTED.username)
        assert await muted(sandbox) == [PROTECTED.id]

    @pytest.mark.parametrize(
        ("name", "words"),
        [
            pytest.param("", "Say whom", id="nothing"),
            pytest.param(" @ ", "Say whom", id="an-at-sign"),
            pytest.param("nobody_at_all", "Nobody here is called @nobody_at_all.", id="unknown"),
            pytest.param("two words", "letters from A to Z", id="no-username"),
            pytest.param("<b>", "letters from A to Z", id="markup"),
            pytest.param("x" * 16, "up to 15", id="too-long"),
            pytest.param("cårol", "letters from A to Z", id="not-ascii"),
            pytest.param("https://x.com/", "Say whom", id="a-link-to-nobody"),
            pytest.param("https://x.com/%40carol", "letters from A to Z", id="a-link-that-is-escaped"),
            pytest.param("https://evil.example/carol", "letters from A to Z", id="a-link-to-elsewhere"),
            pytest.param("https://x.com.evil.example/carol", "letters from A to Z", id="a-link-that-looks-alike"),
            pytest.param(
                "https://x.com/nobody_at_all", "Nobody here is called @nobody_at_all.", id="a-link-to-a-stranger"
            ),
            pytest.param("alice", "That is you.", id="oneself"),
            pytest.param("gone", "@gone is suspended", id="suspended"),
            pytest.param("left", "@left is deactivated", id="deactivated"),
        ],
    )
    async def test_what_is_wrong_is_said_beside_the_field_and_nothing_changes(
        self, sandbox: Service, alice: Browser, name: str, words: str
    ) -> None:
        screen = await mute(alice, name)
        assert screen.status == 422
        assert words in screen.text
        given = next(given for tag, given in screen.tags if given.get("id") == "field-username")
        assert given["aria-invalid"] == "true"
        assert given["value"] == name.strip()
        assert "error-username" in given["aria-describedby"].split()
        assert await muted(sandbox) == []

    async def test_whom_one_mutes_already_is_said_with_since_when(self, sandbox: Service, alice: Browser) -> None:
        await mute(alice, "bob_b")
        await mute(alice, "carol")
        screen = await mute(alice, "bob_b")
        assert (screen.status, "You mute @Bob_B already, since 7 May 2022." in screen.text) == (422, True)
        assert await muted(sandbox) == [CAROL.id, BOB.id]

    async def test_the_page_that_says_so_shows_the_list_as_it_was(self, sandbox: Service, alice: Browser) -> None:
        await crowd(sandbox, ALICE, 60)
        first = await alice.get(MUTED)
        older = next(url for url in first.links if "from" in query_of(url))
        screen = await mute(alice, "nobody_at_all", older)
        buttons = [form.buttons for form in screen.forms if form.action == "/muted/unmute"]
        assert [len(each) for each in buttons] == [10]

    async def test_when_nothing_can_be_written_it_says_so(
        self, sandbox: Service, alice: Browser, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        async def full(*_: object) -> bool:
            raise StoreBusy("full")

        monkeypatch.setattr(sandbox.store.relations, "add", full)
        screen = await mute(alice, "carol")
        assert (screen.status, screen.heading) == (503, "Not now")


class TestUnmuting:
    async def test_it_is_done_at_once_and_can_be_undone_to_the_old_place(
        self, sandbox: Service, alice: Browser
    ) -> None:
        for name in ("bob_b", "carol", "full"):
            await mute(alice, name)
        before = await muted(sandbox)
        since = await sandbox.tacet.actions.mutes.position(ALICE.id, CAROL.id)
        sandbox.clock.advance(60_000)
        done = await unmute(alice, CAROL)
        assert "You no longer mute @carol." in done.text
        assert await muted(sandbox) == [each for each in before if each != CAROL.id]
        again = await undo(alice, done)
        assert "You mute @carol now." in again.text
        assert await muted(sandbox) == before
        assert await sandbox.tacet.actions.mutes.position(ALICE.id, CAROL.id) == since

    async def test_a_mute_can_be_undone_as_well(self, sandbox: Service, alice: Browser) -> None:
        done = await undo(alice, await mute(alice, "carol"))
        assert "You no longer mute @carol." in done.text
        assert await muted(sandbox) == []

    async def test_suspended_ones_can_be_unmuted_and_that_undone(self, sandbox: Service, alice: Browser) -> None:
        await sandbox.store.relations.add(Relation(Kind.MUTE, ALICE.id, SUSPENDED.id, NOW_MS << 10), NOW_MS)
        done = await unmute(alice, SUSPENDED)
        assert await muted(sandbox) == []
        await undo(alice, done)
        assert await muted(sandbox) == [SUSPENDED.id]

    async def test_somebody_who_is_gone_can_be_unmuted(self, sandbox: Service, alice: Browser) -> None:
        await sandbox.store.relations.add(Relation(Kind.MUTE, ALICE.id, 77, 2), NOW_MS)
        done = await unmute(alice, Person(77, "x", "x"))
        assert "You mute nobody" in done.text
        assert await muted(sandbox) == []

    async def test_sending_it_twice_is_no_mistake(self, sandbox: Service, alice: Browser) -> None:
        await mute(alice, "carol")
        screen = await alice.get(MUTED)
        form = next(form for form in screen.forms if form.action == "/muted/unmute")
        first, second = [
            await alice.submit(screen, form, press=("target_id", str(CAROL.id)), follow=True) for _ in range(2)
        ]
        assert (first.status, second.status) == (200, 200)
        assert "You no longer mute" in first.text
        assert "You no longer mute" not in second.text

    async def test_one_stays_on_the_page_where_one_was(self, sandbox: Service, alice: Browser) -> None:
        people = await crowd(sandbox, ALICE, 60)
        older = next(url for url in (await alice.get(MUTED)).links if "from" in query_of(url))
        done = await unmute(alice, people[0], older)
        assert query_of(done.path)["from"] == query_of(older)["from"]
        assert query_of((await undo(alice, done)).path)["from"] == query_of(older)["from"]

    @pytest.mark.parametrize("target_id", ["", "x", "-1", str(MAX_ID + 1), "9" * 400, "٣"])
    @pytest.mark.parametrize("path", ["/muted/unmute", "/muted/undo"])
    async def test_what_is_no_account_is_nothing_here(self, alice: Browser, path: str, target_id: str) -> None:
        assert (await send(alice, path, target_id=target_id)).status == 404


class TestForgedUndo:
    @pytest.mark.parametrize(
        "at", ["", "0", "1", "x", "-2", str(MAX_ID), str(MAX_ID - 1), "9" * 400, str(NOW_MS << 21)]
    )
    async def test_a_place_that_cannot_be_is_the_newest(self, sandbox: Service, alice: Browser, at: str) -> None:
        await mute(alice, "bob_b")
        assert (await send(alice, "/muted/undo", target_id=str(CAROL.id), at=at)).status == 303
        assert await muted(sandbox) == [CAROL.id, BOB.id]
        await mute(alice, "full")
        assert (await muted(sandbox))[1:] == [CAROL.id, BOB.id]

    async def test_nobody_stands_in_a_place_twice(self, sandbox: Service, alice: Browser) -> None:
        await mute(alice, "bob_b")
        taken = await sandbox.tacet.actions.mutes.position(ALICE.id, BOB.id)
        await send(alice, "/muted/undo", target_id=str(CAROL.id), at=str(taken))
        assert set(await muted(sandbox)) == {CAROL.id, BOB.id}
        assert await sandbox.tacet.actions.mutes.position(ALICE.id, BOB.id) == taken

    @pytest.mark.parametrize("target_id", [ALICE.id, 999_999], ids=["oneself", "nobody"])
    async def test_what_can_never_have_been_muted_is_nothing_here(
        self, sandbox: Service, alice: Browser, target_id: int
    ) -> None:
        assert (await send(alice, "/muted/undo", target_id=str(target_id), at="2")).status == 404
        assert await muted(sandbox) == []


class TestForgedBack:
    @pytest.mark.parametrize(
        "back", ["/timeline?older=<script>", "/timeline?newer=-1", "/timeline?older=" + "9" * 30, "/muted?from=x"]
    )
    async def test_a_page_that_cannot_be_shown_is_refused_before_anything_is_done(
        self, sandbox: Service, alice: Browser, back: str
    ) -> None:
        await mute(alice, "bob_b")
        for path, fields in (
            ("/muted/mute", {"username": "carol"}),
            ("/muted/undo", {"target_id": str(CAROL.id), "at": "2"}),
            ("/muted/unmute", {"target_id": str(BOB.id)}),
        ):
            screen = await send(alice, path, back=back, **fields)
            assert (screen.status, screen.heading) == (400, "A broken address")
        assert await muted(sandbox) == [BOB.id]


class TestOthers:
    async def test_without_a_token_nothing_changes(self, sandbox: Service, alice: Browser) -> None:
        await mute(alice, "carol")
        fields = {"username": "bob_b", "target_id": str(CAROL.id), "at": "2"}
        for path in ("/muted/mute", "/muted/unmute", "/muted/undo"):
            assert (await alice.post(path, fields)).status == 403
        assert await muted(sandbox) == [CAROL.id]

    async def test_another_site_changes_nothing(self, sandbox: Service, alice: Browser) -> None:
        csrf = (await alice.get(MUTED)).csrf
        fields = {"csrf": csrf, "username": "bob_b", "target_id": str(CAROL.id), "at": "2"}
        for path in ("/muted/mute", "/muted/unmute", "/muted/undo"):
            sent = await alice.post(path, fields, {"origin": "https://evil.example", "sec-fetch-site": "cross-site"})
            assert sent.status == 403
        assert await muted(sandbox) == []

    @pytest.mark.parametrize("path", ["/muted/mute", "/muted/unmute", "/muted/undo"])
    async def test_whoever_had_to_sign_in_first_comes_back_to_the_list(
        self, sandbox: Service, alice: Browser, path: str
    ) -> None:
        sent = await Browser(sandbox).post(path, {"username": "bob_b"})
        assert sent.location == f"/sign-in?next=%2Fmuted%2F{path.rpartition('/')[2]}"
        assert (await alice.get(path)).location == MUTED

    async def test_one_changes_one_s_own_list_only(self, sandbox: Service, alice: Browser, bob: Browser) -> None:
        await mute(alice, "carol")
        await send(bob, "/muted/unmute", target_id=str(CAROL.id))
        assert (await muted(sandbox, ALICE), await muted(sandbox, BOB)) == ([CAROL.id], [])

    async def test_no_page_of_somebody_who_is_muted_changes(
        self, sandbox: Service, alice: Browser, bob: Browser
    ) -> None:
        paths = ["/", "/account", "/portal/sign-up", MUTED, "/muted?q=alice", "/timeline", f"/muted?muted={ALICE.id}"]
        before = [(await bob.get(path)).html for path in paths]
        done = await mute(alice, "bob_b")
        await undo(alice, await undo(alice, done))
        assert await muted(sandbox) == [BOB.id]
        assert [(await bob.get(path)).html for path in paths] == before

    async def test_somebody_suspended_meanwhile_stays_muted(self, sandbox: Service, alice: Browser) -> None:
        await mute(alice, "carol")
        await sandbox.put(Person(CAROL.id, CAROL.username, CAROL.name, State.SUSPENDED))
        screen = await mute(alice, "carol")
        assert screen.status == 422
        assert "You mute @carol already, since 7 May 2022." in screen.text
        assert "cannot be muted" not in screen.text
        assert await muted(sandbox) == [CAROL.id]
