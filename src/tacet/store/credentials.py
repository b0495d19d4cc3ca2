"""The abstract store of Apps and tokens."""

from abc import ABC, abstractmethod
from collections.abc import Callable

from tacet.records.credentials import App, Token


class CredentialStore(ABC):
    """Every method that changes something is one transaction, and durable when it returns.

    Raises in every method that writes:
        StoreBusy: the write queue is full.
    """

    @abstractmethod
    async def put_app(self, app: App) -> None:
        """Insert or replace an app by id; the time of its making stays.

        Only replacing changes a revision: an App that nobody knew is in no cache. For seeding: where somebody changes
        one that they have seen, `change_app` is right.

        Raises:
            Conflict: its consumer key or client id belongs to another app.
        """

    @abstractmethod
    async def add_app(self, app: App) -> bool:
        """Insert an app.

        Returns:
            False, and nothing is written, where it has an owner and is in a Project that is not there, or not theirs.

        Raises:
            Conflict: its id, consumer key or client id is another app's.
        """

    @abstractmethod
    async def change_app(self, app: App, before: App) -> bool:
        """Replace an app by what somebody made of it; the time of its making stays.

        Args:
            before: how they found it, with the same id.

        Returns:
            False, and nothing is written, where it is not so any more: deleted, or changed by somebody else, whose
            change would be undone; or where it comes into another Project, which is not there, or not its owner's.

        Raises:
            Conflict: its consumer key or client id belongs to another app.
        """

    @abstractmethod
    async def app(self, app_id: int) -> App | None:
        """The app with this id."""

    @abstractmethod
    async def app_by_consumer_key(self, consumer_key: str) -> App | None:
        """The app with this API key."""

    @abstractmethod
    async def any_app(self) -> App | None:
        """One of the apps that have an API key, the same each time while none are added; None where there are none."""

    @abstractmethod
    async def apps(self, after_id: int, limit: int) -> list[App]:
        """The first `limit` apps whose ids are above `after_id`, in the order of their ids."""

    @abstractmethod
    async def put_token(self, token: Token) -> bool:
        """Insert or replace a token by digest; only replacing changes a revision, as with `put_app`.

        Returns:
            False, and nothing is written, where its App is not there.
        """

    @abstractmethod
    async def app_by_client_id(self, client_id: str) -> App | None:
        """The app with this OAuth 2.0 client id."""

    @abstractmethod
    async def app_only_token(self, app_id: int) -> Token | None:
        """The newest app-only bearer of an App whose text is kept sealed, of those neither revoked nor with an end."""

    @abstractmethod
    async def reseal(self, change: Callable[[bytes], bytes]) -> int:
        """Replace every sealed secret by what `change` makes of it, all in one transaction; return how many there are.

        `change` may be called on another thread. What it raises ends it, and nothing is written.
        """

    @abstractmethod
    async def token(self, digest: bytes) -> Token | None:
        """The token with this digest, expired and revoked ones too."""

    @abstractmethod
    async def revoke_token(self, digest: bytes, now_ms: int) -> bool:
        """Mark this one token revoked durably, of its grant none beside it; return True if it was there and worked
        until now."""
