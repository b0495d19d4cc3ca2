"""Reading query and path parameters, and saying everything that is wrong with them at once.

The sentences and their order are those of X's recorded 400 answers: the path first, then unknown names, the endpoint's
own parameters, the `*.fields`, and `expansions` last.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Literal
from urllib.parse import parse_qsl

from tacet.cache import TwoGenerations
from tacet.wire.kinds import Invalid, Parameter, Read
from tacet.wire.problems import Violation
from tacet.wire.selection import PostSelection, Selection, select, select_posts, vocabulary_of
from tacet.wire.vocabulary import (
    ACCEPTED_EXPANSIONS,
    ACCEPTED_POST_EXPANSIONS,
    ACCEPTED_POST_FIELDS,
    ACCEPTED_USER_FIELDS,
    MEDIA_FIELDS,
    PLACE_FIELDS,
    POLL_FIELDS,
    POST,
    TWEET,
    Vocabulary,
)

MAX_QUERY_FIELDS = 200
"""Names in one query; the longest honest request has fewer than twenty."""

MAX_CACHED_QUERIES = 1_024
"""Good queries kept per endpoint: clients send the same few again and again."""

MAX_CACHED_QUERY_BYTES = 2_048
"""Longer queries are read each time; a hundred ids fit."""

MAX_SHADOWING_READ = 5
"""Values of one path parameter looked at: every bad one is answered with all beside it, which made 6 MB of 16 KB."""

Selects = Literal["", "users", "posts"]
"""What an operation shows, and so which lists it takes."""

_ATTACHED = {"media.fields": MEDIA_FIELDS, "poll.fields": POLL_FIELDS, "place.fields": PLACE_FIELDS}

FIELD_LISTS: Mapping[Selects, Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "": MappingProxyType({}),
        "users": MappingProxyType(
            {
                "tweet.fields": ACCEPTED_POST_FIELDS,
                "post.fields": ACCEPTED_POST_FIELDS,
                "user.fields": ACCEPTED_USER_FIELDS,
                "expansions": ACCEPTED_EXPANSIONS,
            }
        ),
        "posts": MappingProxyType(
            {
                "tweet.fields": ACCEPTED_POST_FIELDS,
                "post.fields": ACCEPTED_POST_FIELDS,
                **_ATTACHED,
                "user.fields": ACCEPTED_USER_FIELDS,
                "expansions": ACCEPTED_POST_EXPANSIONS,
            }
        ),
    }
)
"""What is accepted in each list, in the order in which X's answers report what is wrong with them."""


@dataclass(frozen=True, slots=True)
class Parameters:
    """What one endpoint takes.

    Attributes:
        path: the path's parameters, in order.
        query: its own query parameters, in order.
        required: names of `query` that must be there.
        selects: whether it takes `expansions` and the `*.fields`, and for what.
    """

    path: Mapping[str, Parameter] = field(default_factory=dict)
    query: Mapping[str, Parameter] = field(default_factory=dict)
    required: frozenset[str] = frozenset()
    selects: Selects = ""

    def known(self, vocabulary: Vocabulary) -> list[str]:
        """The names an error message lists: the path's, the endpoint's, `expansions`, the `*.fields`."""
        attached = _ATTACHED if self.selects == "posts" else ()
        lists = ["expansions", vocabulary.fields_parameter, *attached, "user.fields"] if self.selects else []
        return [*self.path, *self.query, *lists]


@dataclass(frozen=True, slots=True)
class Query:
    """A query that was read: shared between requests, so never changed.

    Attributes:
        values: of the endpoint's own parameters.
        selection: None where the endpoint shows no users, or where something is wrong.
        post_selection: likewise where it shows posts.
        violations: everything wrong with it.
        shadowing: values given for names that belong to the path.
    """

    values: Mapping[str, Any]
    selection: Selection | None
    post_selection: PostSelection | None
    violations: tuple[Violation, ...]
    shadowing: Mapping[str, list[str]]


