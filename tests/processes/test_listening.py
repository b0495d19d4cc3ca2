import contextlib
import socket

import pytest

from tacet.processes.listening import AddressError, another, shared
from tests.service import settings


def port_of(held: socket.socket) -> int:
    port: int = held.getsockname()[1]
    return port


def test_two_services_that_start_at_the_same_moment_do_not_share_a_port() -> None:
    with shared(settings(port=0)) as first:
        # Nobody listens yet.
        second = shared(settings(port=port_of(first)))
        with pytest.raises(AddressError, match=f"{port_of(first)}: Address already in use"):
            second.__enter__()
        with contextlib.closing(another(first)) as listening:
            listening.listen()


def test_a_port_can_be_had_again_while_its_last_connections_end() -> None:
    with shared(settings(port=0)) as held, contextlib.closing(another(held)) as listening:
        port = port_of(held)
        listening.listen()
        with socket.create_connection(("127.0.0.1", port)):
            # Whoever closes first keeps the connection in TIME_WAIT.
            listening.accept()[0].close()
    with shared(settings(port=port)) as held:
        assert port_of(held) == port
