"""Signing a browser in and out: its cookies, and the session behind them."""

from starlette.responses import Response

from tacet.identity.signin.sessions import Sessions
from tacet.pages.responses import drop_cookie, set_cookie
from tacet.pages.visit import Visit


async def begin_session(visit: Visit, sessions: Sessions, user_id: int, response: Response) -> str:
    """Sign this browser in under a new secret, whatever it held before (OWASP ASVS 4.0.3, 3.2.1); return the secret."""
    await end_session(visit, sessions, response)
    text = await sessions.start(user_id)
    set_cookie(response, visit.security.session_cookie, text, visit.security)
    drop_cookie(response, visit.security.visit_cookie, visit.security)
    return text


async def end_session(visit: Visit, sessions: Sessions, response: Response) -> None:
    """Sign this browser out."""
    cookie = visit.request.cookies.get(visit.security.session_cookie)
    if cookie:
        await sessions.end(cookie)
        drop_cookie(response, visit.security.session_cookie, visit.security)
