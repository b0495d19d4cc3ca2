"""Which form of an answer a client would rather have (RFC 9110 section 12.5.1)."""

MAX_RANGES = 50
"""Media ranges looked at; browsers, which send the most, send about eight."""


def prefers_json(accept: str) -> bool:
    """Whether an `Accept` header ranks JSON above XML; where it does not say, it does not."""
    ranges = _ranges(accept)
    json = _quality(ranges, "application/json")
    return json > max(_quality(ranges, "application/xml"), _quality(ranges, "text/xml"))


def prefers_html(accept: str) -> bool:
    """Whether it ranks HTML above JSON, as that of a browser does that shows a page."""
    ranges = _ranges(accept)
    return _quality(ranges, "text/html") > _quality(ranges, "application/json")


def _ranges(accept: str) -> dict[str, float]:
    return dict(_read(each) for each in accept.split(",")[:MAX_RANGES])


def _read(entry: str) -> tuple[str, float]:
    """A media range without its parameters, and its quality."""
    media, *parameters = entry.split(";")
    quality = 1.0
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip().lower() == "q":
            quality = _number(value.strip())
    return media.strip().lower(), quality


def _number(text: str) -> float:
    """A quality; what is none counts as 0, so that no nonsense is preferred."""
    plain = text.replace(".", "", 1)
    return float(text) if plain.isascii() and plain.isdigit() and len(text) <= len("0.000") else 0.0


def _quality(ranges: dict[str, float], media: str) -> float:
    """Of the ranges that fit, the most exact one counts."""
    kind = media.partition("/")[0]
    for each in (media, f"{kind}/*", "*/*"):
        if each in ranges:
            return ranges[each]
    return 0.0
