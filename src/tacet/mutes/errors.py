"""Why a mute was refused. Data only: the wire decides how it looks."""


class MuteRefused(Exception):
    """A mute that must not happen; nothing was written."""


class CannotMuteSelf(MuteRefused):
    """Source and target are the same account."""


class TargetMissing(MuteRefused):
    """No account has the target's id."""


class TargetUnavailable(MuteRefused):
    """The target's account is suspended or deactivated."""
