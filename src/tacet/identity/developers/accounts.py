"""Signing up as a developer."""

from tacet.identity.developers.texts import Form, use_case_of
from tacet.identity.developers.tools import Tools
from tacet.records.accounts import Developer


class DeveloperAccounts:
    """Who is a developer."""

    def __init__(self, tools: Tools) -> None:
        self._tools = tools

    async def find(self, person_id: int) -> Developer | None:
        """A person's developer account."""
        return await self._tools.accounts.developer(person_id)

    async def sign_up(self, person_id: int, use_case: str, agreed: bool) -> Developer:
        """Make somebody a developer; signing up again changes what they will build.

        Raises:
            Refused: fields `use_case` and `agreed`.
        """
        form = Form()
        text = form.read("use_case", use_case_of, use_case) or ""
        if not agreed:
            form.problems["agreed"] = "Without this there is no developer account."
        form.check()
        developer = Developer(person_id, text, self._tools.now_ms)
        await self._tools.accounts.put_developer(developer)
        return developer
