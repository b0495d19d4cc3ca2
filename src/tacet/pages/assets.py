"""Stylesheet and images. Their addresses hold a digest of what is in them, so browsers may keep them for ever."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import resources

from starlette.responses import Response

from tacet.pages.responses import asset
from tacet.pages.routing import Page
from tacet.pages.visit import PageError, Visit

FOLDER = "/assets"

MEDIA_TYPES = {"css": "text/css; charset=utf-8", "svg": "image/svg+xml"}

DIGEST_LENGTH = 16
"""Hexadecimal digits in an address: 64 bits, so that two versions never share one."""


@dataclass(frozen=True, slots=True)
class _Asset:
    body: bytes
    media_type: str


class Assets:
    """What pages are drawn with, read once."""

    def __init__(self) -> None:
        self._urls: dict[str, str] = {}
        self._by_file: dict[str, _Asset] = {}
        for entry in resources.files("tacet.pages").joinpath("assets").iterdir():
            stem, _, ending = entry.name.rpartition(".")
            if ending in MEDIA_TYPES:
                body = entry.read_bytes()
                file = f"{stem}.{hashlib.sha256(body).hexdigest()[:DIGEST_LENGTH]}.{ending}"
                self._urls[entry.name] = f"{FOLDER}/{file}"
                self._by_file[file] = _Asset(body, MEDIA_TYPES[ending])

    def url(self, name: str) -> str:
        """The address of an asset by its plain name, `tacet.css`.

        Raises:
            KeyError: there is none.
        """
        return self._urls[name]

    def pages(self) -> Sequence[Page]:
        return [Page(f"{FOLDER}/{{file}}", get=self._get, open=True, public=True)]

    async def _get(self, visit: Visit) -> Response:
        found = self._by_file.get(visit.request.path_params["file"])
        if found is None:
            raise PageError(404, "Not here", "This server has no such file. It may be of an earlier version.")
        return asset(found.body, found.media_type, visit.security)
