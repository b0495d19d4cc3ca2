import pytest

from tacet.wire.accept import prefers_html, prefers_json


@pytest.mark.parametrize(
    "accept",
    [
        "application/json",
        "Application/JSON; charset=utf-8",
        "application/json, text/plain, */*;q=0.5",
        "application/json, application/xml;q=0.9",
        "application/xml;q=0.1, application/json;q=0.2",
        "application/*;q=0.5, application/xml;q=0.1, text/xml;q=0.4",
        "*/*;q=0.1, application/xml;q=0, text/xml;q=0.0",
    ],
)
def test_json_is_preferred(accept: str) -> None:
    assert prefers_json(accept)


@pytest.mark.parametrize(
    "accept",
    [
        "",
        "*/*",
        "application/*",
        "application/xml",
        "text/xml, application/json;q=0.9",
        "application/json, application/xml",
        "application/json;q=0",
        "application/json;q=much",
        "application/json;q=",
        "application/json;q=١",
        "application/json;q=0.00001",
        "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
        "json",
        ",,;;q=1,",
        ",".join(["text/plain"] * 60) + ",application/json",
    ],
)
def test_json_is_not_preferred(accept: str) -> None:
    assert not prefers_json(accept)


@pytest.mark.parametrize(
    "accept",
    [
        "text/html",
        "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
        "text/*, application/json;q=0.9",
        "application/json;q=0, */*;q=0.1",
    ],
)
def test_html_is_preferred(accept: str) -> None:
    assert prefers_html(accept)


@pytest.mark.parametrize(
    "accept",
    ["", "*/*", "application/json", "text/html, application/json", "text/html;q=0", "text/plain", "image/avif,*/*"],
)
def test_html_is_not_preferred(accept: str) -> None:
    assert not prefers_html(accept)
