"""A developer at the portal: sends its forms as a browser would, and reads what is shown."""

import re
from dataclasses import dataclass
from typing import Any

from oauthlib.oauth1 import Client

from tacet.records.credentials import App
from tests.pages.browsing import Browser, Screen
from tests.service import Answer, Service

USE_CASE = "A quieter timeline for people at work"
CALLBACK = "https://example.com/callback"

FORM_TAGS = {"input", "textarea", "select", "button"}


@dataclass
class Desk:
    """Somebody who is signed in, in the sandbox `service`."""

    service: Service
    browser: Browser

    async def get(self, path: str) -> Screen:
        return await self.browser.get(path)

    async def send(self, path: str, **fields: str) -> Screen:
        """Fill in and send one of the forms on the page at this path; go on where it leads."""
        screen = await self.get(path)
        known = {given.get("name") for tag, given in screen.tags if tag in FORM_TAGS}
        assert fields.keys() <= known, f"{path} has no field {fields.keys() - known}"
        assert path in [form.action for form in screen.forms if form.method == "post"]
        return await self.browser.follow(await self.browser.post(path, {"csrf": screen.csrf, **fields}))

    async def sign_up(self) -> Screen:
        return await self.send("/portal/sign-up", use_case=USE_CASE, agreed="on")

    async def project(self, name: str = "Evenings") -> int:
        """Make a Project; return its id."""
        return last_number((await self.send("/portal/projects/new", name=name)).path)

    async def made_app(self, project: str = "standalone", name: str = "Quiet evenings") -> Screen:
        """The page that shows a new App's keys."""
        return await self.send("/portal/apps/new", name=name, project=project)

    async def app(self, project: str = "standalone", name: str = "Quiet evenings") -> int:
        """Make an App; return its id."""
        screen = await self.made_app(project, name)
        return last_number(next(link for link in screen.links if re.fullmatch(r"/portal/apps/\d+", link)))

    async def authenticate(self, app_id: int, **changed: str) -> Screen:
        """Save the authentication settings: these, and the plainest for the rest."""
        fields = {"access": "read", "client_type": "public", "callbacks": CALLBACK, **changed}
        return await self.send(f"/portal/apps/{app_id}/authentication", **fields)

    async def key(self, app_id: int, action: str) -> Screen:
        """One of the buttons on "Keys and tokens"."""
        return await self.send(f"/portal/apps/{app_id}/keys", action=action)

    async def stored(self, app_id: int) -> App:
        app = await self.service.store.credentials.app(app_id)
        assert app is not None
        return app

    async def signed(self, keys: dict[str, str], target: str = "/2/users/me") -> Answer:
        """A request with these four keys, by their labels on the pages."""
        client = Client(
            keys["API key"],
            client_secret=keys["API key secret"],
            resource_owner_key=keys["Access token"],
            resource_owner_secret=keys["Access token secret"],
            timestamp=str(self.service.clock.now_ms() // 1000),
        )
        _, headers, _ = client.sign(f"https://api.x.com{target}", "GET")
        return await self.service.call("GET", target, token=None, headers={"authorization": headers["Authorization"]})


def last_number(path: str) -> int:
    return int(path.partition("?")[0].rpartition("/")[2])


def shown(screen: Screen) -> dict[str, str]:
    """What stands in the fields to copy from, by label."""
    found = re.findall(
        r'<label for="(value-[^"]+)">([^<]+)</label>(?s:.*?)<textarea id="\1"[^>]*>\n([^<]*)</textarea>', screen.html
    )
    return {label: text for _, label, text in found}


def errors(screen: Screen) -> dict[str, str]:
    """What stands beside wrong fields, by their names; each is announced."""
    found = re.findall(r'<p class="error" id="error-([^"]+)" role="alert">([^<]+)</p>', screen.html)
    return dict(found)


def values(screen: Screen) -> dict[str, Any]:
    """What stands in the fields of all forms."""
    return {name: value for form in screen.forms for name, value in form.fields if name != "csrf"}
