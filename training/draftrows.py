"""What the sheets of drafts share: each row is one version; what differs from what stands becomes the next draft."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from aftersales.core.rulebook import RuleState
from aftersales.core.sheets.resource import Column, RowRule
from aftersales.core.sheets.widgets import ChoiceWidget, KeyWidget, MomentWidget, TextWidget, WholeWidget

NEW = "{target} IS NULL"
LONG = 32_000  # a spreadsheet cuts what is longer than 32 767
FILL = (_("This column must be filled."), _("Fill it in."))
REFERS = {"tier": "tier_id", "exam": "exam_id"}  # columns that a version stores as a key


def absent(column: str) -> str:
    """SQL: the file has no such column; of a column that it has, an empty cell is empty (``Plan.names``)."""
    return f"'{{{column}}}' = 'NULL'"


def lines(value: str) -> str:
    """SQL: a text whatever ends its lines."""
    return f"replace(btrim({value}, E' \\t\\r\\n'), E'\\r', '')"


def same_text(column: str) -> str:
    said = lines(f"coalesce({{{column}}}::text, '')")
    return f"({absent(column)} OR {lines(f'v.{column}')} = {said})"


def same_set(column: str, kind: str = "text") -> str:
    said = f"coalesce({{{column}}}, '{{{{}}}}')::{kind}[]"
    stored = f'v."{column}"::{kind}[]'
    return f"({absent(column)} OR ({stored} @> {said} AND {stored} <@ {said}))"


def same(column: str, kind: str, stored: str = "") -> str:
    value = f"{{{column}}}::{kind}"
    return f"({absent(column)} OR v.{stored or column} IS NOT DISTINCT FROM {value})"


def same_or(column: str, kind: str, blank: str) -> str:
    """SQL: as ``same`` where an empty cell means ``blank``."""
    return f"({absent(column)} OR v.{column} = coalesce({{{column}}}::{kind}, {blank}))"


def wrong(
    code: str, column: str, broken: str, reason: Any, remedy: Any, *, by: str = "code"
) -> list[RowRule]:
    """A rule of one column that holds as well where the file has no such column; it is then told at ``by``."""
    return [
        RowRule(code, (column,), broken, reason, remedy),
        RowRule(code, (by,), f"{absent(column)} AND ({broken})", reason, remedy),
    ]


def filled(column: str) -> RowRule:
    """A column that a file may leave out, but not leave empty."""
    return RowRule(f"{column}_empty", (column,), f"{NEW} AND NOT n.f_{column}", *FILL)


def moment(value: str) -> str:
    return MomentWidget().export_sql(value)


@dataclass(frozen=True)
class Stored:
    """The tables of a register and of its versions, and the column by which these point at it.

    ``by`` is the column of the sheet that says which row of the register is meant.
    """

    register: str
    versions: str
    key: str
    by: str = "code"

    @property
    def row(self) -> str:
        return f"(SELECT r.id FROM {self.register} r WHERE r.code = {{{self.by}}})"

    def shared(self, column: str) -> str:
        return f"(SELECT r.{column} FROM {self.register} r WHERE r.code = {{code}})"

    def newest(self, column: str) -> str:
        """What the next draft starts from: the newest version that was not returned, where there is one."""
        return (
            f'(SELECT v."{column}" FROM {self.versions} v WHERE v.{self.key} = {self.row} '
            "ORDER BY (v.state = 'rejected'), v.number DESC LIMIT 1)"
        )

    @property
    def last(self) -> str:
        """Number of the newest version that was not returned."""
        of_row = f"FROM {self.versions} w WHERE w.{self.key} = {self.row}"
        return f"(SELECT max(w.number) {of_row} AND w.state <> 'rejected')"

    def known_by(self, said: Sequence[str]) -> str:
        """The version that the row says word for word: the one of its number, or the newest."""
        return (
            f"k.id = (SELECT v.id FROM {self.versions} v WHERE v.{self.key} = {self.row} "
            f"AND (v.number = {{number}}::integer OR v.number = {self.last}) "
            f"AND {' AND '.join(said)} ORDER BY v.number DESC LIMIT 1)"
        )

    def export(self, column: str) -> str:
        return f"(SELECT r.{column} FROM {self.register} r WHERE r.id = t.{self.key})"

    # -- columns and rules that every sheet of drafts has ------------------------------------------------------------

    def code(self, example: str) -> Column:
        return Column(
            None, KeyWidget(60), _("code"), required=True, example=example, export=self.export("code"),
            hint=_("Latin letters, digits and hyphens. A new code opens a new row."),
        )  # fmt: skip

    def number(self, example: str = "") -> Column:
        return Column(
            None, WholeWidget(1, 9999), _("version"), example=example, export="t.number",
            hint=_("Empty for something new. To change something, leave the number that the sheet came out with."),
        )  # fmt: skip

    def rules(self, shared: Sequence[str]) -> list[RowRule]:
        of_row = f"FROM {self.versions} v WHERE v.{self.key} = {self.row}"
        at = f"(SELECT v.state {of_row} AND v.number = {{number}}::integer)"
        return [
            RowRule(
                "code_shape", (self.by,), f"{NEW} AND {{{self.by}}} !~ '^[-a-zA-Z0-9_]+$'",
                _("A code has Latin letters, digits, hyphens and underscores only."), _("Write another code."),
            ),
            RowRule(
                "no_number", (self.by,), f"{NEW} AND {self.row} IS NOT NULL AND {{number}} IS NULL",
                _("This code stands already and says something else."),
                _("To change it, write the version that you change; for something new, write another code."),
            ),
            RowRule(
                "no_version", ("number",),
                f"{NEW} AND {{number}} > coalesce((SELECT max(v.number) {of_row}), 1)",
                _("There is no version of this number."),
                _("Write the version that you change; leave it empty for something new."),
            ),
            RowRule(
                "changed_since", ("number",), f"{NEW} AND {self.last} > {{number}}",
                _("There is a later version, and it says something else."),
                _("Take the sheet out anew and change its newest row."),
            ),
            RowRule(
                "drafts_only", ("state",), f"{NEW} AND {{state}} <> 'draft' AND {{state}} IS DISTINCT FROM {at}",
                _("A sheet only drafts; a second person brings a version into force, on its page."),
                _("Leave the state empty."),
            ),
            RowRule(
                "one_draft", (self.by,), "false",
                _("An earlier row of this file changes the same code."), _("Keep the right row only."),
                among=f"{NEW} AND row_number() OVER (PARTITION BY {{{self.by}}}, {NEW} ORDER BY n.row_no) > 1",
            ),
            *wrong(
                "no_reason", "change_reason", f"{NEW} AND {{change_reason}} IS NULL",
                _("Say why it is drafted: the second person reads it."), _("Fill in the reason."), by=self.by,
            ),
            *(rule for name in shared for rule in self._shared(name)),
        ]  # fmt: skip

    def _shared(self, name: str) -> list[RowRule]:
        return [
            RowRule(
                f"{name}_fixed", (name,), f"{{{name}}} <> {self.shared(name)}",
                _("This is the same for all versions and does not change by a sheet."),
                _("Write what stands, or leave the cell empty."),
            ),
            RowRule(f"{name}_missing", (name,), f"{self.row} IS NULL AND NOT n.f_{name}", *FILL),
            RowRule(f"{name}_missing", (self.by,), f"{self.row} IS NULL AND {absent(name)}", *FILL),
        ]  # fmt: skip


class Alone(Stored):
    """Versions without a register: what names the rule stands in each of them, as does what they share."""

    @property
    def row(self) -> str:
        return f"(SELECT r.{self.key} FROM {self.versions} r WHERE r.{self.key} = {{{self.by}}} LIMIT 1)"

    def shared(self, column: str) -> str:
        return self.newest(REFERS.get(column, column))

    def export(self, column: str) -> str:
        return f"t.{column}"


def reason() -> Column:
    return Column(
        None,
        TextWidget(2000),
        pgettext_lazy("rule", "Reason"),
        example="新规则上线",
        export="t.change_reason",
    )


def state() -> Column:
    return Column(
        None, ChoiceWidget(RuleState.choices), _("state"), export="t.state",
        hint=_("Only told: a changed row becomes a draft."),
    )  # fmt: skip


def since() -> Column:
    return Column(None, MomentWidget(), _("in force from"), export=moment("t.valid_from"))


def until() -> Column:
    return Column(None, MomentWidget(), _("in force until"), export=moment("t.valid_to"))
