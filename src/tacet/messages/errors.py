"""Why a direct message was refused. Data only: the wire decides how it looks."""


class MessageRefused(Exception):
    """A message that must not be sent; nothing was written."""


class RecipientMissing(MessageRefused):
    """No account has the recipient's id."""


class RecipientUnavailable(MessageRefused):
    """The recipient's account is suspended or deactivated."""


class NotPermitted(MessageRefused):
    """The recipient takes no messages from the sender, one of the two blocks the other, or they are the same."""


class TextEmpty(MessageRefused):
    """Nothing in it can be read."""
