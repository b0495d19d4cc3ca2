"""The abstract store of people's accounts: passwords, sessions, developers, Projects, and what their Apps used."""

from abc import ABC, abstractmethod
from collections.abc import Sequence

from tacet.records.accounts import Developer, Password, Project, Session, Usage
from tacet.records.credentials import App


class AccountStore(ABC):
    """Every method that changes something is one transaction, and durable when it returns.

    Raises in every method that writes:
        StoreBusy: the write queue is full.
    """

    @abstractmethod
    async def put_password(self, password: Password, replacing: Password | None = None) -> bool:
        """Insert or replace a person's password, and end all their sessions.

        Args:
            replacing: the only one that may be replaced, in whatever form; None for any, or none.

        Returns:
            False, and nothing is written, where it is not the person's password any more.
        """

    @abstractmethod
    async def password(self, person_id: int) -> Password | None:
        """A person's password; None where they have none and cannot sign in by one."""

    @abstractmethod
    async def recode_password(self, password: Password, encoded: str) -> bool:
        """Store the same password in another form; their sessions go on.

        Returns:
            False, and nothing is written, where it is not the person's password any more.
        """

    @abstractmethod
    async def drop_password(self, person_id: int) -> bool:
        """Delete a person's password, and end all their sessions; True if they had one."""

    @abstractmethod
    async def put_session(self, session: Session) -> None:
        """Insert a session."""

    @abstractmethod
    async def session(self, digest: bytes) -> Session | None:
        """The session with this digest, an ended one too."""

    @abstractmethod
    async def touch_session(self, digest: bytes, seen_at_ms: int) -> None:
        """Note that it was used; an earlier time than the one noted changes nothing."""

    @abstractmethod
    async def end_session(self, digest: bytes) -> bool:
        """Delete a session; True if it was there."""

    @abstractmethod
    async def end_sessions(self, user_id: int) -> int:
        """Delete all sessions of a person; return how many."""

    @abstractmethod
    async def put_developer(self, developer: Developer) -> None:
        """Insert a developer account, or replace its use case."""

    @abstractmethod
    async def developer(self, person_id: int) -> Developer | None:
        """The developer account of a person."""

    @abstractmethod
    async def put_project(self, project: Project) -> None:
        """Insert a Project, or replace its name and description.

        For seeding: where somebody changes one that they have seen, `change_project` is right.
        """

    @abstractmethod
    async def add_project(self, project: Project) -> None:
        """Insert a Project.

        Raises:
            Conflict: a Project has this id.
        """

    @abstractmethod
    async def change_project(self, project: Project) -> bool:
        """Replace a Project's name and description; False, and nothing is written, where it is not there any more."""

    @abstractmethod
    async def project(self, project_id: int) -> Project | None:
        """The Project with this id."""

    @abstractmethod
    async def projects(self, owner_id: int) -> list[Project]:
        """A developer's Projects, oldest first."""

    @abstractmethod
    async def delete_project(self, project_id: int) -> bool:
        """Delete a Project in which there is no App, and into which none comes at that moment; True if it was there
        and empty."""

    @abstractmethod
    async def apps(self, owner_id: int) -> list[App]:
        """A developer's Apps, standalone ones too, oldest first."""

    @abstractmethod
    async def delete_app(self, app_id: int) -> bool:
        """Delete an App with its grants, tokens, codes, request tokens and usage; True if it was there."""

    @abstractmethod
    async def add_usage(self, usage: Sequence[Usage]) -> None:
        """Add these counts to what is stored for their hours."""

    @abstractmethod
    async def usage(self, app_id: int, from_hour: int) -> list[Usage]:
        """An App's hours from `from_hour` on, oldest first; hours without a request are left out."""

    @abstractmethod
    async def sweep_usage(self, before_hour: int) -> int:
        """Delete all usage before this hour; return how many rows."""
