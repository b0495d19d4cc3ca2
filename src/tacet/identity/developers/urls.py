"""Callback URLs and websites: what may be registered.

Sources: RFC 6749 section 3.1.2 (absolute, no fragment), RFC 8252 sections 7.1 to 7.3 (private-use schemes, loopback),
RFC 3986 appendix A (characters). They are compared character by character, so nothing is normalised here.

Raises in every check:
    Unacceptable: with what is wrong, for the developer, to be put after the address.
"""

import re
from ipaddress import AddressValueError, IPv6Address
from urllib.parse import SplitResult, urlsplit

from tacet.identity.developers.errors import Unacceptable

MAX_CALLBACKS = 10
"""For an App, as many as X allows: a few stages of a site and a phone App or two."""

MAX_CALLBACK_LENGTH = 1_000
"""Characters: with code and state it still fits into the 2,000 or so that every browser and proxy takes."""

LOOPBACK_HOSTS = ("127.0.0.1", "[::1]", "localhost")
"""Where plain http is safe, because nothing leaves the machine (RFC 8252 section 7.3)."""

BROWSERS_OWN_SCHEMES = frozenset(
    "about afp android-app blob callto chrome chrome-error chrome-extension chrome-search chrome-untrusted cid "
    "content data devtools edge feed file filesystem finger ftp ftps gopher help imap intent ios-app irc ircs itms "
    "itms-apps itms-services jar javascript ldap ldaps livescript magnet mailto market mid mk mocha moz-extension "
    "ms-appinstaller ms-cxh ms-cxh-full ms-excel ms-help ms-its ms-msdt ms-officecmd ms-powerpoint ms-search "
    "ms-settings ms-word news nfs nntp opera pop rdp resource rlogin rtmp rtsp safari-extension search search-ms "
    "sftp shell shortcuts sip sips skype smb sms smsto snews ssh steam svn tel telnet tn3270 urn vbscript "
    "view-source vnc wais webcal ws wss wyciwyg xmpp".split()
)
"""Schemes that run code in the page, open local files, or mean something that is no App's own."""

_CHARACTERS = re.compile(r"(?:[A-Za-z0-9\-._~:/?\[\]@!$&'()*+,;=]|%[0-9A-Fa-f]{2})+")
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*")
# Narrower than RFC 3986: a host is written into the consent page's policy, where `;` `'` and `*` mean something.
_HOST = re.compile(r"(?!-)[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*\.?")
_PORT = re.compile(r"[0-9]{1,5}")
_HOST_AND_PORT = re.compile(r"(\[[^\]/?]+\]|[^/?:]+):[0-9]+(?:[/?].*)?")
_MAX_PORT = 65_535


def read_callbacks(text: str) -> tuple[str, ...]:
    """Callback URLs, one a line; empty lines and repetitions are left out."""
    lines = tuple(dict.fromkeys(line for line in map(str.strip, text.splitlines()) if line))
    if len(lines) > MAX_CALLBACKS:
        raise Unacceptable(f"There are {len(lines)} of them; {MAX_CALLBACKS} is the most.")
    for line in lines:
        try:
            check_callback(line)
        except Unacceptable as error:
            raise Unacceptable(f"{_shown(line)}: {error}") from None
    return lines


def check_callback(url: str) -> None:
    """One callback URL."""
    parts = _parts(url, MAX_CALLBACK_LENGTH)
    scheme = parts.scheme.lower()
    if scheme == "https":
        _host(parts)
    elif scheme == "http":
        if _host(parts) not in LOOPBACK_HOSTS:
            raise Unacceptable(f"http is only for this machine ({', '.join(LOOPBACK_HOSTS)}); elsewhere use https.")
    elif scheme in BROWSERS_OWN_SCHEMES:
        raise Unacceptable(f"the scheme {scheme} belongs to browsers; use https or a scheme of your App's own.")
    elif len(url) == len(scheme) + 1:
        raise Unacceptable("nothing follows the scheme; write it as com.example.app:/callback.")
    else:
        _check_authority(parts)


def check_web_url(url: str, max_length: int) -> None:
    """An address of the web that people may follow."""
    parts = _parts(url, max_length)
    if parts.scheme.lower() not in {"http", "https"}:
        raise Unacceptable("write the whole address, beginning with https:// or http://.")
    _host(parts)


def _parts(url: str, max_length: int) -> SplitResult:
    if len(url) > max_length:
        raise Unacceptable(f"it has {len(url):,} characters; {max_length:,} is the most.")
    if "#" in url:
        raise Unacceptable("an address with a fragment (#) is not allowed.")
    if not _CHARACTERS.fullmatch(url):
        raise Unacceptable("blanks, quotes and signs outside ASCII must be written as %20 and the like.")
    _check_not_a_host(url)
    if not _SCHEME.fullmatch(url.partition(":")[0]) or ":" not in url:
        raise Unacceptable("write the whole address, beginning with https://.")
    try:
        parts = urlsplit(url)
    except ValueError:
        raise Unacceptable("the host is not written properly.") from None
    if "@" in parts.netloc:
        raise Unacceptable("a username or password before the host is not allowed.")
    return parts


def _check_not_a_host(url: str) -> None:
    """A host and its port look like a scheme and what follows it: `localhost:7000/callback`."""
    found = _HOST_AND_PORT.fullmatch(url)
    if found and found[1].lower() not in BROWSERS_OWN_SCHEMES:
        scheme = "http" if found[1].lower() in LOOPBACK_HOSTS else "https"
        raise Unacceptable(f"the scheme is missing. Did you mean {scheme}://{url}?")


def _host(parts: SplitResult) -> str:
    """The host in lower case, an IPv6 address in its brackets."""
    if not parts.netloc:
        raise Unacceptable("the host is missing.")
    return _check_authority(parts)


def _check_authority(parts: SplitResult) -> str:
    if not parts.netloc:
        return ""
    host, bracket, rest = parts.netloc.rpartition("]")
    if bracket:
        _check_ipv6(host.removeprefix("["))
        host, colon, port = f"{host}]", rest[:1], rest[1:]
    else:
        host, colon, port = parts.netloc.partition(":")
        if not _HOST.fullmatch(host):
            raise Unacceptable("the host may have letters, digits, hyphens and dots.")
    if colon and not (colon == ":" and _PORT.fullmatch(port) and 0 < int(port) <= _MAX_PORT):
        raise Unacceptable(f"the port must be a number from 1 to {_MAX_PORT}.")
    return host.lower()


def _check_ipv6(text: str) -> None:
    try:
        if IPv6Address(text).scope_id is None:
            return
    except AddressValueError:
        pass
    raise Unacceptable("the host is no IPv6 address.")


def _shown(url: str) -> str:
    """Enough of it to find the line by."""
    return url if len(url) <= 60 else f"{url[:59]}…"
