"""Which connections are one too many, and which of them are ended."""

import pytest

from tacet.wire.crowd import MAX_SHORT, MAX_SURPLUS, Crowd

MOST_FILES = 1_000


class Transport:
    """Of a connection with a file of this number; None for one that is no socket."""

    def __init__(self, number: int | None) -> None:
        self.number = number
        self.aborted = False

    def get_extra_info(self, name: str) -> "Transport | None":
        assert name == "socket"
        return None if self.number is None else self

    def fileno(self) -> int:
        assert self.number is not None
        return self.number

    def abort(self) -> None:
        self.aborted = True


class Connection:
    def __init__(self, number: int | None = 7) -> None:
        self.transport = Transport(number)


class Short:
    def __init__(self) -> None:
        self.times = 0

    def __call__(self) -> None:
        self.times += 1


@pytest.mark.parametrize("number", [7, MOST_FILES - 1, None], ids=["few-files", "as-many-as-may-be", "no-socket"])
def test_as_many_as_may_be_are_not_too_many(number: int | None) -> None:
    short = Short()
    crowd, connection = Crowd(2, MOST_FILES, short), Connection(number)
    assert not crowd.joined(connection, 2)
    assert not crowd.is_surplus(connection)
    assert short.times == 0


def test_one_more_is_one_too_many_until_it_leaves() -> None:
    crowd, connection = Crowd(2), Connection()
    assert crowd.joined(connection, 3)
    assert crowd.is_surplus(connection)
    crowd.left(connection)
    assert not crowd.is_surplus(connection)


def test_the_oldest_of_too_many_are_ended() -> None:
    crowd, connections = Crowd(0), [Connection() for _ in range(MAX_SURPLUS + 2)]
    for each in connections:
        crowd.joined(each, 1)
    assert [each.transport.aborted for each in connections] == [True] * 2 + [False] * MAX_SURPLUS
    assert [crowd.is_surplus(each) for each in connections] == [False] * 2 + [True] * MAX_SURPLUS


def test_one_that_leaves_too_few_files_is_one_too_many_and_told() -> None:
    short = Short()
    crowd, connection = Crowd(2, MOST_FILES, short), Connection(MOST_FILES)
    assert crowd.joined(connection, 1)
    assert (crowd.is_surplus(connection), connection.transport.aborted, short.times) == (True, False, 1)


def test_where_files_run_out_fewer_are_kept() -> None:
    crowd, connections = Crowd(0, MOST_FILES), [Connection() for _ in range(20)]
    for each in connections:
        crowd.joined(each, 1)
    last = Connection(MOST_FILES)
    crowd.joined(last, 1)
    kept = [each for each in (*connections, last) if not each.transport.aborted]
    assert kept == [*connections, last][-MAX_SHORT:]
