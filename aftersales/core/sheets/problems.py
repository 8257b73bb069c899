"""What can be wrong with a file or a cell, each with a code, a reason and a remedy in the reader's language."""

from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _
from django.utils.translation import override

from aftersales.core.errors import DomainError, Text


class FileRefused(DomainError):
    """The whole file is refused before anything is written. ``remedy`` says what to do."""

    def __init__(self, code: str, message: Text, remedy: Text = "", **values: Any) -> None:
        self.template, self.remedy_template, self.values = message, remedy, values
        super().__init__(str(message) % values if values else message, code)

    @property
    def remedy(self) -> str:
        return str(self.remedy_template) % self.values if self.values else str(self.remedy_template)

    def as_json(self) -> dict[str, Any]:
        """Kept with the upload in both languages, so that it can be read later in either."""
        kept: dict[str, Any] = {"code": self.code}
        for language in ("zh-hans", "en"):
            with override(language):
                message = str(self.template) % self.values if self.values else str(self.template)
                kept[language] = [message, self.remedy]
        return kept


UPLOAD_AGAIN = _("Upload the file again.")


def staging_lost() -> FileRefused:
    return FileRefused("staging_lost", _("The preview was lost when the database stopped."), UPLOAD_AGAIN)


def no_right() -> FileRefused:
    return FileRefused(
        "no_right", _("You may no longer import this sheet."), _("Ask somebody who may import it.")
    )


def given_up() -> FileRefused:
    return FileRefused("given_up", _("Writing failed again and again and was given up."), UPLOAD_AGAIN)


class Unreadable(ValueError):
    """A cell that a widget cannot take: why, and what to write instead."""

    def __init__(self, code: str, reason: Text, remedy: Text = "") -> None:
        self.code, self.reason, self.remedy = code, reason, remedy
        super().__init__(str(reason))


@dataclass(frozen=True)
class RowProblem:
    """One refused cell as pages and error files show it."""

    column: str
    value: str
    code: str
    reason: str
    remedy: str


# Problems that only the database can see; the cell itself is readable.
REASONS: dict[str, tuple[Text, Text]] = {
    "required": (_("This column must be filled."), _("Fill it in.")),
    "unknown": (_("No such row is known."), _("Load it first, or correct the value.")),
    "twice": (_("The same key stands in row %(row)s already."), _("Keep the right row only.")),
    "foreign": (_("This row belongs to somebody else."), _("Leave the row out.")),
    "masked": (_("The value is masked."), _("Leave the column out, or write the full value.")),
    "width": (_("The row has more or fewer cells than the header."), _("Check separators and quotes.")),
    "conflict": (
        _("Somebody changed this row after the preview."),
        _("Upload the file again and look at the row."),
    ),
    "taken": (
        _("Somebody added this row after the preview."),
        _("Upload the file again and look at the row."),
    ),
    "not_taken_in": (
        _("The row was refused when it was taken in."),
        _("The register of signals says why. Correct the row and load it again."),
    ),
    "receipt_not_taken": (
        _("The case changed meanwhile, so nothing of it was taken."),
        _("Take the file out anew, or confirm the receipt on the page of the case."),
    ),
    "account_elsewhere": (_("This account belongs to another person."), _("Correct the customer code.")),
    "erased": (
        _("The data of this person was erased and does not come back by a file."),
        _("Leave the cell empty, or the row out."),
    ),
    "service": (_("The row was refused: %(why)s"), _("Correct the row and load it again.")),
    "database": (_("The database refused the row."), _("Ask the administrator; name the row.")),
    "gone": (
        _("A row that this one refers to was removed after the preview."),
        _("Upload the file again and look at the row."),
    ),
}


def said_by_service(words: str) -> str:
    """The code of a row that a service refused in words (parts of a row's problems end with ``;``)."""
    return f"service:{' '.join(words.split()).replace(';', '；')}"
