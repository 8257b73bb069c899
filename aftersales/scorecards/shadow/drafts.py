"""Drafts as a run keeps them, word by word, and as rules again that were never stored."""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.core.serializers.json import DjangoJSONEncoder
from django.db.models import Model
from django.utils.translation import gettext as _

from aftersales.clocks.models import LadderRung
from aftersales.core.errors import DomainError
from aftersales.core.rulebook import RuleState
from aftersales.scorecards.models import FormulaVersion
from aftersales.standards.models import ServiceStandard, StandardVersion
from aftersales.tickets.models import DutyRoute, GradingRule, IntakeRule
from aftersales.tickets.states import SignalKind

ALWAYS = datetime(1970, 1, 1, tzinfo=UTC)
IN_PLACE: Mapping[str, type[Any]] = {"grading": GradingRule, "routes": DutyRoute, "intake": IntakeRule}
"""Rules that are changed in place, so that no draft of them is stored: a run brings a whole book of its own."""
ASIDE = frozenset({"id", "version", "code"})
MOST_RULES = 300


def kept(row: Model, *, but: Iterable[str] = ()) -> dict[str, Any]:
    """The columns of a row as JSON."""
    left = {*but, "history"}
    columns = {
        one.attname: getattr(row, one.attname) for one in row._meta.concrete_fields if one.attname not in left
    }
    return dict(json.loads(json.dumps(columns, cls=DjangoJSONEncoder)))


def again(model: type[Any], columns: Mapping[str, Any], **other: Any) -> Any:
    """The row that was kept, unsaved. Columns of an older release that are gone are left out."""
    known = {one.attname: one for one in model._meta.concrete_fields}
    values = {name: known[name].to_python(value) for name, value in columns.items() if name in known}
    return model(**(values | other))


def fingerprint(value: Any) -> str:
    """The same value has the same one."""
    text = json.dumps(value, cls=DjangoJSONEncoder, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def standards(drafts: Mapping[str, Any]) -> list[StandardVersion]:
    """As if each had been in force all the time."""
    listed = drafts.get("standards", [])
    parents = ServiceStandard.objects.in_bulk([one["standard_id"] for one in listed]) if listed else {}
    return [
        again(StandardVersion, one, state=RuleState.ACTIVE, valid_from=ALWAYS, valid_to=None,
              standard=parents[one["standard_id"]])
        for one in listed
    ]  # fmt: skip


def rungs(drafts: Mapping[str, Any]) -> list[LadderRung]:
    return [
        again(LadderRung, one, state=RuleState.ACTIVE, valid_from=ALWAYS, valid_to=None)
        for one in drafts.get("rungs", [])
    ]


def in_place(drafts: Mapping[str, Any], name: str, now: Sequence[Any]) -> list[Any]:
    """The book of a run, in its order; the one of today where it brings none."""
    if name not in drafts:
        return list(now)
    rows = [again(IN_PLACE[name], one) for one in drafts[name]]
    return sorted((row for row in rows if row.is_active), key=lambda row: (row.position, row.code))


def formula(drafts: Mapping[str, Any], name: str, parent: Any) -> FormulaVersion:
    """A version of a formula as it was worded."""
    one: FormulaVersion = again(FormulaVersion, drafts[name], formula=parent)
    return one


def book_text(name: str) -> str:
    """The rules of today as the text that one changes to try others."""
    rows = IN_PLACE[name].objects.in_force()
    return json.dumps([_plain(row) for row in rows], ensure_ascii=False, indent=1)


def _plain(row: Any) -> dict[str, Any]:
    empty: tuple[Any, ...] = ("", [], None)
    columns = kept(row, but=("id", "version", "name_zh", "name_en", "source_ref", "is_active"))
    return {key: value for key, value in columns.items() if value not in empty}


def book_read(name: str, text: str) -> list[dict[str, Any]] | None:
    """A book that somebody wrote; None for the one of today, unchanged. Raises ``no_rules``, naming rule and column."""
    model = IN_PLACE[name]
    label = str(model._meta.verbose_name_plural)
    try:
        listed = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise _wrong(
            label, _("no JSON: look at line %(line)s") % {"line": getattr(error, "lineno", 1)}
        ) from error
    if not isinstance(listed, list) or not all(isinstance(one, dict) for one in listed):
        raise _wrong(label, _("a list of rules, each in braces"))
    if len(listed) > MOST_RULES:
        raise _wrong(label, _("at most %(most)s rules") % {"most": MOST_RULES})
    if listed == json.loads(book_text(name)):
        return None
    known = {row.code: row for row in model.objects.all()}
    found = [_rule(model, label, number, one, known) for number, one in enumerate(listed, 1)]
    if len({one["code"] for one in found}) < len(found):
        raise _wrong(label, _("each code once"))
    return found


def _rule(
    model: type[Any], label: str, number: int, given: Mapping[str, Any], known: Mapping[str, Any]
) -> dict[str, Any]:
    columns = {one.attname for one in model._meta.concrete_fields} - {"id", "version"}
    for key in sorted(set(given) - columns):
        words = {"number": number, "key": key, "known": ", ".join(sorted(columns))}
        raise _wrong(label, _("rule %(number)s: there is no column “%(key)s”; known are %(known)s") % words)
    code = str(given.get("code", ""))
    row = known.get(code)
    names = (
        {"name_zh": row.name_zh, "name_en": row.name_en}
        if row is not None
        else {"name_zh": code, "name_en": code}
    )
    try:
        rule = again(model, names | dict(given), version=row.version if row is not None else 0)
        rule.clean_fields(exclude=["id", "version"])
    except (ValidationError, TypeError, ValueError) as error:
        said = "; ".join(error.messages) if isinstance(error, ValidationError) else str(error)
        words = {"number": number, "code": code or "–", "why": said}
        raise _wrong(label, _("rule %(number)s (%(code)s): %(why)s") % words) from error
    if model is IntakeRule and rule.signal not in (
        SignalKind.REVIEW_LOW, SignalKind.PARCEL_LATE, SignalKind.PAID_CANCELLED,
    ):  # fmt: skip
        raise _wrong(label, _("rule %(number)s: trade data say nothing of this signal") % {"number": number})
    return kept(rule, but=("id",))


def _wrong(label: str, what: str) -> DomainError:
    return DomainError(_("%(rules)s: %(what)s.") % {"rules": label, "what": what}, "no_rules")