class QueryReader:
    """Reads the queries of one endpoint; the same good bytes are read once."""

    def __init__(self, parameters: Parameters) -> None:
        self._parameters = parameters
        self._known: TwoGenerations[bytes, Query] = TwoGenerations(MAX_CACHED_QUERIES)

    def read(self, raw: bytes) -> Query:
        query = self._known.get(raw)
        if query is None:
            query = self._read(raw)
            # What is wrong with a query can take ten times its size, and seldom comes again.
            if len(raw) <= MAX_CACHED_QUERY_BYTES and not query.violations and not query.shadowing:
                self._known.put(raw, query)
        return query

    def _read(self, raw: bytes) -> Query:
        given = _split(raw)
        if given is None:
            return Query({}, None, None, (Violation("The number of query parameters is too large"),), {})
        selects = self._parameters.selects
        shadowing = {name: given.pop(name) for name in self._parameters.path if name in given}
        vocabulary = _vocabulary_of(given, selects)
        violations = self._unknown(given, vocabulary)
        values: dict[str, Any] = {}
        for name, parameter in self._parameters.query.items():
            self._take(name, given.get(name), parameter.read, values, violations)
        lists: dict[str, Any] = {}
        for name in FIELD_LISTS[selects]:
            self._take(name, given.get(name), _list_reader(name, vocabulary, selects), lists, violations)
        return Query(
            values,
            select(lists) if selects == "users" and not violations else None,
            select_posts(lists) if selects == "posts" and not violations else None,
            tuple(violations),
            shadowing,
        )

    def _unknown(self, given: Mapping[str, list[str]], vocabulary: Vocabulary) -> list[Violation]:
        accepted = {*self._parameters.query, *FIELD_LISTS[self._parameters.selects]}
        known = ",".join(self._parameters.known(vocabulary))
        return [
            Violation(f"The query parameter [{name}] is not one of [{known}]", {name: values})
            for name, values in given.items()
            if name not in accepted
        ]

    def _take(
        self,
        name: str,
        given: list[str] | None,
        read: Read,
        into: dict[str, Any],
        violations: list[Violation],
    ) -> None:
        if given is None and name in self._parameters.required:
            given = [""]
        if given is None:
            return
        if given == [""]:
            violations.append(Violation(f"The `{name}` query parameter can not be empty", {name: []}))
            return
        if len(given) > 1:
            violations.append(duplicate(name, given))
            return
        try:
            into[name] = read(name, given[0])
        except Invalid as invalid:
            violations.append(Violation(str(invalid), {name: given}))


def duplicate(name: str, given: list[str]) -> Violation:
    """A name that is given more than once."""
    return Violation(f"Duplicate parameters are not allowed: the `{name}` query parameter", {name: given})


def read_path(parameters: Parameters, path: Mapping[str, str], shadowing: Mapping[str, list[str]]) -> list[Violation]:
    """What is wrong with the path, and with query parameters of the same name: X keeps both in one map."""
    violations: list[Violation] = []
    for name, parameter in parameters.path.items():
        given = [path[name], *shadowing.get(name, ())]
        for value in given[:MAX_SHADOWING_READ]:
            try:
                parameter.read(name, value)
            except Invalid as invalid:
                violations.append(Violation(str(invalid), {name: given}))
        if len(given) > 1:
            violations.append(duplicate(name, given))
    return violations


def _split(raw: bytes) -> dict[str, list[str]] | None:
    """Values by name, in order; None when there are too many.

    Parameters of an OAuth 1.0a signature are not the endpoint's, and left out.
    """
    try:
        pairs = parse_qsl(raw.decode("latin-1"), keep_blank_values=True, max_num_fields=MAX_QUERY_FIELDS)
    except ValueError:
        return None
    given: dict[str, list[str]] = {}
    for name, value in pairs:
        if not name.startswith("oauth_"):
            given.setdefault(name, []).append(value)
    return given


def _vocabulary_of(given: Mapping[str, list[str]], selects: Selects) -> Vocabulary:
    return vocabulary_of({name: ",".join(given[name]).split(",") for name in FIELD_LISTS[selects] if name in given})


def _list_reader(name: str, vocabulary: Vocabulary, selects: Selects) -> Read:
    accepted = FIELD_LISTS[selects][name]
    # What a message lists is the enumeration of X's document, which is shorter than what X and we accept.
    listed = {
        **_ATTACHED,
        "tweet.fields": TWEET.post_fields,
        "post.fields": POST.post_fields,
        "user.fields": vocabulary.user_fields,
        "expansions": vocabulary.post_expansions if selects == "posts" else vocabulary.expansions,
    }[name]

    def read(name: str, value: str) -> tuple[str, ...]:
        names = tuple(value.split(","))
        for each in names:
            if each not in accepted:
                choices = ",".join(listed)
                raise Invalid(f"The `{name}` query parameter value [{each}] is not one of [{choices}]")
        return names

    return read
