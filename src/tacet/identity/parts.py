"""Everything about who is calling, who agreed to what and who hands out keys, built once over one store."""

from tacet.clock import Clock
from tacet.directory.lookup import People
from tacet.identity.app_only import AppOnly
from tacet.identity.authenticator import Authenticator
from tacet.identity.connections import Connections
from tacet.identity.developers import Developers
from tacet.identity.invalidation import OAuth1Invalidation
from tacet.identity.making import Maker
from tacet.identity.oauth1 import Verifier
from tacet.identity.oauth1.app_signatures import AppSignatures
from tacet.identity.oauth1.logins import OAuth1Logins
from tacet.identity.oauth2.authorization import Authorizations
from tacet.identity.oauth2.tokens import OAuth2Tokens
from tacet.identity.signin.passwords import Passwords
from tacet.identity.signin.sessions import Sessions
from tacet.identity.vault import Vault
from tacet.ids import Randomness, Snowflakes
from tacet.store.base import Store


class Identity:
    """The actions of this room, by subject. Whatever revokes something tells the one authenticator at once.

    Args:
        randomness: must be unguessable: keys, tokens and cookies come from it.
        verifier: the one that `authenticator` uses, because it remembers nonces.
    """

    def __init__(
        self,
        store: Store,
        people: People,
        vault: Vault,
        clock: Clock,
        randomness: Randomness,
        verifier: Verifier,
        authenticator: Authenticator,
    ) -> None:
        credentials, consents = store.credentials, store.consents
        self.authenticator = authenticator
        forget = self.authenticator.forget_everywhere
        signatures = AppSignatures(self.authenticator, verifier, vault)
        maker = Maker(vault, clock, randomness, Snowflakes(clock, randomness))
        self.app_only = AppOnly(credentials, self.authenticator, maker, store.alone)
        self.oauth1_logins = OAuth1Logins(store, people, signatures, maker)
        self.oauth1_invalidation = OAuth1Invalidation(self.authenticator, credentials, clock)
        self.authorizations = Authorizations(credentials, consents, clock, randomness)
        self.oauth2_tokens = OAuth2Tokens(credentials, consents, people, clock, randomness, forget)
        self.connections = Connections(credentials, consents, clock, forget)
        self.developers = Developers(store, maker, forget)
        self.passwords = Passwords(store.accounts, clock)
        self.sessions = Sessions(store.accounts, clock, randomness)
        self._people = people

    async def password_set_at_ms(self, username: str) -> int | None:
        """When whoever has this username, in whatever case, got their password; None where there is none."""
        person = (await self._people.by_usernames([username.lower()])).get(username.lower())
        return None if person is None else await self.passwords.set_at_ms(person.id)
