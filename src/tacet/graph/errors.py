"""Why a follow or a block was refused. Data only: the wire decides how it looks."""


class GraphRefused(Exception):
    """A follow or block that must not happen; nothing was written."""


class CannotFollowSelf(GraphRefused):
    """Source and target are the same account."""


class CannotBlockSelf(GraphRefused):
    """Source and target are the same account."""


class TargetMissing(GraphRefused):
    """No account has the target's id."""


class TargetUnavailable(GraphRefused):
    """The target's account is suspended or deactivated."""


class BlockedByTarget(GraphRefused):
    """The target blocks the source."""


class TargetBlocked(GraphRefused):
    """The source blocks the target, and must unblock first."""
