"""One patient client: for what is asked once and looked at, where the load generator only counts."""

import http.client
from collections.abc import Iterable
from types import TracebackType
from typing import Any, Self

import msgspec

from bench.errors import BenchError
from bench.processes import Server

TIMEOUT_S = 30
"""For one answer."""


class Client:
    """Keeps one connection open to a server.

    Raises in every method:
        BenchError: the answer has another status than 200, or there is none.
    """

    def __init__(self, server: Server) -> None:
        self._connection = http.client.HTTPConnection(server.host, timeout=TIMEOUT_S)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._connection.close()

    def get(self, path: str, authorization: str) -> bytes:
        """The body of an answer."""
        try:
            self._connection.request("GET", path, headers={"authorization": authorization})
            answer = self._connection.getresponse()
            body = answer.read()
        except (OSError, http.client.HTTPException) as error:
            raise BenchError(f"GET {path} was not answered: {error}") from None
        if answer.status != http.client.OK:
            raise BenchError(f"GET {path} was answered {answer.status}: {body[:200]!r}")
        return body

    def get_json(self, path: str, authorization: str) -> dict[str, Any]:
        """The same, read as a JSON object."""
        answer: dict[str, Any] = msgspec.json.decode(self.get(path, authorization))
        return answer

    def walk(self, requests: Iterable[tuple[str, str]]) -> None:
        """Ask for each (path, authorization) once."""
        for path, authorization in requests:
            self.get(path, authorization)
