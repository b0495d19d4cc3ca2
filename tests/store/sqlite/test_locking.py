"""Several processes and one file."""

import asyncio
import fcntl
import os
import signal
import sys
import time
from pathlib import Path

import pytest

from tacet.store.base import StoreError, StoreLocked
from tacet.store.sqlite.backup import back_up
from tacet.store.sqlite.copying import SqliteSide
from tacet.store.sqlite.locking import Holder, take_lock
from tacet.store.sqlite.migrating import migrate_file, pending_in_file
from tests.store.building import NOW, code, grant, listed, mute, person, put_apps, refresh_token, token
from tests.store.sqlite.files import HOLD_A_WRITE, SERVE, go_on, opened, running

OPEN_BESIDE = """
import asyncio, sys
from tacet.records.people import Person
from tacet.store.opening import open_store

async def main():
    store = open_store(sys.argv[1], 10, server=False)
    await store.open()
    print("ready", flush=True)
    number = int(sys.argv[2])
    await store.directory.put_people([Person(number * 1000 + n, f"user_{number}_{n}", "N") for n in range(100)])
    await store.close()

asyncio.run(main())
"""


class TestTwoServers:
    async def test_the_second_is_refused_and_told_which_process_the_first_is(self, path: Path) -> None:
        async with running(SERVE, f"sqlite:///{path}") as process:
            with pytest.raises(StoreLocked, match=rf"process {process.pid}\b") as caught:
                async with opened(path):
                    pass
            assert str(path) in str(caught.value)
            # Nor does the refused one take the lock along when it goes.
            with pytest.raises(StoreLocked):
                async with opened(path):
                    pass

    async def test_the_first_goes_on(self, path: Path) -> None:
        async with opened(path) as store:
            with pytest.raises(StoreLocked, match=rf"process {os.getpid()}\b"):
                async with opened(path):
                    pass
            assert await store.relations.add(mute(7, 100), NOW)
            assert await listed(store) == [(7, 100)]

    async def test_a_link_to_the_file_is_the_same_file(self, path: Path, tmp_path: Path) -> None:
        link = tmp_path / "link.db"
        link.symlink_to(path)
        async with opened(path):
            with pytest.raises(StoreLocked):
                async with opened(link):
                    pass

    async def test_another_file_in_the_same_folder_is_free(self, path: Path, tmp_path: Path) -> None:
        async with opened(path), opened(tmp_path / "other.db") as other:
            assert await other.relations.add(mute(7, 100), NOW)

    @pytest.mark.parametrize("ending", [signal.SIGKILL, signal.SIGTERM], ids=["killed", "terminated"])
    async def test_the_lock_goes_with_its_process(self, path: Path, ending: signal.Signals) -> None:
        async with running(SERVE, f"sqlite:///{path}") as process:
            process.send_signal(ending)
            await process.wait()
            async with opened(path) as store:
                assert await store.relations.add(mute(7, 100), NOW)

    async def test_the_lock_goes_when_the_store_is_closed(self, path: Path) -> None:
        for number in range(3):
            async with opened(path) as store:
                assert await store.relations.add(mute(number, 2 * number), NOW)


class TestAFileWithTwoNames:
    """The log of a database lies beside one name of it."""

    @pytest.fixture
    def linked(self, path: Path, tmp_path: Path) -> Path:
        migrate_file(path)
        other = tmp_path / "other.db"
        other.hardlink_to(path)
        return other

    @pytest.mark.parametrize("server", [True, False], ids=["server", "admin"])
    async def test_is_opened_by_neither(self, path: Path, linked: Path, server: bool) -> None:
        for name in (path, linked):
            with pytest.raises(StoreError, match="2 names"):
                async with opened(name, server):
                    pass

    async def test_that_gets_the_second_while_it_is_served_stays_with_its_server(self, path: Path) -> None:
        other = path.with_name("other.db")
        async with opened(path) as store:
            other.hardlink_to(path)
            with pytest.raises(StoreError, match="2 names"):
                async with opened(other):
                    pass
            assert not other.with_name("other.db-wal").exists()
            assert await store.relations.add(mute(7, 100), NOW)
        other.unlink()
        async with opened(path) as store:
            assert await listed(store) == [(7, 100)]

    async def test_is_not_copied_migrated_or_backed_up(self, linked: Path, tmp_path: Path) -> None:
        side = SqliteSide(linked)
        with pytest.raises(StoreError, match="2 names"):
            await side.open_source()
        await side.close()
        with pytest.raises(StoreError, match="2 names"):
            await side.open_destination()
        await side.close()
        for action in (migrate_file, pending_in_file):
            with pytest.raises(StoreError, match="2 names"):
                action(linked)
        with pytest.raises(StoreError, match="2 names"):
            back_up(linked, tmp_path / "copy.db", False, lambda _done, _total: None, time.sleep)


class TestTheFileOfTheLock:
    @pytest.mark.parametrize("target", ["victim", "nowhere"])
    def test_is_no_link(self, path: Path, tmp_path: Path, target: str) -> None:
        (tmp_path / "victim").write_text("precious")
        path.with_name(path.name + ".lock").symlink_to(tmp_path / target)
        with pytest.raises(StoreError, match=r"\.lock is no ordinary file"):
            take_lock(path)
        assert (tmp_path / "victim").read_text() == "precious"
        assert not (tmp_path / "nowhere").exists()

    def test_is_no_other_name_of_a_file(self, path: Path, tmp_path: Path) -> None:
        (tmp_path / "victim").write_text("precious")
        path.with_name(path.name + ".lock").hardlink_to(tmp_path / "victim")
        with pytest.raises(StoreError, match=r"\.lock is no ordinary file"):
            take_lock(path)
        assert (tmp_path / "victim").read_text() == "precious"

    def test_is_no_pipe(self, path: Path) -> None:
        os.mkfifo(path.with_name(path.name + ".lock"))
        with pytest.raises(StoreError, match=r"\.lock is no ordinary file"):
            take_lock(path)


