"""What can happen to the ledger, in sentences."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext_lazy as _

from aftersales.core import events
from aftersales.core.events import Kind
from aftersales.ledger.paidstates import ExportKind, GapKind, PaidOutcome
from aftersales.ledger.states import AccountKind, EntryKind, Measure, Party, ProposalKind

PROPOSAL = {"proposal": "code", "amount": "amount", "unit": "code", "measure": "code"}


def _money(payload: Mapping[str, Any], key: str) -> str:
    from aftersales.ledger.rules import amount_words

    return amount_words(Decimal(str(payload[key])), str(payload.get("unit") or "CNY"))


def _entry(payload: Mapping[str, Any]) -> dict[str, Any]:
    return {"total": _money(payload, "total"), "sort": EntryKind(payload["sort"]).label}


def _proposal(payload: Mapping[str, Any]) -> dict[str, Any]:
    measure = payload.get("measure")
    shown: dict[str, Any] = {"amount": Measure(measure).label if measure else _money(payload, "amount")}
    if "sort" in payload:
        shown |= {"sort": ProposalKind(payload["sort"]).label, "party": Party(payload["party"]).label}
    return shown


def _about(verb: str, sentence: Any, **more: str) -> Kind:
    return Kind(f"proposal.{verb}", sentence, PROPOSAL | more, show=_proposal)


SHEET = {
    "sheet": "code",
    "sort": "code",
    "month": "code",
    "part": "number",
    "total": "amount",
    "unit": "code",
}


def _sheet(payload: Mapping[str, Any]) -> dict[str, Any]:
    return {"total": _money(payload, "total"), "sort": ExportKind(payload["sort"]).label}


def _said(payload: Mapping[str, Any]) -> dict[str, Any]:
    return {"amount": _money(payload, "amount"), "outcome": PaidOutcome(payload["outcome"]).label}


def _rule(payload: Mapping[str, Any]) -> dict[str, Any]:
    from aftersales.ledger.clauses import rule_name

    code = str(payload["code"])
    return {"rule": rule_name(f"incentive.{code}") or code}


def _gap(verb: str, sentence: Any) -> Kind:
    told = {"line": "code", "difference": "code"}
    return Kind(
        f"export.gap_{verb}", sentence, told, show=lambda p: {"difference": GapKind(p["difference"]).label}
    )


def _taken(payload: Mapping[str, Any]) -> dict[str, Any]:
    """The account's name where it is one of the platform's own, else the party's code."""
    whom = str(payload["whom"])
    return {"whom": AccountKind(whom).label if whom in AccountKind.values else whom}


PAYING = (
    Kind(
        "export.made",
        _("%(actor)s made the sheet %(sheet)s (%(sort)s, %(month)s, part %(part)s): %(total)s."),
        SHEET | {"sha256": "code"},
        show=_sheet,
    ),
    Kind(
        "export.fetched",
        _("%(actor)s downloaded the sheet %(sheet)s (%(sort)s, %(month)s)."),
        SHEET,
        show=_sheet,
    ),
    Kind(
        "export.told",
        _("%(line)s: %(outcome)s, %(amount)s; %(actor)s read it in."),
        {"line": "code", "outcome": "code", "amount": "amount", "unit": "code"},
        show=_said,
    ),
    _gap("found", _("The line %(line)s does not agree: %(difference)s.")),
    _gap("explained", _("%(actor)s explained the difference of %(line)s.")),
    _gap("agreed", _("The line %(line)s agrees meanwhile.")),
    _gap("reopened", _("The line %(line)s differs again: %(difference)s.")),
)
KINDS = (
    *PAYING,
    Kind(
        "file.looked",
        _("%(actor)s looked at the performance file of %(whom)s."),
        {"whom": "code"},
    ),
    Kind(
        "statement.taken",
        _("%(actor)s took out the statement of %(whom)s for %(month)s: %(entries)s entries."),
        {"whom": "code", "month": "code", "format": "code", "entries": "number", "sha256": "code"},
        show=_taken,
    ),
    Kind(
        "journal.posted",
        _("%(actor)s posted %(entry)s: %(sort)s, %(total)s."),
        {
            "entry": "code",
            "sort": "code",
            "total": "amount",
            "unit": "code",
            "source_kind": "code",
            "source_id": "id",
        },
        show=_entry,
    ),
    Kind(
        "journal.anchored",
        _("The ledger stood at %(transfers)s transfers at the end of %(day)s; its hash is %(digest)s."),
        {"day": "code", "transfers": "number", "digest": "code"},
    ),
    Kind("period.closed", _("%(actor)s closed the month %(month)s of the ledger."), {"month": "code"}),
    Kind(
        "proposal.made",
        _("%(actor)s proposed %(proposal)s: %(sort)s of %(amount)s (%(party)s)."),
        PROPOSAL | {"sort": "code", "party": "code", "party_id": "id"},
        show=_proposal,
    ),
    _about("notified", _("%(actor)s told the party of %(proposal)s (%(amount)s)."), until="moment"),
    _about("appealed", _("%(actor)s appealed against %(proposal)s (%(amount)s).")),
    _about("upheld", _("%(actor)s rejected the appeal against %(proposal)s (%(amount)s).")),
    _about(
        "overturned",
        _("%(actor)s accepted the appeal against %(proposal)s (%(amount)s): nothing is posted."),
        fell_by="code",
    ),
    _about("approved", _("%(actor)s approved %(proposal)s (%(amount)s).")),
    _about("posted", _("%(proposal)s (%(amount)s) was posted.")),
    _about("reversed", _("%(actor)s turned %(proposal)s (%(amount)s) back: %(reason)s"), fell_by="code"),
    Kind(
        "proposal.withdrawn",
        _("%(actor)s withdrew the proposal %(proposal)s of %(amount)s: %(reason)s"),
        PROPOSAL | {"fell_by": "code"},
        show=_proposal,
    ),
    Kind(
        "incentive_rule.created",
        _("%(actor)s opened the incentive rule “%(rule)s”."),
        {"code": "code"},
        show=_rule,
    ),
    Kind(
        "incentive_scheme.registered",
        _("%(actor)s registered the scheme %(record)s, adopted with staff on %(day)s."),
        {"record": "code", "day": "code", "fingerprint": "code"},
    ),
    Kind(
        "proposal.cancelled",
        _("The proposal %(proposal)s of %(amount)s fell with what it rested on."),
        PROPOSAL,
        show=_proposal,
    ),
)


def register() -> None:
    events.register(*KINDS)
