"""Sockets that a server listens on: of one process, or of several that share a port."""

import contextlib
import socket
import sys

from tacet.settings import Settings

EACH_ITS_OWN = sys.platform == "linux"
"""Whether every process has a socket of its own on the same port, and the kernel deals connections out evenly.

Elsewhere SO_REUSEPORT gives all of them to the latest: there the processes accept from one socket.
"""


class AddressError(Exception):
    """The address cannot be listened on; the message names cause and remedy."""


def bound(settings: Settings) -> socket.socket:
    """A socket that has the port to itself and does not listen yet.

    Raises:
        AddressError: the port is taken, not allowed, or not this machine's.
    """
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    try:
        with contextlib.ExitStack() as undo:
            listening = undo.enter_context(socket.socket(family))
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listening.bind((settings.host, settings.port))
            undo.pop_all()
    except OSError as error:
        raise address_error(settings, error) from None
    return listening


def share(held: socket.socket) -> None:
    """Let other sockets of this user have the port of a bound one too.

    After binding: two services that start on one port must not share it unawares.
    """
    if EACH_ITS_OWN:
        held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)


def another(held: socket.socket) -> socket.socket:
    """What one of several processes listens on: a socket beside a shared one, or that itself where there is no such.

    Raises:
        OSError: it cannot be had.
    """
    if not EACH_ITS_OWN:
        return held.dup()
    with contextlib.ExitStack() as undo:
        listening = undo.enter_context(socket.socket(held.family))
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        listening.bind(held.getsockname())
        undo.pop_all()
    return listening


def address_error(settings: Settings, error: OSError) -> AddressError:
    """Why an address cannot be listened on, for whoever chose it."""
    where = f"{settings.host}:{settings.port}"
    return AddressError(f"cannot listen on {where}: {error.strerror}; give another --host or --port")


def url(listening: socket.socket) -> str:
    """The base URL of what listens here."""
    host, port = listening.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
