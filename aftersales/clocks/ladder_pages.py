"""What the pages of the escalation ladder show: rungs, comparison of versions. Reads only."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from aftersales.clocks.models import LadderRung
from aftersales.clocks.states import RungBy, RungMoment, RungTo
from aftersales.standards import vocabulary
from aftersales.standards.pages import Entry, Line, Section
from aftersales.standards.states import ClockKind, Promise, RuleState


@dataclass(frozen=True)
class Row:
    """One rung as the list shows it."""

    version: LadderRung
    applies: str
    when: str
    has_draft: bool


def rungs(now: datetime) -> list[Row]:
    """Every rung in the order in which a clock climbs it. One query."""
    found: dict[str, list[LadderRung]] = {}
    for one in LadderRung.objects.select_related("drafted_by", "activated_by").order_by("code", "-number"):
        found.setdefault(one.code, []).append(one)
    rows = [_row(versions, now) for versions in found.values()]
    return sorted(rows, key=lambda row: (row.version.moment == RungMoment.LATE, row.version.value))


def _row(versions: list[LadderRung], now: datetime) -> Row:
    version = next((one for one in versions if one.applies_at(now)), versions[0])
    return Row(
        version, applies(version), when(version), any(one.state == RuleState.DRAFT for one in versions)
    )


def applies(row: LadderRung) -> str:
    """Of which promises it speaks, in words; no condition means all."""
    found = [
        vocabulary.listed(str(names.get(code, code)) for code in codes)
        for codes, names in (
            (row.promises, dict(Promise.choices)),
            (row.clock_kinds, dict(ClockKind.choices)),
        )
        if codes
    ]
    if row.severities:
        found.append(vocabulary.words("severities", row.severities))
    return " · ".join(found) or pgettext("rule", "all")


def when(row: LadderRung) -> str:
    if row.moment == RungMoment.PERCENT:
        return _("%(percent)s%% of the time used") % {"percent": row.value}
    if not row.value:
        return pgettext("ladder", "when time is over")
    return _("%(minutes)d min past due") % {"minutes": row.value}


def sections(now: datetime) -> list[Section]:
    """The list at the left: rungs before the due time, then those after it."""
    before: list[Entry] = []
    after: list[Entry] = []
    for row in rungs(now):
        version = row.version
        entry = Entry(version.code, version.name, when(version), version.number, row.has_draft, False)
        (before if version.moment == RungMoment.PERCENT else after).append(entry)
    named = ((_("Before the time is over"), before), (_("After the time is over"), after))
    return [Section(name, entries) for name, entries in named if entries]


def comparison(new: LadderRung, old: LadderRung | None) -> list[Line]:
    """What a version changes against the one before; changed lines first."""
    said, earlier = _said(new), _said(old) if old else {}
    lines = [Line(label, earlier.get(label, text), text, bool(old) and earlier.get(label) != text)
             for label, text in said.items()]  # fmt: skip
    return sorted(lines, key=lambda line: not line.is_changed)


def _said(row: LadderRung) -> Mapping[str, str]:
    return {
        pgettext("rule", "Applies to"): applies(row),
        pgettext("ladder", "When"): when(row),
        pgettext("ladder", "Who is told"): str(dict(RungTo.choices).get(row.to, row.to)),
        pgettext("ladder", "How"): str(dict(RungBy.choices).get(row.by, row.by)),
        _("Chinese name"): row.name_zh,
        _("English name"): row.name_en,
    }
