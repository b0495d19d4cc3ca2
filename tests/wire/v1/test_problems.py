"""Every error body of v1.1 that logins do not know, against the table of codes that X published."""

import json
import re
from pathlib import Path

import pytest

from tacet.wire.problems import Problem
from tacet.wire.v1 import problems

IN_THE_TABLE = {
    17: problems.NO_USER_MATCHES,
    34: problems.NO_SUCH_PAGE,
    38: problems.parameter_missing("<named>"),
    50: problems.USER_NOT_FOUND,
    63: problems.USER_SUSPENDED,
    108: problems.CANNOT_FIND_USER,
    261: problems.READ_ONLY,
    271: problems.CANNOT_MUTE_SELF,
    272: problems.NOT_MUTING,
}

RECORDED = {"34": problems.NO_SUCH_PAGE, "50": problems.USER_NOT_FOUND, "108": problems.CANNOT_FIND_USER}

BODIES = {
    "too-many-terms": (problems.TOO_MANY_TERMS, 403, '{"code":18,"message":"Too many terms specified in query."}'),
    "no-source-user": (problems.NO_SOURCE_USER, 403, '{"code":163,"message":"Could not determine source user."}'),
    "no-target-user": (problems.NO_TARGET_USER, 403, '{"code":164,"message":"Target user not specified."}'),
    "invalid-cursor": (problems.INVALID_CURSOR, 400, '{"message":"invalid cursor","code":214}'),
    "malformed": (problems.MALFORMED, 400, '{"code":214,"message":"Bad request."}'),
    "post-for-a-read": (
        problems.wrong_method("GET"),
        400,
        '{"code":86,"message":"This method requires a GET or HEAD."}',
    ),
    "get-for-a-write": (problems.wrong_method("POST"), 400, '{"code":86,"message":"This method requires a POST."}'),
}


@pytest.mark.parametrize(("code", "problem"), IN_THE_TABLE.items(), ids=map(str, IN_THE_TABLE))
def test_status_and_message_are_those_of_the_table(code: int, problem: Problem, shared_wire: Path) -> None:
    table = (shared_wire / "errors.md").read_text().partition("## I. v1.1 codes")[2]
    found = re.search(rf"(?:^|\| ){code} (\d{{3}}) ([^|]+?)\.? \|", table, re.MULTILINE)
    assert found, f"{code} is not in the table"
    [entry] = json.loads(problem.body)["errors"]
    assert (problem.status, entry["code"], entry["message"].rstrip(".")) == (int(found[1]), code, found[2])


@pytest.mark.parametrize("problem", RECORDED.values(), ids=RECORDED)
def test_where_a_body_is_recorded_it_is_that_body(problem: Problem, shared_wire: Path) -> None:
    assert problem.body.decode() in (shared_wire / "errors.md").read_text()


@pytest.mark.parametrize(("problem", "status", "entry"), BODIES.values(), ids=BODIES)
def test_the_others_have_the_same_shape(problem: Problem, status: int, entry: str) -> None:
    assert (problem.status, problem.body.decode()) == (status, f'{{"errors":[{entry}]}}')


def test_all_are_written_in_the_content_type_of_v1() -> None:
    made = [value for value in vars(problems).values() if isinstance(value, Problem)]
    assert len(made) > 10
    assert {problem.content_type for problem in made} == {b"application/json;charset=utf-8"}
