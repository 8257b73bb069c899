"""What can go wrong in the business's own words. Views turn these into messages in one place."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

Text = str | Promise


@dataclass(frozen=True)
class Refusal:
    """One reason why something may not be done, in a sentence a clerk understands."""

    code: str
    message: Text

    def __str__(self) -> str:
        return str(self.message)


class DomainError(Exception):
    """A rule of the business says no. ``message`` is for people, ``code`` for tests and clients."""

    def __init__(self, message: Text, code: str = "refused") -> None:
        super().__init__(str(message))
        self.message = message
        self.code = code

    def __str__(self) -> str:
        return str(self.message)


class NotPermitted(DomainError):
    """The actor lacks the capability."""

    def __init__(self, message: Text = "", code: str = "not_permitted") -> None:
        super().__init__(message or _("You are not allowed to do this."), code)


class Refused(DomainError):
    """A move is not possible now; ``refusals`` lists every reason."""

    def __init__(self, refusals: Sequence[Refusal]) -> None:
        self.refusals = list(refusals)
        super().__init__(" ".join(str(refusal) for refusal in self.refusals), self.refusals[0].code)


class WrongState(Refused):
    """The row is not in a state from which the move starts (perhaps somebody was faster)."""


class Busy(DomainError):
    """Somebody else holds the row at this moment."""

    def __init__(self, message: Text = "", code: str = "busy") -> None:
        super().__init__(message or _("Somebody else is working on this right now. Please try again."), code)


class Conflict(DomainError):
    """A stale save. ``fields`` maps each column to (the value you sent, the value now stored)."""

    def __init__(self, fields: Mapping[str, tuple[Any, Any]], message: Text = "") -> None:
        self.fields = dict(fields)
        super().__init__(
            message or _("Somebody changed this in the meantime. Nothing of yours was saved yet."), "conflict"
        )
