"""A browser as far as pages need one: it keeps cookies, reads forms out of HTML, and goes on where it is told to."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from html.parser import HTMLParser
from http.cookies import SimpleCookie
from urllib.parse import parse_qsl, urlencode, urljoin, urlsplit

from tests.service import HOST, Answer, Service, exchange

ORIGIN = f"http://{HOST}"
MAX_REDIRECTS = 5

SESSION_COOKIE, VISIT_COOKIE = (f"tacet_{name}_{HOST.rpartition(':')[2]}" for name in ("session", "visit"))
"""Where there is no TLS."""


@dataclass
class Form:
    """A form as it stands in a page: fields with their values, and its buttons apart."""

    method: str
    action: str
    fields: list[tuple[str, str]] = field(default_factory=list)
    buttons: list[tuple[str, str]] = field(default_factory=list)

    @property
    def names(self) -> list[str]:
        return [name for name, _ in self.fields]


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self.links: list[str] = []
        self.tags: list[tuple[str, Mapping[str, str]]] = []
        self.texts: list[tuple[str, str]] = []
        self._path: list[str] = []
        self._area: str | None = None

    def handle_starttag(self, tag: str, attrs: Sequence[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self.tags.append((tag, given))
        self._path.append(tag)
        if tag == "form":
            self.forms.append(Form(given.get("method", "get"), given.get("action", "")))
        elif tag == "a" and "href" in given:
            self.links.append(given["href"])
        elif tag == "input" and "name" in given:
            kind = given.get("type", "text")
            if kind not in {"checkbox", "radio"} or "checked" in given:
                self.forms[-1].fields.append((given["name"], given.get("value", "")))
        elif tag == "textarea" and "name" in given:
            self._area = given["name"]
        elif tag == "button" and given.get("name"):
            self.forms[-1].buttons.append((given["name"], given.get("value", "")))

    def handle_endtag(self, tag: str) -> None:
        self._area = None

    def handle_data(self, data: str) -> None:
        if self._area is not None:
            self.forms[-1].fields.append((self._area, data.removeprefix("\n")))
        if data.strip() and self._path:
            self.texts.append((self._path[-1], " ".join(data.split())))


@dataclass(frozen=True)
class Screen:
    """What a browser shows, and the path that stands in its address bar."""

    path: str
    answer: Answer

    @property
    def status(self) -> int:
        return self.answer.status

    @property
    def headers(self) -> Mapping[str, str]:
        return self.answer.headers

    @property
    def html(self) -> str:
        return self.answer.body.decode()

    @property
    def location(self) -> str:
        return self.headers["location"]

    @property
    def _read(self) -> _Reader:
        reader = _Reader()
        reader.feed(self.html)
        return reader

    @property
    def tags(self) -> list[tuple[str, Mapping[str, str]]]:
        return self._read.tags

    @property
    def links(self) -> list[str]:
        return self._read.links

    @property
    def forms(self) -> list[Form]:
        return self._read.forms

    @property
    def heading(self) -> str:
        return next((text for tag, text in self._read.texts if tag == "h1"), "")

    @property
    def text(self) -> str:
        return " ".join(text for _, text in self._read.texts)

    def form(self, action: str, field_name: str = "") -> Form:
        """The form that is sent there, and has this field where there are several."""
        found = [form for form in self.forms if urlsplit(form.action).path == action]
        return next(form for form in found if not field_name or field_name in form.names)

    @property
    def csrf(self) -> str:
        return next(value for form in self.forms for name, value in form.fields if name == "csrf")


class Browser:
    """One person's browser; `origin` is where it believes it is."""

    def __init__(self, service: Service, origin: str = ORIGIN) -> None:
        self._service = service
        self.origin = origin
        self.cookies: dict[str, str] = {}

    async def get(
        self, path: str, *, follow: bool = False, method: str = "GET", headers: Mapping[str, str] | None = None
    ) -> Screen:
        screen = Screen(path, await self._send(method, path, headers or {}, b""))
        return await self.follow(screen) if follow else screen

    async def post(
        self,
        path: str,
        fields: Mapping[str, str] | Sequence[tuple[str, str]],
        headers: Mapping[str, str] | None = None,
    ) -> Screen:
        sent = {
            "content-type": "application/x-www-form-urlencoded",
            "origin": self.origin,
            "sec-fetch-site": "same-origin",
            **(headers or {}),
        }
        return Screen(path, await self._send("POST", path, sent, urlencode(fields).encode()))

    async def submit(
        self,
        screen: Screen,
        form: Form,
        typed: Mapping[str, str] | None = None,
        *,
        press: tuple[str, str] | None = None,
        follow: bool = False,
        **more: str,
    ) -> Screen:
        """Fill in a form of a screen and send it, by one of its named buttons where it has some."""
        typed = {**(typed or {}), **more}
        assert set(typed) <= set(form.names), f"no field {set(typed) - set(form.names)} in {form}"
        assert press is None or press in form.buttons, f"no button {press} in {form}"
        fields = [(name, typed.get(name, value)) for name, value in form.fields]
        sent = await self.post(urljoin(screen.path, form.action), [*fields, *([press] if press else [])])
        return await self.follow(sent) if follow else sent

    async def follow(self, screen: Screen) -> Screen:
        """Go on as long as it stays on this server."""
        for _ in range(MAX_REDIRECTS):
            if screen.status != 303 or not screen.location.startswith("/"):
                return screen
            screen = await self.get(screen.location)
        raise AssertionError(f"sent around in circles, last to {screen.location}")

    async def sign_in(self, name: str, password: str = "", *, path: str = "/sign-in") -> Screen:
        """Through the page, by its own form."""
        screen = await self.get(path)
        form = screen.form("/sign-in", "username")
        typed = {"username": name, **({"password": password} if password else {})}
        return await self.submit(screen, form, typed)

    async def _send(self, method: str, path: str, headers: Mapping[str, str], body: bytes) -> Answer:
        sent = {"host": urlsplit(self.origin).netloc, **headers}
        if self.cookies:
            sent["cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        # What stands after a # is for the browser alone.
        answer = await exchange(self._service.tacet, method, path.partition("#")[0], sent, [body])
        for line in answer.cookies:
            self._take(line)
        return answer

    def _take(self, line: str) -> None:
        for name, morsel in SimpleCookie(line).items():
            if morsel["max-age"] == "0":
                self.cookies.pop(name, None)
            else:
                self.cookies[name] = morsel.value


def query_of(url: str) -> dict[str, str]:
    """The parameters of an address."""
    return dict(parse_qsl(urlsplit(url).query, keep_blank_values=True))
