import json
import logging
from collections.abc import Iterator, Mapping

import pytest

from tacet.identity.signin.sessions import SESSION_TEXT_LENGTH
from tacet.observing.logs import REQUEST_ID, JsonFormatter, TextFormatter, formatter, moment
from tests.service import HOST, Method, Service


@pytest.fixture
def request_id() -> Iterator[str]:
    token = REQUEST_ID.set(b"00000000000000ff")
    yield "00000000000000ff"
    REQUEST_ID.reset(token)


@pytest.fixture
def record() -> logging.LogRecord:
    record = logging.LogRecord("tacet.app", logging.WARNING, "app.py", 1, "%s: %s", ("late", "the disk is full"), None)
    record.created = 1_790_000_000.123
    record.process = 42
    return record


def test_a_moment_is_utc_with_milliseconds() -> None:
    assert moment(1_790_000_000_007) == "2026-09-21T14:13:20.007Z"


def test_a_line_for_people(record: logging.LogRecord) -> None:
    assert TextFormatter().format(record) == "2026-09-21T14:13:20.123Z WARNING tacet.app: late: the disk is full"


def test_a_line_within_a_request_ends_with_its_id(record: logging.LogRecord, request_id: str) -> None:
    assert TextFormatter().format(record).endswith(f"the disk is full [{request_id}]")


def test_an_object_for_programs(record: logging.LogRecord) -> None:
    assert json.loads(JsonFormatter().format(record)) == {
        "time": "2026-09-21T14:13:20.123Z",
        "level": "warning",
        "logger": "tacet.app",
        "message": "late: the disk is full",
        "process": 42,
    }


def test_an_object_within_a_request_has_its_id(record: logging.LogRecord, request_id: str) -> None:
    assert json.loads(JsonFormatter().format(record))["request_id"] == request_id


@pytest.mark.parametrize("log_format", ["text", "json"])
def test_an_exception_keeps_its_traceback(record: logging.LogRecord, log_format: str) -> None:
    try:
        raise ValueError("a\nbroken thing")
    except ValueError as error:
        record.exc_info = (type(error), error, error.__traceback__)
    shown = formatter(log_format).format(record)
    if log_format == "json":
        assert len(shown.splitlines()) == 1
        shown = json.loads(shown)["exception"]
    assert "Traceback" in shown
    assert "ValueError: a\nbroken thing" in shown


class Heard(logging.Handler):
    """Formats at once, as a handler on standard error does."""

    def __init__(self) -> None:
        super().__init__()
        self.setFormatter(JsonFormatter())
        self.lines: list[dict[str, object]] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(json.loads(self.format(record)))


@pytest.fixture
def heard() -> Iterator[Heard]:
    handler, log = Heard(), logging.getLogger("tacet")
    log.addHandler(handler)
    yield handler
    log.removeHandler(handler)


async def _broken(*_arguments: object) -> object:
    raise RuntimeError("a bug")


COOKIE = f"tacet_session_{HOST.partition(':')[2]}={'x' * SESSION_TEXT_LENGTH}"
FORM = {"content-type": "application/x-www-form-urlencoded"}
CODE = b"grant_type=authorization_code&code=x&redirect_uri=x&code_verifier=x&client_id=x"


@pytest.mark.parametrize(
    ("method", "target", "headers", "body", "named"),
    [
        pytest.param("GET", "/2/users/me", {"authorization": "Bearer x"}, b"", "x-transaction-id", id="v2"),
        pytest.param(
            "GET",
            "/1.1/account/verify_credentials.json",
            {"authorization": "Bearer x"},
            b"",
            "x-transaction",
            id="v1.1",
        ),
        pytest.param("POST", "/2/oauth2/token", FORM, CODE, "x-transaction-id", id="oauth2"),
        pytest.param("GET", "/account", {"cookie": COOKIE}, b"", "x-transaction-id", id="pages"),
    ],
)
async def test_what_is_logged_of_a_request_has_the_id_that_its_answer_has(
    service: Service,
    heard: Heard,
    monkeypatch: pytest.MonkeyPatch,
    method: Method,
    target: str,
    headers: Mapping[str, str],
    body: bytes,
    named: str,
) -> None:
    monkeypatch.setattr(service.store.credentials, "token", _broken)
    monkeypatch.setattr(service.store.credentials, "app_by_client_id", _broken)
    monkeypatch.setattr(service.store.accounts, "session", _broken)
    answers = [await service.call(method, target, token=None, headers=headers, body=body) for _ in range(2)]
    assert {answer.status for answer in answers} & {500, 503}
    ids = [answer.headers[named] for answer in answers]
    assert len(set(ids)) == 2
    assert [line["request_id"] for line in heard.lines] == ids