HOLD_A_LOCK = """
import sys
from pathlib import Path
from tacet.store.sqlite.locking import take_lock

held = take_lock(Path(sys.argv[1]), "copy")
print("ready", flush=True)
sys.stdin.readline()
"""


class TestWhoHasIt:
    @pytest.mark.parametrize("holder", ["copy", "backup", "migrate"])
    def test_may_be_this_command(self, path: Path, holder: Holder) -> None:
        with take_lock(path, holder), pytest.raises(StoreLocked, match="this command itself has"):
            take_lock(path)

    def test_may_not_have_said_yet_who_it_is(self, path: Path) -> None:
        with path.with_name(f"{path.name}.lock").open("w") as silent:
            fcntl.flock(silent, fcntl.LOCK_EX)
            with pytest.raises(StoreLocked, match=f"another server or command has just begun with {path}: wait"):
                take_lock(path)

    async def test_may_be_another_command(self, path: Path) -> None:
        async with running(HOLD_A_LOCK, path) as process:
            with pytest.raises(StoreLocked, match=rf"tacet database copy \(process {process.pid}\), works on {path}"):
                take_lock(path)


class TestAdminBesideServer:
    async def test_each_sees_what_the_other_wrote(self, path: Path) -> None:
        async with opened(path) as server, opened(path, server=False) as admin:
            await admin.directory.put_people([person(1, "ann")])
            assert await server.directory.people([1]) == [person(1, "ann")]
            assert await server.revisions() == await admin.revisions() != {}
            await server.relations.add(mute(7, 100), NOW)
            assert await listed(admin) == [(7, 100)]

    async def test_both_can_write_at_once(self, path: Path) -> None:
        async with opened(path) as server, opened(path, server=False) as admin:
            await asyncio.gather(
                *(server.relations.add(mute(n, 2 * n), NOW) for n in range(300)),
                *(admin.directory.put_people([person(n, f"user_{n}")]) for n in range(30)),
                *(admin.relations.add(mute(n, 2 * n), NOW) for n in range(300, 600)),
            )
            assert len(await listed(admin)) == 600
            assert await server.directory.first_person_ids(100) == list(range(30))

    async def test_of_both_that_redeem_a_code_one_is_given_something(self, path: Path) -> None:
        async with opened(path) as server, opened(path, server=False) as admin:
            await put_apps(server, 1)
            for turn in range(1, 11):
                digest = bytes([turn]) * 32
                await server.consents.put_code(code(digest))
                answers = await asyncio.gather(
                    server.consents.redeem_code(digest, grant(turn), [token(digest)], NOW),
                    admin.consents.redeem_code(digest, grant(100 + turn), [token(digest)], NOW),
                )
                assert sorted(answers) == [False, True]

    async def test_of_both_that_rotate_a_refresh_token_one_is_given_something(self, path: Path) -> None:
        async with opened(path) as server, opened(path, server=False) as admin:
            await put_apps(server, 1)
            for turn in range(1, 11):
                digest = bytes([turn]) * 32
                await server.consents.add_grant(grant(turn), [refresh_token(digest)])
                answers = await asyncio.gather(
                    server.consents.rotate(digest, [token(b"server" + digest)], NOW),
                    admin.consents.rotate(digest, [token(b"admin" + digest)], NOW),
                )
                assert sorted(answers) == [False, True]

    async def test_it_needs_no_server(self, path: Path) -> None:
        async with opened(path, server=False) as admin:
            await admin.directory.put_people([person(1, "ann")])
        async with opened(path) as server:
            assert await server.directory.people([1]) == [person(1, "ann")]

    async def test_several_processes_can_make_the_database_at_once(self, path: Path) -> None:
        processes = [
            await asyncio.create_subprocess_exec(
                sys.executable, "-c", OPEN_BESIDE, f"sqlite:///{path}", str(number), stdout=asyncio.subprocess.PIPE
            )
            for number in range(4)
        ]
        await asyncio.gather(*(process.communicate() for process in processes))
        assert [process.returncode for process in processes] == [0] * 4
        async with opened(path) as store:
            assert len(await store.directory.first_person_ids(1_000)) == 400


async def test_another_process_in_a_write_delays_writes_but_no_read(path: Path) -> None:
    async with opened(path) as store:
        await store.relations.add(mute(7, 100), NOW)
        async with running(HOLD_A_WRITE, path) as process:
            writing = asyncio.gather(*(store.relations.add(mute(n, 2 * n), NOW) for n in range(200, 300)))
            started = time.monotonic()
            for _ in range(100):
                assert await listed(store) == [(7, 100)]
                await asyncio.sleep(0.001)
            # A read that waits does so for the five seconds that SQLite waits for a lock.
            assert time.monotonic() - started < 4
            assert not writing.done()
            go_on(process)
            assert all(await writing)
        assert len(await listed(store)) == 101
