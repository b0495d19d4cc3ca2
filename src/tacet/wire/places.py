"""How many requests are answered at once."""

import asyncio
from functools import partial

from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uvicorn.protocols.http.httptools_impl import RequestResponseCycle

from tacet.began import BEGAN_S


class _NoPlace(BaseException):
    """All places were taken once the body had come. No error of the application's, which is to let it pass."""


class Places:
    """Those of one server.

    Args:
        most: requests at once.
        busy: answers those beyond.
    """

    def __init__(self, most: int, busy: ASGIApp) -> None:
        self._most = most
        self._busy = busy
        self._taken: set[RequestResponseCycle] = set()

    @property
    def taken(self) -> int:
        """How many requests are being answered."""
        return len(self._taken)

    def placed(self, cycle: RequestResponseCycle, app: ASGIApp) -> ASGIApp:
        """Take a place for a request; return what answers it."""
        if len(self._taken) >= self._most:
            return self._busy
        self._taken.add(cycle)
        return partial(self._run_between, cycle, app) if cycle.more_body else app

    def leave(self, cycle: RequestResponseCycle) -> None:
        """Give a request's place back, if it has one."""
        self._taken.discard(cycle)

    async def _run_between(
        self, cycle: RequestResponseCycle, app: ASGIApp, scope: Scope, receive: Receive, send: Send
    ) -> None:
        """Run an application that gives its place away while it waits for the body, and needs one again after that."""
        whole = False

        async def received() -> Message:
            nonlocal whole
            if whole:
                return await receive()
            self._taken.discard(cycle)
            message = await receive()
            whole = not message.get("more_body", False)
            if whole:
                if len(self._taken) >= self._most:
                    raise _NoPlace
                self._taken.add(cycle)
                # Its client had time of its own to send the body.
                BEGAN_S.set(asyncio.get_running_loop().time())
            return message

        try:
            await app(scope, received, send)
        except _NoPlace:
            await self._busy(scope, receive, send)
