from pathlib import Path

import pytest

from tacet.store.base import StoreError
from tacet.store.opening import MEMORY, open_store
from tests.store.building import NOW, QUEUE_LENGTH, listed, mute


def names_in(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()]


@pytest.mark.parametrize("relative", [True, False], ids=["relative", "absolute"])
async def test_a_file_is_opened_at_the_path_of_its_address(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, relative: bool
) -> None:
    monkeypatch.chdir(tmp_path)
    path = Path("my mutes.db") if relative else tmp_path / "my mutes.db"
    store = open_store(f"sqlite:///{path}", QUEUE_LENGTH)
    await store.open()
    await store.close()
    assert "my mutes.db" in names_in(tmp_path)


async def test_a_database_in_memory_leaves_no_file_and_is_nobody_elses(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    one, other = open_store(MEMORY, QUEUE_LENGTH), open_store(MEMORY, QUEUE_LENGTH)
    await one.open()
    await other.open()
    await one.relations.add(mute(7, 100), NOW)
    assert await listed(other) == []
    await one.close()
    await other.close()
    assert names_in(tmp_path) == []


@pytest.mark.parametrize(
    "address", ["", "sqlite:///", "sqlite:/x.db", "x.db", "mysql://localhost/x", "mongodb://db/x"], ids=str
)
def test_an_address_that_no_store_knows_is_refused(address: str) -> None:
    with pytest.raises(StoreError, match="sqlite:///PATH"):
        open_store(address, QUEUE_LENGTH)


def test_a_refused_address_keeps_its_password_to_itself() -> None:
    with pytest.raises(StoreError) as caught:
        open_store("postgresql://me:hunter2@db", QUEUE_LENGTH)
    assert "hunter2" not in str(caught.value)
