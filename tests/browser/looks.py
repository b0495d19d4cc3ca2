"""Every page in every state worth looking at, and how to get there."""

from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import urlencode

from playwright.sync_api import Page
from requests_oauthlib import OAuth1Session

from tacet.limits.defaults import DEFAULT_LIMITS
from tacet.limits.failures import FAILURES, Kind
from tacet.pages.muted.limit import ROUTE
from tests.browser.served import LONG_USERNAME, PASSWORD, USERNAME
from tests.browser.steps import make_app, make_project, sign_up
from tests.sandboxes import Sandbox

UNBROKEN = "W" * 50
"""As long as a name may be, and nowhere to break it."""

IDS = {"{app_id:int}": "10000001", "{project_id:int}": "1600000000000000001"}
"""What stands in alice's paths."""


@dataclass
class Scene:
    """What the pages are about.

    Attributes:
        developer: the username of somebody who is a developer with an App of the longest name, in no sandbox's list.
        new: the username of somebody who is no developer.
    """

    server: Sandbox
    developer: str
    new: str
    app_ids: list[str] = field(default_factory=list)

    def consent_query(self, place: int = 0) -> str:
        """What an App of the sandbox asks with, in the query."""
        app = self.server.ready["apps"][place]
        asked = {
            "response_type": "code",
            "client_id": app["client_id"],
            "redirect_uri": app["callbacks"][0],
            "scope": "tweet.read users.read mute.read mute.write offline.access",
            "state": "s",
            "code_challenge": "c" * 43,
            "code_challenge_method": "S256",
        }
        return urlencode(asked)

    def login(self) -> OAuth1Session:
        """A login by PIN that has just begun."""
        app = self.server.ready["apps"][0]
        session = OAuth1Session(app["consumer_key"], app["consumer_secret"], callback_uri="oob")
        session.fetch_request_token(f"{self.server.url}/oauth/request_token")
        return session


Go = Callable[[Page, Scene], object]


@dataclass(frozen=True)
class Look:
    """A page in a state.

    Attributes:
        path: as the page is registered.
        go: gets there, in the browser of `who`.
        who: the resident who is signed in; `developer` and `new` are those of the scene; empty for nobody.
        status: of the answer, where it says that something is wrong.
    """

    path: str
    go: Go
    who: str = "alice"
    status: int = 200


def at(path: str, who: str = "alice", query: str = "") -> Look:
    """A page as one finds it."""
    address = path
    for name, value in IDS.items():
        address = address.replace(name, value)
    return Look(path, lambda page, _: page.goto(f"{address}{query}"), who)


def opened(path: str) -> Look:
    """The same with everything unfolded that can be."""

    def go(page: Page, scene: Scene) -> None:
        at(path).go(page, scene)
        for summary in page.locator("main summary").all():
            summary.click()

    return Look(path, go)


def consent(path: str) -> Look:
    return Look(path, lambda page, scene: page.goto(f"{path}?{scene.consent_query()}"))


def old_consent(path: str, button: str = "") -> Look:
    def go(page: Page, scene: Scene) -> None:
        page.goto(scene.login().authorization_url(path))
        if button:
            page.get_by_role("button", name=button).click()
            page.get_by_role("button", name=button).wait_for(state="detached")

    return Look(path, go)


def refused(path: str, who: str = "alice", **filled: str) -> Look:
    """A form that is shown again because of what is in it."""

    def go(page: Page, scene: Scene) -> None:
        at(path, who).go(page, scene)
        # Browsers hold back what is obviously wrong; not all do.
        page.evaluate("document.querySelectorAll('form').forEach(form => { form.noValidate = true; })")
        for label, text in filled.items():
            page.get_by_label(label.replace("_", " ")).fill(text)
        page.locator("main form.form").last.get_by_role("button").first.click()
        page.get_by_role("alert").first.wait_for()

    return Look(path, go, who, 422)


def new_developer(page: Page, _: Scene) -> None:
    sign_up(page)


