"""What the tests of these pages do in a browser, and whom they do it to."""

from collections.abc import Sequence
from html.parser import HTMLParser

from tacet.mutes.positions import FIRST_PAGE, TIE_BITS
from tacet.records.people import Person, Post, PostDetails, Reference
from tacet.records.relations import Kind, Relation
from tests.cast import ALICE, NOW_MS
from tests.pages.browsing import Browser, Screen
from tests.service import Service

MUTED, TIMELINE = "/muted", "/timeline"


async def muted(service: Service, source: Person = ALICE) -> list[int]:
    """Whom somebody mutes, newest first."""
    page = await service.tacet.actions.mutes.page(source.id, FIRST_PAGE, 1_000)
    return page.target_ids


async def mute(browser: Browser, name: str, path: str = MUTED, *, follow: bool = True) -> Screen:
    """By the form of the list."""
    screen = await browser.get(path)
    return await browser.submit(screen, screen.form("/muted/mute", "username"), {"username": name}, follow=follow)


async def unmute(browser: Browser, target: Person, path: str = MUTED) -> Screen:
    """By the button in the list; what comes then."""
    screen = await browser.get(path)
    return await press(browser, screen, "/muted/unmute", ("target_id", str(target.id)))


async def press(browser: Browser, screen: Screen, action: str, button: tuple[str, str]) -> Screen:
    """The button among all forms that are sent there; what comes then."""
    form = next(form for form in screen.forms if form.action == action and button in form.buttons)
    return await browser.submit(screen, form, press=button, follow=True)


async def undo(browser: Browser, screen: Screen) -> Screen:
    """What a notice offers; what comes then."""
    form = next(form for form in screen.forms if "target_id" in form.names)
    return await browser.submit(screen, form, follow=True)


async def crowd(service: Service, source: Person, count: int) -> list[Person]:
    """So many people, and somebody who mutes them all, the last one most recently."""
    people = [Person(50_000 + nth, f"one_{nth}", f"Number {nth}") for nth in range(count)]
    for start in range(0, count, 10_000):
        some = people[start : start + 10_000]
        await service.put(*some)
        await service.store.relations.add_many(
            [Relation(Kind.MUTE, source.id, each.id, (NOW_MS - 10_000_000 + each.id) << TIE_BITS) for each in some]
        )
    return people


async def follow(service: Service, source: Person, *targets: Person) -> None:
    """Before anybody looks at a timeline."""
    for nth, target in enumerate(targets):
        await service.store.relations.add(Relation(Kind.FOLLOW, source.id, target.id, (nth + 1) << TIE_BITS), NOW_MS)


def post(id_: int, author: Person, text: str) -> Post:
    return Post(id_, author.id, text, NOW_MS + id_)


def repost(id_: int, author: Person, original: Post) -> Post:
    details = PostDetails(references=(Reference("retweeted", original.id),), reposted_author_id=original.author_id)
    return Post(id_, author.id, f"RT: {original.text}"[:20], NOW_MS + id_, details)


def folded(screen: Screen) -> Sequence[str]:
    """The texts of everything that is folded away."""
    reader = _Folds()
    reader.feed(screen.html)
    return [" ".join(" ".join(texts).split()) for texts in reader.folds]


class _Folds(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.folds: list[list[str]] = []
        self._open = False

    def handle_starttag(self, tag: str, attrs: Sequence[tuple[str, str | None]]) -> None:
        if tag == "details":
            assert "open" not in dict(attrs), "it should be folded at first"
            self.folds.append([])
            self._open = True

    def handle_endtag(self, tag: str) -> None:
        if tag == "details":
            self._open = False

    def handle_data(self, data: str) -> None:
        if self._open:
            self.folds[-1].append(data)
