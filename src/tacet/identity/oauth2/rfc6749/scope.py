"""Lists of scopes (RFC 6749 section 3.3)."""


def scope_tokens(text: str) -> tuple[str, ...]:
    """The scopes of a space-separated list, each once, in the order of their first mention."""
    return tuple(dict.fromkeys(each for each in text.split(" ") if each))


def within(asked: str, granted: str) -> bool:
    """Whether everything asked for was granted (section 6)."""
    return set(scope_tokens(asked)) <= set(scope_tokens(granted))