def new_app(page: Page, _: Scene) -> None:
    page.goto("/portal/apps/new")
    page.get_by_label("Name", exact=True).fill("Looked at")
    page.get_by_role("button", name="Create App").click()
    page.get_by_role("heading", name="Your App was made").wait_for()


def client_secret(page: Page, _: Scene) -> None:
    page.goto("/portal/apps/10000002/keys")
    page.locator("summary", has_text="Regenerate client secret").click()
    page.get_by_role("button", name="Regenerate now").last.click()
    page.get_by_role("heading", name="New client secret").wait_for()


def long_names(page: Page, scene: Scene) -> None:
    """Once: a Project and an App of the longest name."""
    if not scene.app_ids:
        sign_up(page)
        make_project(page, UNBROKEN)
        scene.app_ids.append(make_app(page, UNBROKEN).app_id)


def of_long_name(path: str) -> Look:
    def go(page: Page, scene: Scene) -> None:
        long_names(page, scene)
        page.goto(path.replace("{app_id:int}", scene.app_ids[0]))

    return Look(path, go, "developer")


def first_app(page: Page, _: Scene) -> None:
    """By a developer who has no Project yet."""
    page.goto("/portal/apps/new")
    if "/sign-up" in page.url:
        sign_up(page)
        page.goto("/portal/apps/new")
    page.get_by_label("Name of the new Project").wait_for()


def mistyped_callback(page: Page, scene: Scene) -> None:
    page.goto(f"/i/oauth2/authorize?{scene.consent_query().replace('callback', 'calback')}")
    page.get_by_role("link", name="Open its settings").wait_for()


def try_password(page: Page, username: str) -> None:
    page.goto("/sign-in")
    page.get_by_label("Username").fill(username)
    page.get_by_label("Password").fill("wrong")
    page.get_by_role("button", name="Sign in").click()
    # Whoever goes on to another page at once calls the form off.
    page.get_by_role("alert").or_(page.get_by_role("link", name="Back to sign-in")).first.wait_for()


def wrong_password(page: Page, _: Scene) -> None:
    try_password(page, USERNAME)
    page.get_by_role("alert").wait_for()


def too_many_passwords(page: Page, _: Scene) -> None:
    for _attempt in range(FAILURES[Kind.SIGN_IN].count + 1):
        try_password(page, "somebody_else")
    page.get_by_role("link", name="Back to sign-in").wait_for()


def by_password(page: Page, path: str = "/account/password") -> None:
    page.goto(f"/sign-in?next={path}")
    page.get_by_label("Username").fill(USERNAME)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(f"**{path}")


def changing_password(page: Page, _: Scene) -> None:
    by_password(page)


def weak_password(page: Page, _: Scene) -> None:
    by_password(page)
    page.get_by_label("Current password").fill(PASSWORD)
    for label in ("New password", "New password once more"):
        page.get_by_label(label, exact=True).fill("short")
    page.get_by_role("button", name="Change password").click()
    page.get_by_role("alert").wait_for()


def mute(page: Page, username: str) -> None:
    """By the form of the list."""
    page.goto("/muted")
    page.get_by_label("Mute somebody").fill(username)
    page.get_by_role("button", name="Mute", exact=True).click()
    page.get_by_role("status").wait_for()


def muting(page: Page, _: Scene) -> None:
    page.goto("/muted")
    if page.get_by_role("button", name="Unmute @bob").count():
        page.get_by_role("button", name="Unmute @bob").click()
        page.get_by_text("You no longer mute @bob.").wait_for()
    mute(page, "@bob")
    page.get_by_text("You mute @bob now.").wait_for()


def unmuting(page: Page, scene: Scene) -> None:
    muting(page, scene)
    page.get_by_role("button", name="Unmute @bob").click()
    page.get_by_text("You no longer mute @bob.").wait_for()


def undoing(page: Page, scene: Scene) -> None:
    unmuting(page, scene)
    page.get_by_role("button", name="Undo").click()
    page.get_by_text("You mute @bob now.").wait_for()


