"""The person in a login: walks the real pages over HTTP, finding forms and buttons as they stand there."""

import re
from urllib.parse import urljoin, urlsplit

import requests

from tests.pages.browsing import Form, Screen
from tests.sandboxes import Sandbox
from tests.service import Answer

ALLOW, CANCEL = ("decision", "allow"), ("decision", "deny")

MAX_REDIRECTS = 5


class Person:
    """Somebody at a browser that was never here: signs in by saying who they are, whenever they are asked to.

    Clients that have X's hosts built in send people there; this one opens the same path at the sandbox.
    """

    def __init__(self, server: Sandbox, username: str) -> None:
        self._server = server
        self._session = requests.Session()
        self._session.headers["origin"] = server.url
        self._username = username

    def allow(self, url: str) -> str:
        """Agree on the consent page at `url`; return where the browser is sent then."""
        return self._decide(url, ALLOW).location

    def cancel(self, url: str) -> str:
        """Do not agree; return where the browser is sent then."""
        return self._decide(url, CANCEL).location

    def pin(self, url: str) -> str:
        """Agree, and read the PIN."""
        [pin] = re.findall(r"\b[0-9]{7}\b", self._decide(url, ALLOW).text)
        return str(pin)

    def sees(self, url: str) -> Screen:
        """What is shown at `url`, once signed in."""
        parts = urlsplit(url)
        screen = self._open(f"{parts.path}?{parts.query}")
        form = next((form for form in screen.forms if "username" in form.names), None)
        if form is None:
            return screen
        return self._send(screen, form, [(name, value or self._username) for name, value in form.fields])

    def _decide(self, url: str, button: tuple[str, str]) -> Screen:
        screen = self.sees(url)
        form = next((form for form in screen.forms if button in form.buttons), None)
        assert form is not None, f"no button {button} on the page: {screen.text}"
        return self._send(screen, form, [*form.fields, button])

    def _open(self, path: str) -> Screen:
        return self._follow(self._session.get(self._server.url + path, allow_redirects=False))

    def _send(self, screen: Screen, form: Form, fields: list[tuple[str, str]]) -> Screen:
        address = self._server.url + urljoin(screen.path, form.action)
        return self._follow(self._session.post(address, data=fields, allow_redirects=False))

    def _follow(self, response: requests.Response) -> Screen:
        """Go on as long as it stays on this server."""
        for _ in range(MAX_REDIRECTS):
            screen = _screen(response)
            if screen.status != 303 or not screen.location.startswith("/"):
                return screen
            response = self._session.get(self._server.url + screen.location, allow_redirects=False)
        raise AssertionError(f"sent around in circles, last to {response.url}")


def _screen(response: requests.Response) -> Screen:
    headers = {name.lower(): value for name, value in response.headers.items()}
    return Screen(urlsplit(response.url).path, Answer(response.status_code, headers, response.content))
