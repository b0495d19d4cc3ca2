"""Why the token and revocation endpoints refuse, as data, in X's words where these are known."""


class OAuth2Error(Exception):
    """A request of a client that is refused (RFC 6749 section 5.2).

    Args:
        status: of the HTTP answer, 400 or 401.
        error: the code that programs read.
        description: the sentence for developers. Never a value out of the request, so it may be logged.
        guessing: whether making it often is a way to find out a secret.
        reason: for the log of whoever runs the server, who may know more than the client. Nothing secret in it.
    """

    def __init__(self, status: int, error: str, description: str, *, guessing: bool = False, reason: str = "") -> None:
        super().__init__(f"{error}: {description}")
        self.status, self.error, self.description, self.guessing = status, error, description, guessing
        self.reason = reason or description


def missing(name: str) -> OAuth2Error:
    """A parameter is not there, or empty, which is the same (RFC 6749 section 3.2)."""
    return OAuth2Error(400, "invalid_request", f"Missing required parameter [{name}].")


def repeated(name: str) -> OAuth2Error:
    """A parameter is there more than once (RFC 6749 section 3.2); the wording is this project's choice."""
    return OAuth2Error(400, "invalid_request", f"Parameter [{name}] is given more than once.")


def unreadable(description: str) -> OAuth2Error:
    """The body cannot be read at all; the wording is this project's choice."""
    return OAuth2Error(400, "invalid_request", description)


def bad_client(reason: str = "") -> OAuth2Error:
    """No App, or none that proves to be it. X says the same to a wrong secret as to none at all."""
    return OAuth2Error(401, "unauthorized_client", "Missing valid authorization header", guessing=True, reason=reason)


def switched_off() -> OAuth2Error:
    """The App's OAuth 2.0 is off (RFC 6749 section 5.2, unauthorized_client); the wording is this project's choice."""
    return OAuth2Error(400, "unauthorized_client", "OAuth 2.0 is switched off for this client application.")


def bad_grant_type() -> OAuth2Error:
    """Neither a code nor a refresh token; the wording is this project's choice."""
    return OAuth2Error(400, "unsupported_grant_type", "Value passed for the grant type was invalid.")


def bad_code(reason: str = "") -> OAuth2Error:
    """Unknown, expired, used, or given to another App."""
    description = "Value passed for the authorization code was invalid."
    return OAuth2Error(400, "invalid_request", description, guessing=True, reason=reason)


def bad_redirect_uri() -> OAuth2Error:
    """Not the one that the code was asked for with."""
    description = "Value passed for the redirect uri did not match the uri of the authorization code."
    return OAuth2Error(400, "invalid_request", description, guessing=True)


def bad_verifier() -> OAuth2Error:
    """Not what the code's challenge was made from; X's words as clients' users report them."""
    description = "Value passed for the code verifier did not match the code challenge."
    return OAuth2Error(400, "invalid_request", description, guessing=True)


def bad_token(reason: str = "") -> OAuth2Error:
    """Unknown, expired, used, revoked, or given to another App."""
    description = "Value passed for the token was invalid."
    return OAuth2Error(400, "invalid_request", description, guessing=True, reason=reason)


def bad_scope() -> OAuth2Error:
    """A refresh asks for more than was granted (RFC 6749 section 6); the wording is this project's choice."""
    return OAuth2Error(400, "invalid_scope", "Value passed for the scope exceeds what was granted.")
