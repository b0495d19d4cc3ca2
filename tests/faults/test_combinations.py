"""Garbage in several places at once: any mixture is answered as documented, and nothing is written."""

from collections.abc import Callable
from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.faults.described import QUIET, Described
from tests.faults.garbage import QUERIES, SOME_BODIES, TARGETS, TEXTS
from tests.faults.world import Request, World, encoded, read, unchanging

EXAMPLES = 500
MAX_PLACES = 4
MAX_TEXT_BYTES = 3_000
"""Four of them percent-encoded are still no more than the server below lets through."""

UNREAD = ("host", "content-length", "cookie", "x-whatever", "transfer-encoding")

Spoil = Callable[[Request], Request]

texts = st.one_of(
    st.sampled_from([text for text in TEXTS.values() if len(text) <= MAX_TEXT_BYTES]),
    st.binary(max_size=60),
    st.text(max_size=30).map(lambda text: text.encode(errors="replace")),
)


@st.composite
def spoilings(draw: st.DrawFn, operation: Described) -> tuple[Spoil, frozenset[int]]:
    """One way to spoil a request, and the statuses that it may have alone."""
    place = draw(
        st.sampled_from(["authorization", "scheme", "unread", "content-type", "body", "query", "piece", "path"])
    )
    text = draw(texts)
    if place == "authorization":
        return lambda request: request.with_header("authorization", b"Bearer ?" + text), frozenset({401})
    if place == "scheme":
        return lambda request: request.with_header("authorization", b"OAuth " + text), frozenset({401})
    if place == "unread":
        header = draw(st.sampled_from(UNREAD))
        return lambda request: request.with_header(header, text), frozenset({200, 413})
    if place == "content-type":
        wrong = 400 if operation.body is not None else 200
        return lambda request: request.with_header("content-type", text), frozenset({wrong})
    if place == "body":
        body = draw(st.sampled_from(SOME_BODIES))
        wrong = 400 if operation.body is not None else 200
        return lambda request: replace(request, body=body), frozenset({wrong})
    if place == "path" and operation.in_path:
        parameter = draw(st.sampled_from(operation.in_path))
        status = 200 if parameter.takes(read(text)) else 400
        return lambda request: request.with_path(parameter.name, encoded(text)), frozenset({status, 404})
    wrong = 400 if operation.reads_query else 200
    if place == "piece":
        piece = draw(st.sampled_from([*QUERIES.values(), *TARGETS.values()]))[:MAX_TEXT_BYTES]
        return lambda request: request.with_query("unknown", piece), frozenset({wrong})
    return lambda request: request.with_query(encoded(text), encoded(text)), frozenset({wrong})


@st.composite
def requests(draw: st.DrawFn) -> tuple[Request, bool]:
    """A request with garbage in one to four places, and whether it must fail."""
    operation = draw(st.sampled_from(QUIET))
    request, must_fail = unchanging(operation), False
    for spoil, statuses in draw(st.lists(spoilings(operation), min_size=1, max_size=MAX_PLACES)):
        request = spoil(request)
        must_fail |= 200 not in statuses
    return request, must_fail


@settings(max_examples=EXAMPLES)
@given(requests())
async def test_any_mixture_of_garbage_is_answered_as_documented(world: World, spoilt: tuple[Request, bool]) -> None:
    request, must_fail = spoilt
    async with world.untouched():
        answer = await world.send(request)
    assert answer.status < 500
    if must_fail and not request.operation.is_public:
        assert answer.status != 200
