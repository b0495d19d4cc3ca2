"""Which pages there are: those of a platform, or of a sandbox, where one picks who to be."""

from collections.abc import Sequence

from tacet.actions import Actions
from tacet.identity.parts import Identity
from tacet.limits.failures import Failures
from tacet.pages.account import Account, PasswordChange
from tacet.pages.consent import Consent
from tacet.pages.destinations import Destinations
from tacet.pages.home import Home
from tacet.pages.journal import Journal
from tacet.pages.muted import Muted, MuteLimit
from tacet.pages.oauth1 import OAuth1Consent
from tacet.pages.portal import Portal
from tacet.pages.portal.usage import DailyUsage
from tacet.pages.proving import Attempts
from tacet.pages.residents import Residents
from tacet.pages.routing import Family
from tacet.pages.signin import ByChoice, ByPassword, SignIn
from tacet.wire.addresses import Addresses


def families(
    identity: Identity,
    actions: Actions,
    usage: DailyUsage,
    mute_limit: MuteLimit,
    failures: Failures,
    addresses: Addresses,
    residents: Sequence[int] | None,
) -> list[Family]:
    """All families of pages.

    Args:
        failures: counts wrong passwords.
        residents: ids of those whom a sandbox offers to be, empty for its first; None where people have passwords.
    """
    people = actions.people
    choice = None if residents is None else Residents(people, residents)
    journal = Journal(addresses, quiet=choice is not None)
    attempts = Attempts(identity.passwords, failures, addresses, journal)
    proof = ByPassword(people, attempts) if choice is None else ByChoice(people, choice, journal)
    change = PasswordChange(identity.passwords, attempts) if choice is None else None
    return [
        Home(choice),
        SignIn(identity.sessions, proof, Destinations(identity.authorizations, identity.oauth1_logins), journal),
        Consent(identity.authorizations, people),
        OAuth1Consent(identity.oauth1_logins, people),
        Muted(actions, mute_limit),
        Account(identity.connections, people, identity.sessions, journal, change),
        Portal(identity.developers, identity.connections, usage, people),
    ]
