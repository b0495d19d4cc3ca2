"""The text that is signed: method, base string URI and parameters (section 3.4.1)."""

from tacet.identity.oauth1.rfc5849.encoding import encode, encode_again, encode_path

DEFAULT_PORTS = {"http": ":80", "https": ":443"}


def origin(scheme: str, host: str) -> str:
    """`scheme://host[:port]` of section 3.4.1.2: lower case, the port left out where it is the scheme's own.

    Args:
        scheme: `http` or `https`, in any case.
        host: the value of the `Host` header.
    """
    scheme, host = scheme.lower(), host.lower()
    return f"{scheme}://{host.removesuffix(DEFAULT_PORTS.get(scheme, ''))}"


def signed_part(path: str, normalized: str) -> str:
    """What follows the origin in the base string, encoded: the same whichever origin the client meant.

    Args:
        path: percent-encoded, as received; an empty one stands for `/`.
        normalized: the normalized parameters.
    """
    return f"{encode_path(path or '/')}&{encode_again(normalized)}"


def base_string(method: str, encoded_origin: str, rest: str) -> str:
    """The signature base string of section 3.4.1.1.

    Args:
        method: of the request, in any case.
        encoded_origin: an `origin`, encoded by the caller, who has few of them and needs them often.
        rest: a `signed_part`.
    """
    return f"{encode(method.upper())}&{encoded_origin}{rest}"