def nobody_to_mute(page: Page, _: Scene) -> None:
    page.goto("/muted")
    page.get_by_label("Mute somebody").fill("@nobody_at_all")
    page.get_by_role("button", name="Mute", exact=True).click()
    page.get_by_role("alert").wait_for()


def further_on(path: str) -> Go:
    def go(page: Page, _: Scene) -> None:
        page.goto(path)
        page.get_by_role("link", name="Older").click()
        page.get_by_role("link", name="Newest").wait_for()

    return go


def muting_there(page: Page, _: Scene) -> None:
    page.goto("/timeline")
    page.locator("main").get_by_role("button", name="Mute").first.click()
    page.get_by_text("now. They are not told.").wait_for()


def with_hidden_posts(query: str = "", *, unfold: bool = False) -> Go:
    """A timeline whose first post that somebody else wrote is hidden."""

    def go(page: Page, _: Scene) -> None:
        page.goto("/timeline")
        if not page.locator("summary").count():
            page.locator("main").get_by_role("button", name="Mute").first.click()
            page.get_by_role("status").wait_for()
        page.goto(f"/timeline{query}")
        for summary in page.locator("main summary").all() if unfold else ():
            summary.click()

    return go


def muting_a_long_name(page: Page, _: Scene) -> None:
    by_password(page, "/muted")
    mute(page, f"@{LONG_USERNAME}")


def muting_too_often(page: Page, _: Scene) -> None:
    by_password(page, "/muted")
    origin = page.evaluate("location.origin")
    form: dict[str, str | float | bool] = {
        "csrf": page.locator("main [name=csrf]").first.input_value(),
        "username": "@nobody_at_all",
    }
    for _nth in range(DEFAULT_LIMITS[ROUTE].count):
        page.request.post(f"{origin}/muted/mute", form=form, headers={"origin": origin})
    page.get_by_label("Mute somebody").fill("@nobody_at_all")
    page.get_by_role("button", name="Mute", exact=True).click()
    page.get_by_role("heading", name="Enough for now").wait_for()


