"""What a developer does with their account, Projects, Apps and keys. Ownership is checked here and nowhere else."""

from tacet.identity.developers.accounts import DeveloperAccounts
from tacet.identity.developers.apps import Apps
from tacet.identity.developers.authentication import AuthenticationSettings
from tacet.identity.developers.keys import Keys
from tacet.identity.developers.projects import Projects
from tacet.identity.developers.tools import Forget, Tools
from tacet.identity.making import Maker
from tacet.store.base import Store

__all__ = ["Developers"]


class Developers:
    """Every action of the developer portal.

    Args:
        forget: drops what is cached of Apps and tokens, so that a change works from the next request on.

    Raises in every method that takes the id of an App or a Project:
        NotThere: it does not exist, or is not this owner's.
    """

    def __init__(self, store: Store, maker: Maker, forget: Forget) -> None:
        tools = Tools(store.credentials, store.consents, store.accounts, maker, forget, store.alone)
        self.accounts = DeveloperAccounts(tools)
        self.projects = Projects(tools)
        self.apps = Apps(tools)
        self.authentication = AuthenticationSettings(tools)
        self.keys = Keys(tools)
