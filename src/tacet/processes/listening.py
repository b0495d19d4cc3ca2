"""Sockets that a server listens on: of one process, or of several that share a port."""

import contextlib
import socket
import sys
from collections.abc import Iterator

from tacet.settings import Settings

EACH_ITS_OWN = sys.platform == "linux"
"""Whether every process has a socket of its own on the same port, and the kernel deals connections out evenly.

Elsewhere SO_REUSEPORT gives all of them to the latest: there the processes accept from one socket.
"""


class AddressError(Exception):
    """The address cannot be listened on; the message names cause and remedy."""


def bound(settings: Settings) -> socket.socket:
    """A socket that has the port to itself and does not listen yet.

    A ready file of a process that was killed is removed: whoever waits for one is not to take it for ours. Not before:
    a server that is there may have written it.

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
    if settings.ready_file is not None:
        # Where it cannot be removed it cannot be written either, which is told then.
        with contextlib.suppress(OSError):
            settings.ready_file.unlink(missing_ok=True)
    return listening


@contextlib.contextmanager
def shared(settings: Settings) -> Iterator[socket.socket]:
    """As `bound`, where other sockets of this user may have the port too, and no other service's.

    Raises:
        AddressError: as `bound` does.
    """
    with contextlib.closing(bound(settings)) as held:
        if not EACH_ITS_OWN:
            yield held
            return
        with _claim(settings, held):
            # After binding: whoever has the port already must not be joined.
            held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
            yield held


@contextlib.contextmanager
def _claim(settings: Settings, held: socket.socket) -> Iterator[None]:
    """Let no second service share the address.

    Two that start at the same moment can both bind it, for neither listens yet, and connections would then be dealt out
    to both. The claim is a name of Linux's abstract sockets: it is taken once in a network, as a port is, leaves no
    file, and is free again once the parent and its children have ended, however they do.
    """
    host, port = held.getsockname()[:2]
    with socket.socket(socket.AF_UNIX) as claim:
        try:
            claim.bind(f"\0tacet serves {host} port {port}")
        except OSError as error:
            raise address_error(settings, error) from None
        yield


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
