"""Why an action of a developer was refused. Data only: the pages decide how it looks."""

from collections.abc import Mapping


class NotThere(Exception):
    """No App or Project of this developer has the id; whether somebody else's has is not told."""


class NotADeveloper(Exception):
    """The account did not sign up as a developer."""


class NotEmpty(Exception):
    """The Project has Apps, so it was not deleted."""


class NotConfidential(Exception):
    """A public client has no client secret."""


class Unacceptable(ValueError):
    """One value breaks a rule; the message is a sentence for whoever typed it."""


class Refused(Exception):
    """What was asked for breaks rules; nothing was changed.

    Attributes:
        problems: a sentence for each field; under an empty name what concerns no single one.
    """

    def __init__(self, problems: Mapping[str, str]) -> None:
        super().__init__(" ".join(f"{field}: {problem}" if field else problem for field, problem in problems.items()))
        self.problems = problems