LOOKS = {
    "home-signed-out": at("/", ""),
    "home": at("/"),
    "home-after-signing-out": at("/", "", "?done=signed-out"),
    "sign-in": at("/sign-in", ""),
    "sign-in-as-nobody": refused("/sign-in", "", Somebody_else="nobody_at_all"),
    "sign-out": at("/sign-out"),
    "consent": consent("/i/oauth2/authorize"),
    "consent-at-its-other-path": consent("/2/oauth2/authorize"),
    "sign-in-to-an-app": Look(
        "/sign-in", lambda page, scene: page.goto(f"/i/oauth2/authorize?{scene.consent_query()}"), ""
    ),
    "nowhere": Look("/", lambda page, _: page.goto("/nonsense"), "", 404),
    "consent-impossible-and-whose": Look("/i/oauth2/authorize", mistyped_callback, status=400),
    "consent-impossible": Look("/i/oauth2/authorize", lambda page, _: page.goto("/i/oauth2/authorize"), "", 400),
    "oauth1-consent": old_consent("/oauth/authorize"),
    "oauth1-consent-authenticate": old_consent("/oauth/authenticate"),
    "oauth1-consent-i-authenticate": old_consent("/i/oauth/authenticate"),
    "oauth1-pin": old_consent("/oauth/authorize", "Allow"),
    "oauth1-denied": old_consent("/oauth/authorize", "Cancel"),
    "account": at("/account"),
    "account-unfolded": opened("/account"),
    "account-empty": at("/account", "new"),
    "account-after-disconnecting": at("/account", query="?done=revoked"),
    "disconnect": at("/account/apps/{app_id:int}/revoke"),
    "sign-out-everywhere": at("/account/sign-out-everywhere"),
    "muted": at("/muted", "carol"),
    "muted-nobody": at("/muted", "new"),
    "muted-further-on": Look("/muted", further_on("/muted"), "carol"),
    "muted-past-the-end": at("/muted", "carol", "?from=2"),
    "muted-no-place": Look("/muted", lambda page, _: page.goto("/muted?from=x"), status=400),
    "muted-found": at("/muted", "carol", "?q=a"),
    "muted-found-nobody": at("/muted", "carol", "?q=zzzzzz"),
    "muted-long-search": at("/muted", "carol", f"?q={UNBROKEN}"),
    "muted-after-muting": Look("/muted", muting),
    "muted-refused": Look("/muted/mute", nobody_to_mute, status=422),
    "muted-after-unmuting": Look("/muted/unmute", unmuting),
    "muted-after-undoing": Look("/muted/undo", undoing),
    "timeline": at("/timeline", "bob"),
    "timeline-further-on": Look("/timeline", further_on("/timeline")),
    "timeline-after-muting": Look("/timeline", muting_there),
    "timeline-with-hidden-posts": Look("/timeline", with_hidden_posts()),
    "timeline-with-hidden-posts-unfolded": Look("/timeline", with_hidden_posts(unfold=True)),
    "timeline-without-hidden-posts": Look("/timeline", with_hidden_posts("?hidden=out")),
    "timeline-past-the-end": at("/timeline", query="?older=1"),
    "portal": at("/portal"),
    "portal-of-a-new-developer": Look("/portal", new_developer, "bob"),
    "portal-sign-up": at("/portal/sign-up", "new"),
    "portal-sign-up-refused": refused("/portal/sign-up", "new", What_will_you_build="?"),
    "portal-new-project": at("/portal/projects/new"),
    "portal-new-project-refused": refused("/portal/projects/new"),
    "portal-project": at("/portal/projects/{project_id:int}"),
    "portal-delete-project": at("/portal/projects/{project_id:int}/delete"),
    "portal-new-app": at("/portal/apps/new"),
    "portal-new-app-refused": refused("/portal/apps/new"),
    "portal-new-app-of-a-new-developer": Look("/portal/apps/new", first_app, "bob"),
    "portal-new-app-made": Look("/portal/apps/new", new_app),
    "portal-app": at("/portal/apps/{app_id:int}"),
    "portal-app-unfolded": opened("/portal/apps/{app_id:int}"),
    "portal-app-not-there": Look("/portal/apps/{app_id:int}", lambda page, _: page.goto("/portal/apps/1"), status=404),
    "portal-delete-app": at("/portal/apps/{app_id:int}/delete"),
    "portal-keys": at("/portal/apps/{app_id:int}/keys"),
    "portal-keys-unfolded": opened("/portal/apps/{app_id:int}/keys"),
    "portal-client-secret": Look("/portal/apps/{app_id:int}/keys", client_secret),
    "portal-authentication": at("/portal/apps/{app_id:int}/authentication"),
    "portal-authentication-refused": refused(
        "/portal/apps/{app_id:int}/authentication", Callback_URLs="http://example.com/callback"
    ),
    "portal-users": at("/portal/apps/{app_id:int}/users"),
    "portal-users-unfolded": opened("/portal/apps/{app_id:int}/users"),
    "long-names-portal": of_long_name("/portal"),
    "long-names-app": of_long_name("/portal/apps/{app_id:int}"),
    "long-names-keys": of_long_name("/portal/apps/{app_id:int}/keys"),
    "long-names-delete": of_long_name("/portal/apps/{app_id:int}/delete"),
}
"""In a sandbox."""

SERVED_LOOKS = {
    "home": at("/", ""),
    "sign-in": at("/sign-in", ""),
    "sign-in-refused": Look("/sign-in", wrong_password, "", 422),
    "sign-in-refused-too-often": Look("/sign-in", too_many_passwords, "", 429),
    "password": Look("/account/password", changing_password, ""),
    "password-refused": Look("/account/password", weak_password, "", 422),
    "timeline-empty": Look("/timeline", lambda page, _: by_password(page, "/timeline"), ""),
    "muted-long-name": Look("/muted", muting_a_long_name, ""),
    "muted-too-often": Look("/muted/mute", muting_too_often, "", 429),
}
"""Of a server of one's own, where they differ."""
