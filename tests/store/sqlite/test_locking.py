"""Several processes and one file."""

import asyncio
import os
import signal
import sys
import time
from pathlib import Path

import pytest

from tacet.store.base import StoreLocked
from tests.store.building import NOW, code, grant, listed, mute, person, refresh_token, token
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
            assert time.monotonic() - started < 1
            assert not writing.done()
            go_on(process)
            assert all(await writing)
        assert len(await listed(store)) == 101
