"""Codes of another register in one cell of a sheet of drafts: read, asked for, and the unknown ones named."""

import re
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from aftersales.core.errors import Text
from aftersales.core.sheets.problems import Unreadable
from aftersales.core.sheets.resource import RowRule
from aftersales.core.sheets.sqltext import name_of
from aftersales.core.sheets.widgets import WordsWidget, quote
from aftersales.core.wording import listed
from training.draftrows import NEW
from training.models.terms import CODE_LENGTH


class CodesWidget(WordsWidget):
    """Codes of another register in one cell; a rule says which of them are unknown."""

    def read(self, text: str) -> list[str]:
        words = [word for word in re.split(self.SPLIT, text) if word]
        if any(len(word) > CODE_LENGTH for word in words):
            raise Unreadable(
                "unknown_word",
                gettext_lazy("This word is not known here."),
                gettext_lazy("Write codes, such as a;b."),
            )
        return words

    def sql(self, cell: str) -> str:
        words = f"array_remove(regexp_split_to_array({cell}, {quote(self.SPLIT)}), '')"
        return (
            f"CASE WHEN (SELECT max(char_length(x)) FROM unnest({words}) x) <= {CODE_LENGTH} THEN {words} END"
        )


def known(column: str, register: type[Any], reason: Text, remedy: Text) -> RowRule:
    """A rule: every code of the column stands in the register; the refusal names those that do not."""
    table = name_of(register._meta.db_table)

    def unknown(cell: str, memory: dict[str, Any]) -> str:
        stand = memory.get(table)
        if stand is None:
            stand = memory[table] = frozenset(register.objects.values_list("code", flat=True))
        missing = [code for code in dict.fromkeys(CodesWidget().read(cell)) if code not in stand]
        return _("These codes are not known: %(codes)s.") % {"codes": listed(missing)} if missing else ""

    return RowRule(
        column, (column,),
        f"{NEW} AND EXISTS (SELECT FROM unnest({{{column}}}::text[]) x "
        f"WHERE NOT EXISTS (SELECT FROM {table} r WHERE r.code = x))",
        reason, remedy, told=unknown,
    )  # fmt: skip
