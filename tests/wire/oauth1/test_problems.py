"""Every error body of OAuth 1.0a, against the table of v1.1's codes that X published."""

import json
import re
from pathlib import Path

import pytest

from tacet.identity.oauth1 import Reason
from tacet.identity.oauth1.refusals import Refused
from tacet.wire import oauth_problems as problems
from tacet.wire.oauth_problems import login_problem, oauth1_problem
from tacet.wire.problems import Problem

IN_THE_TABLE = {
    32: problems.COULD_NOT_AUTHENTICATE,
    87: problems.NOT_PERMITTED,
    88: problems.RATE_LIMIT_EXCEEDED,
    89: problems.INVALID_TOKEN,
    99: problems.BAD_APP_CREDENTIALS,
    130: problems.over_capacity(1),
    131: problems.INTERNAL_ERROR_V1,
    135: problems.TIMESTAMP_OUT_OF_BOUNDS,
    215: problems.BAD_AUTHENTICATION_DATA,
    220: problems.RESOURCE_NOT_ALLOWED,
}


@pytest.mark.parametrize(("code", "problem"), IN_THE_TABLE.items(), ids=map(str, IN_THE_TABLE))
def test_status_and_message_are_those_of_the_table(code: int, problem: Problem, shared_wire: Path) -> None:
    table = (shared_wire / "errors.md").read_text().partition("## I. v1.1 codes")[2]
    found = re.search(rf"(?:^|\| ){code} (?:\(table 403; wire (401)\)|(\d{{3}})) ([^|]+?)\.? \|", table, re.MULTILINE)
    assert found, f"{code} is not in the table"
    status, message = int(found[1] or found[2]), found[3]
    [entry] = json.loads(problem.body)["errors"]
    # The table's small letters are not always the wire's.
    said = entry["message"].rstrip(".").lower()
    assert (problem.status, entry["code"], said) == (status, code, message.lower())
    assert problem.content_type == b"application/json;charset=utf-8"


@pytest.mark.parametrize("code", [88, 130, 220])
def test_where_a_body_is_recorded_it_is_that_body(code: int, shared_wire: Path) -> None:
    facts = "".join((shared_wire / name).read_text() for name in ("errors.md", "oauth.md"))
    assert IN_THE_TABLE[code].body.decode() in facts


TOLD = {
    Reason.TIMESTAMP_OUT_OF_BOUNDS: problems.TIMESTAMP_OUT_OF_BOUNDS,
    Reason.UNKNOWN_TOKEN: problems.INVALID_TOKEN,
}


@pytest.mark.parametrize("reason", Reason, ids=lambda reason: reason.value)
def test_of_a_signature_only_a_wrong_clock_and_a_token_that_is_none_are_told(reason: Reason) -> None:
    assert oauth1_problem(reason) is TOLD.get(reason, problems.COULD_NOT_AUTHENTICATE)


@pytest.mark.parametrize("refused", Refused, ids=lambda refused: refused.value)
def test_every_refusal_has_an_answer_and_one_of_them_two(refused: Refused) -> None:
    in_xml, in_json = login_problem(refused, as_json=False), login_problem(refused, as_json=True)
    assert 400 <= in_xml.status < 500
    assert (in_xml == in_json) == (refused is not Refused.CALLBACK_NOT_APPROVED)


def test_every_401_says_how_to_authenticate() -> None:
    made = [value for value in vars(problems).values() if isinstance(value, Problem)]
    assert {problem.status for problem in made} >= {400, 401, 403, 429, 500}
    for problem in made:
        assert (b"www-authenticate" in dict(problem.headers)) == (problem.status == 401)
