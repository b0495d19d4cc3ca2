"""Secrets are compared in a time that does not tell how much of a guess is right, or looked up by their digest."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import tacet

PACKAGE = Path(tacet.__file__).parent
PARTS = ("identity", "limits", "pages", "wire")

SECRET_WORDS = frozenset(
    (
        "challenge",
        "code",
        "cookie",
        "csrf",
        "digest",
        "encoded",
        "material",
        "password",
        "pin",
        "secret",
        "signature",
        "token",
        "verifier",
    )
)
"""Last words of names that secrets, and what they are told by, go by."""

FILES = sorted(path for part in PARTS for path in (PACKAGE / part).rglob("*.py"))


def last_word(node: ast.expr) -> str:
    """The last word of what an expression is called; empty for one without a name."""
    if isinstance(node, ast.Call):
        return last_word(node.func) if isinstance(node.func, ast.Name) else ""
    name = node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""
    return name.lower().rpartition("_")[2]


def plain_comparisons(source: str) -> Iterator[str]:
    """Comparisons by == and != of something that is called like a secret with something that is no constant."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Compare):
            sides = [node.left, *node.comparators]
            equal = any(isinstance(each, ast.Eq | ast.NotEq) for each in node.ops)
            constant = any(isinstance(each, ast.Constant) or ast.unparse(each).isupper() for each in sides)
            if equal and not constant and any(last_word(each) in SECRET_WORDS for each in sides):
                yield f"line {node.lineno}: {ast.unparse(node)}"


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_no_secret_is_compared_letter_by_letter(path: Path) -> None:
    assert list(plain_comparisons(path.read_text(encoding="utf-8"))) == []


FOUND = {
    "token == given": 1,
    "self._csrf_token != given": 1,
    "digest(secret) == wanted": 1,
    "a.verifier_digest == b.verifier_digest": 1,
    "given == visit.csrf": 1,
    "token.app_id == app.id": 0,
    "token is None": 0,
    "code == 'code'": 0,
    "name == CODE": 0,
    "digest in known": 0,
    "hmac.compare_digest(token, given)": 0,
}


@pytest.mark.parametrize(("source", "count"), FOUND.items(), ids=FOUND.keys())
def test_what_counts_as_such_a_comparison(source: str, count: int) -> None:
    assert len(list(plain_comparisons(source))) == count


COMPARING = {
    "client secret": "identity/oauth2/clients.py",
    "consumer secret of an App on its own": "identity/app_only.py",
    "OAuth 1.0a verifier and PIN": "identity/oauth1/logins.py",
    "OAuth 1.0a signature": "identity/oauth1/rfc5849/signature.py",
    "code verifier": "identity/oauth2/rfc7636/challenge.py",
    "CSRF token": "pages/forms.py",
}


@pytest.mark.parametrize("name", COMPARING.values(), ids=COMPARING)
def test_what_must_be_compared_is_compared_in_constant_time(name: str) -> None:
    tree = ast.parse((PACKAGE / name).read_text(encoding="utf-8"))
    called = {ast.unparse(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}
    assert "hmac.compare_digest" in called
