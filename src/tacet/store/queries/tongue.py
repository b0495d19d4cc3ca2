"""The queries of one subject, in the tongue of one driver."""

from collections.abc import Callable


class Queries:
    """Each subject has a subclass of this, which names its queries in capitals, in the tongue that all drivers share.

    A driver makes one of it when it is imported, so that no query is adapted when it is asked.

    Args:
        adapt: puts a query into the driver's own tongue.
    """

    def __init__(self, adapt: Callable[[str], str]) -> None:
        for name in dir(self):
            if name.isupper() and not name.startswith("_"):
                setattr(self, name, adapt(getattr(self, name)))
