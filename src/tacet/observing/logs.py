"""How the log looks: lines for people, or a JSON object a line; each with the id of the request it belongs to."""

import logging
from contextvars import ContextVar
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

import msgspec

TEXT = "text"
JSON = "json"

REQUEST_ID: ContextVar[bytes] = ContextVar("tacet_request_id", default=b"")
"""The id of the request that is being answered, which its answer has as `x-transaction-id` or `x-transaction`; empty
outside of requests. A context variable, because what logs deep down does not know for whom it works."""


def moment(unix_ms: int) -> str:
    """A moment as the log writes it: UTC with milliseconds (RFC 3339)."""
    return f"{_second(unix_ms // 1000)}.{unix_ms % 1000:03d}Z"


@lru_cache(maxsize=8)
def _second(unix_s: int) -> str:
    # Many lines share a second, and writing it out is most of the work for a line.
    return datetime.fromtimestamp(unix_s, UTC).strftime("%Y-%m-%dT%H:%M:%S")


class TextFormatter(logging.Formatter):
    """Time, level, logger and message; the request's id in brackets at the end of the line, where there is one."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s: %(message)s")

    def formatTime(self, record: logging.LogRecord, datefmt: str | None = None) -> str:  # noqa: N802 - logging's name
        return moment(int(record.created * 1000))

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - logging's name
        line = super().formatMessage(record)
        request_id = REQUEST_ID.get()
        return f"{line} [{request_id.decode()}]" if request_id else line


class JsonFormatter(logging.Formatter):
    """One object: time, level, logger, message and process; `request_id` and `exception` where there are such."""

    def format(self, record: logging.LogRecord) -> str:
        facts: dict[str, Any] = {
            "time": moment(int(record.created * 1000)),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            "process": record.process,
        }
        if request_id := REQUEST_ID.get():
            facts["request_id"] = request_id.decode()
        if record.exc_info:
            facts["exception"] = self.formatException(record.exc_info)
        return msgspec.json.encode(facts).decode()


def formatter(log_format: str) -> logging.Formatter:
    """The formatter for a value of `Settings.log_format`."""
    return JsonFormatter() if log_format == JSON else TextFormatter()
