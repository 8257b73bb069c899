"""What can happen to a ticket, each with the sentence a lead reads aloud."""

from collections.abc import Callable, Mapping
from typing import Any

from django.db import models
from django.utils.translation import get_language, gettext, pgettext
from django.utils.translation import gettext_lazy as _

from aftersales.core.events import Kind as EventKind
from aftersales.core.events import register
from aftersales.core.models import Audience
from aftersales.notices.states import RecipientKind
from aftersales.tickets import states
from aftersales.tickets.selectors import rule_names
from aftersales.tickets.selectors.cited import cited_name

INTERNAL, CUSTOMER, MERCHANT = Audience.INTERNAL, Audience.CUSTOMER, Audience.MERCHANT


def labels(**fields: type[models.TextChoices]) -> Callable[[Mapping[str, Any]], dict[str, Any]]:
    """Codes of the payload become words in the reader's language."""

    def show(payload: Mapping[str, Any]) -> dict[str, Any]:
        return {key: _word(choices, payload.get(key)) for key, choices in fields.items()}

    return show


def _word(choices: type[models.TextChoices], code: str | None) -> str:
    words: dict[Any, Any] = dict(choices.choices)
    return str(words.get(code, code or gettext("nothing")))


def _form(payload: Mapping[str, Any]) -> dict[str, Any]:
    printed = payload.get("form") == "print"
    return {
        "form": pgettext("export form", "printed page") if printed else str(payload.get("form", "")).upper()
    }


def _waiting(payload: Mapping[str, Any]) -> dict[str, Any]:
    return {"for": str(dict(states.WaitFor.choices).get(payload.get("for", ""), ""))}


PROMISE = {"promise_id": "id", "due_at": "moment", "first_due_at": "moment"}
register(
    EventKind(
        "ticket.transcript_kept",
        _("What was said in a chat or call joined the conversation: %(count)s lines."),
        {"count": "number"},
        audience=Audience.INTERNAL,
    )
)
GRADE_WORDS = labels(kind=states.Kind, severity=states.Severity, nature=states.Nature)


def _graded(payload: Mapping[str, Any]) -> dict[str, Any]:
    """The grade in words, and because of which rules."""
    rules = rule_names(str(payload.get("rules", "")))
    because = gettext(" Because of: %(rules)s.") % {"rules": gettext(", ").join(rules)} if rules else ""
    return {**GRADE_WORDS(payload), "because": because}


def _resolved(payload: Mapping[str, Any]) -> dict[str, Any]:
    untold = payload.get("told") == "no"
    return {
        **labels(result=states.Result)(payload),
        "told": gettext(" The customer has not been told yet.") if untold else "",
    }


def _marks(payload: Mapping[str, Any]) -> dict[str, Any]:
    """The marks a customer gave with the answer; nothing when he gave none."""
    said = [
        words % {"mark": payload[key]}
        for key, words in (
            ("handling", gettext("handling %(mark)s of 5")),
            ("outcome", gettext("outcome %(mark)s of 5")),
        )
        if payload.get(key)
    ]
    return {"marks": gettext(" Rated: %(marks)s.") % {"marks": gettext(", ").join(said)} if said else ""}


def _regraded(payload: Mapping[str, Any]) -> dict[str, Any]:
    shown = GRADE_WORDS(payload)
    before = labels(old_kind=states.Kind, old_severity=states.Severity, old_nature=states.Nature)(payload)
    return {**shown, **before}


APPOINTMENT = {
    "appointment_id": "id", "kind": "code", "with": "code", "starts_at": "moment", "ends_at": "moment",
    "outside": "flag", "state": "code", "old_starts_at": "moment",
}  # fmt: skip


def _appointed(payload: Mapping[str, Any]) -> dict[str, Any]:
    """What was agreed, with whom, and how it ended, in words; outside of opening hours that is said too."""
    shown = labels(kind=states.AppointmentKind, state=states.AppointmentState)(payload)
    shown["with"] = _word(states.AppointmentWith, payload.get("with"))
    shown["outside"] = gettext(" Outside business hours, on purpose.") if payload.get("outside") else ""
    return shown


TICK = {"checklist": "code", "item": "code", "zh": "code", "en": "code"}


def _ticked(payload: Mapping[str, Any]) -> dict[str, Any]:
    """The item's words as they stood, in the reader's language."""
    english = (get_language() or "").startswith("en")
    return {"item": payload.get("en" if english else "zh") or payload.get("item", "")}


def _automation(payload: Mapping[str, Any]) -> dict[str, Any]:
    return {"code": cited_name(str(payload.get("code", "")))}


register(
    EventKind(
        "ticket.opened", _("%(actor)s registered the problem (%(channel)s, %(kind)s)."),
        {
            "channel": "code", "kind": "code", "severity": "code", "nature": "code", "order_id": "id",
            "customer_id": "id",
        },
        CUSTOMER, show=labels(channel=states.Channel, kind=states.Kind),
    ),
    EventKind(
        "ticket.signal_attached", _("A further signal was attached: %(signal)s."),
        {"signal": "code", "item_id": "id"}, show=labels(signal=states.SignalKind),
    ),
    EventKind(
        "ticket.triaged", _("%(actor)s graded it: %(kind)s, %(severity)s, %(nature)s.%(because)s"),
        {"kind": "code", "severity": "code", "nature": "code", "rules": "code"}, show=_graded,
    ),
    EventKind(
        "ticket.regraded",
        _("%(actor)s changed the grade from %(old_kind)s, %(old_severity)s, %(old_nature)s to "
          "%(kind)s, %(severity)s, %(nature)s: %(reason)s"),
        {"kind": "code", "severity": "code", "nature": "code", "old_kind": "code", "old_severity": "code",
         "old_nature": "code", "rules": "code"}, show=_regraded,
    ),
    EventKind(
        "ticket.assigned", _("%(actor)s gave the ticket to %(to_name)s."),
        {"from_id": "id", "to_id": "id", "to_name": "code", "team_id": "id"},
    ),
    EventKind(
        "ticket.transferred", _("%(actor)s passed the waiting ticket on to %(to_name)s: %(reason)s"),
        {"from_id": "id", "to_id": "id", "to_name": "code", "team_id": "id"},
    ),
    EventKind("ticket.unassigned", _("%(actor)s put the ticket back into the queue: %(reason)s"), {"from_id": "id"}),
    EventKind(
        "ticket.routed", _("%(actor)s sent the ticket to the team %(team)s."),
        {"team_id": "id", "team": "code", "duty": "code"},
    ),
    EventKind(
        "ticket.left_alone", _("Nobody can take it now (%(why)s) and it cannot wait: leads and supervisors are told."),
        {"duty": "code", "why": "code"}, show=labels(why=states.NotDispatched),
    ),
    EventKind(
        "ticket.taken_back_again", _("Taken back for the %(times)s. time without anybody beginning: the lead is told."),
        {"times": "number", "from_id": "id"},
    ),
    EventKind(
        "ticket.abusive_contact", _("%(actor)s noted an abusive contact (a pause of %(minutes)s minutes): %(reason)s"),
        {"minutes": "number"},
    ),
    EventKind("ticket.started", _("%(actor)s began to work on it.")),
    EventKind("ticket.replied", _("%(actor)s answered the customer."), {"message_id": "id", "first": "flag"}, CUSTOMER),
    EventKind(
        "ticket.acknowledged", _("%(actor)s wrote to the customer by a rule; the answer of a person is still owed."),
        {"message_id": "id"}, CUSTOMER,
    ),
    EventKind(
        "ticket.reply_kept", _("%(actor)s wrote to the customer: noted, not delivered (%(why)s)."),
        {"message_id": "id", "why": "code"}, show=labels(why=states.AskInPerson),
    ),
    EventKind(
        "ticket.not_delivered", _("Words to the %(to)s were not delivered (%(why)s): a person calls."),
        {"message_id": "id", "why": "code", "to": "code"}, show=labels(why=states.AskInPerson, to=RecipientKind),
    ),
    EventKind(
        "ticket.delivered_late", _("Words that had not been delivered went out after all."), {"message_id": "id"}
    ),
    EventKind("ticket.customer_wrote", _("The customer wrote."), {"message_id": "id", "channel": "code"}, CUSTOMER),
    EventKind("ticket.merchant_asked", _("%(actor)s asked the merchant."), {"message_id": "id"}, MERCHANT),
    EventKind(
        "ticket.question_kept", _("%(actor)s wrote to the merchant: noted, not delivered (%(why)s)."),
        {"message_id": "id", "why": "code"}, show=labels(why=states.AskInPerson),
    ),
    EventKind(
        "ticket.merchant_told", _("The merchant has the question (%(how)s) and owes an answer from now on."),
        {"message_id": "id", "how": "code"}, MERCHANT, show=labels(how=states.Channel),
    ),
    EventKind("ticket.merchant_wrote", _("The merchant answered."), {"message_id": "id"}, MERCHANT),
    EventKind("ticket.other_merchant_wrote", _("Another merchant of this ticket wrote."), {"message_id": "id"}),
    EventKind("ticket.solution_agreed", _("%(actor)s told the customer the solution."), {}, CUSTOMER),
    EventKind("ticket.noted", _("%(actor)s left a note."), {"message_id": "id"}),
    EventKind("ticket.message_erased", _("%(actor)s erased a message: %(reason)s"), {"message_id": "id"}),
    EventKind("ticket.words_erased", _("%(actor)s erased all words of this ticket: %(reason)s")),
    EventKind(
        "ticket.contact_tried", _("%(actor)s tried to reach the customer (%(channel)s): %(outcome)s."),
        {"channel": "code", "reached": "flag", "told": "code", "message_id": "id"},
        show=lambda payload: {
            **labels(channel=states.Channel)(payload),
            "outcome": gettext("reached") if payload.get("reached") else gettext("not reached"),
        },
    ),
    EventKind(
        "ticket.waiting", _("%(actor)s waits for: %(for)s, until %(until)s. %(reason)s"),
        {"for": "code", "until": "moment"}, show=_waiting,
    ),
    EventKind("ticket.resumed", _("The ticket goes on."), {"for": "code"}),
    EventKind(
        "ticket.resolved", _("%(actor)s resolved it: %(result)s.%(told)s"),
        {"result": "code", "severity": "code", "told": "code"}, CUSTOMER, show=_resolved,
    ),
    EventKind(
        "ticket.confirmed", _("The customer confirmed that it is solved.%(marks)s"),
        {"closed_how": "code", "handling": "number", "outcome": "number"}, CUSTOMER, show=_marks,
    ),
    EventKind(
        "ticket.verified", _("The customer confirmed it to %(actor)s."),
        {"closed_how": "code", "how": "code"}, CUSTOMER,
    ),
    EventKind("ticket.closed", _("Closed, since no answer came in time."), {"closed_how": "code"}, CUSTOMER),
    EventKind(
        "ticket.unreachable", _("%(actor)s closed it: the customer could not be reached."), {"closed_how": "code"},
        CUSTOMER,
    ),
    EventKind("ticket.refused_solution", _("The customer said that it is not solved."), {"link_id": "id"}, CUSTOMER),
    EventKind("ticket.reopened", _("%(actor)s reopened it: %(reason)s"), {"times": "number"}, CUSTOMER),
    EventKind(
        "ticket.cancelled", _("%(actor)s cancelled it (%(why)s). %(reason)s"), {"closed_how": "code", "why": "code"},
        CUSTOMER, show=labels(why=states.CancelReason),
    ),
    EventKind("ticket.archived", _("%(actor)s reviewed and archived it."), {}),
    EventKind("ticket.recorded", _("The archive record %(number)s was made."), {"number": "code", "record_id": "id"}),
    EventKind("ticket.sealed", _("The record was sealed."), {}),
    EventKind("ticket.addendum", _("%(actor)s added to the archive record."), {"addendum_id": "id"}),
    EventKind("archive.searched", _("%(actor)s searched the archive."), {"filters": "code", "found": "number"}),
    EventKind("archive.opened", _("%(actor)s looked the archive record up."), {"record_id": "id"}),
    EventKind("archive.hold_set", _("%(actor)s set a legal hold: %(reason)s"), {"record_id": "id"}),
    EventKind("archive.hold_lifted", _("%(actor)s lifted the legal hold: %(reason)s"), {"record_id": "id"}),
    EventKind("ticket.exported", _("%(actor)s exported the ticket (%(form)s)."), {"form": "code"}, show=_form),
    EventKind("ticket.link_issued", _("A link to answer was made for the customer."), {"link_id": "id"}),
    EventKind("ticket.asked_to_confirm", _("The customer was asked whether it is solved."), {"then": "code"}),
    EventKind(
        "ticket.not_asked", _("No message could ask the customer whether it is solved (%(why)s): a person asks."),
        {"why": "code"}, show=labels(why=states.AskInPerson),
    ),
    EventKind(
        "ticket.unanswered", _("The customer has not answered and silence does not close it: a person asks."),
        {"why": "code"},
    ),
    EventKind(
        "ticket.promised", _("%(actor)s promised something to the %(to)s by %(due_at)s."),
        {"promise_id": "id", "due_at": "moment", "to": "code"}, show=labels(to=states.PromisedTo),
    ),
    EventKind("ticket.promise_kept", _("%(actor)s kept the promise of %(first_due_at)s."), PROMISE),
    EventKind(
        "ticket.promise_withdrawn", _("%(actor)s withdrew the promise of %(first_due_at)s: %(reason)s"), PROMISE
    ),
    EventKind(
        "ticket.promise_postponed",
        _("%(actor)s postponed the promise of %(first_due_at)s to %(due_at)s; the first time still counts."), PROMISE,
    ),
    EventKind(
        "ticket.appointed", _("%(actor)s agreed with the %(with)s: %(kind)s, %(starts_at)s–%(ends_at)s.%(outside)s"),
        APPOINTMENT, show=_appointed,
    ),
    EventKind(
        "ticket.appointment_moved",
        _("%(actor)s moved the appointment (%(kind)s) from %(old_starts_at)s to %(starts_at)s–%(ends_at)s: "
          "%(reason)s%(outside)s"),
        APPOINTMENT, show=_appointed,
    ),
    EventKind(
        "ticket.appointment_ended", _("The appointment of %(starts_at)s (%(kind)s): %(state)s. %(reason)s"),
        APPOINTMENT, show=_appointed,
    ),
    EventKind(
        "ticket.appointment_cancelled",
        _("%(actor)s cancelled the appointment of %(starts_at)s (%(kind)s): %(reason)s"),
        APPOINTMENT, show=_appointed,
    ),
    EventKind("ticket.appointment_near", _("Reminded of the appointment of %(starts_at)s (%(kind)s)."), APPOINTMENT,
              show=_appointed),
    EventKind("ticket.appointment_over", _("The appointment of %(starts_at)s (%(kind)s) is over: what came of it?"),
              APPOINTMENT, show=_appointed),
    EventKind("ticket.wait_moved", _("The ticket waits until %(until)s now."), {"until": "moment"}),
    EventKind("ticket.appointment_wished",
              _("The customer asks for another time than %(old_starts_at)s: %(starts_at)s–%(ends_at)s."),
              APPOINTMENT, show=_appointed),
    EventKind("appointment.agreed", _("%(actor)s agreed on %(starts_at)s."), APPOINTMENT, show=_appointed),
    EventKind("appointment.kept", _("%(actor)s: it was kept."), APPOINTMENT, show=_appointed),
    EventKind("appointment.missed", _("%(actor)s: %(state)s."), APPOINTMENT, show=_appointed),
    EventKind("appointment.moved", _("%(actor)s moved it."), APPOINTMENT, show=_appointed),
    EventKind("appointment.cancelled", _("%(actor)s cancelled it."), APPOINTMENT, show=_appointed),
    EventKind("appointment.reminded", _("The reminder went out."), APPOINTMENT, show=_appointed),
    EventKind("appointment.asked", _("Its time is over."), APPOINTMENT, show=_appointed),
    EventKind("appointment.wished", _("The customer asked for another time."), APPOINTMENT, show=_appointed),
    EventKind(
        "rule.confirmed", _("%(actor)s has read this version."), {"code": "code", "number": "number"}
    ),
    EventKind(
        "handover.made", _("%(actor)s made a hand-over sheet of %(count)s tickets for %(to_name)s."),
        {"to_id": "id", "to_name": "code", "count": "number"},
    ),
    EventKind("handover.signed", _("%(actor)s signed the hand-over sheet."), {"side": "code"}),
    EventKind("handover.moved", _("The hand-over sheet moved %(count)s tickets; %(left)s stayed."),
              {"count": "number", "left": "number"}),
    EventKind("handover.withdrawn", _("%(actor)s withdrew the hand-over sheet.")),
    EventKind("promise.given", _("%(actor)s gave a promise, due %(due_at)s."), PROMISE),
    EventKind("promise.kept", _("%(actor)s kept the promise."), PROMISE),
    EventKind("promise.withdrawn", _("%(actor)s withdrew the promise."), PROMISE),
    EventKind("promise.postponed", _("%(actor)s postponed the promise to %(due_at)s."), PROMISE),
    EventKind(
        "ticket.merged", _("%(actor)s merged it into %(into)s: %(reason)s"), {"into_id": "id", "into": "code"},
    ),
    EventKind(
        "ticket.absorbed", _("%(actor)s merged %(others)s into this ticket: %(reason)s"),
        {"other_ids": "list", "others": "code", "chosen": "list", "parties": "list"},
    ),
    EventKind(
        "ticket.unmerged", _("%(actor)s took it out of %(into)s again: %(reason)s"), {"into_id": "id", "into": "code"},
    ),
    EventKind(
        "ticket.released", _("%(actor)s took %(other)s out of this ticket again: %(reason)s"),
        {"other_id": "id", "other": "code"},
    ),
    EventKind(
        "ticket.split",
        _("%(actor)s split %(other)s off (order lines: %(lines)s, quoted messages: %(messages)s): %(reason)s"),
        {"other_id": "id", "other": "code", "lines": "number", "messages": "number"},
    ),
    EventKind(
        "ticket.split_off", _("%(actor)s split it off from %(other)s; time counts as there: %(reason)s"),
        {"other_id": "id", "other": "code"},
    ),
    EventKind(
        "ticket.passed_on", _("What arrived here stands in %(into)s, which goes on for both."),
        {"into_id": "id", "into": "code", "message_id": "id"},
    ),
    EventKind(
        "ticket.linked", _("%(actor)s linked it: %(kind)s %(other)s."),
        {"kind": "code", "other_id": "id", "other": "code"}, show=labels(kind=states.LinkSide),
    ),
    EventKind(
        "ticket.unlinked", _("%(actor)s took a link away: %(kind)s %(other)s. %(reason)s"),
        {"kind": "code", "other_id": "id", "other": "code"}, show=labels(kind=states.LinkSide),
    ),
    EventKind(
        "ticket.told_apart", _("%(actor)s said that it is not the same as %(other)s."),
        {"other_id": "id", "other": "code"},
    ),
    EventKind("intake.ran", _("The intake rules ran: %(opened)s opened, %(attached)s attached."),
              {"opened": "number", "attached": "number", "too_old": "number", "refused": "number"}),
    EventKind("intake.retried", _("%(actor)s let a refused signal be tried again."), {"signal": "code", "ref": "code"}),
    EventKind("intake_rule.changed", _("%(actor)s changed an intake rule: %(reason)s"), {"changed": "list"}),
    EventKind("grading_rule.changed", _("%(actor)s changed a grading rule: %(reason)s"), {"changed": "list"}),
    EventKind("duty_route.changed", _("%(actor)s changed a dispatch route: %(reason)s"), {"changed": "list"}),
    EventKind("checklist.changed", _("%(actor)s changed a checklist: %(reason)s"), {"changed": "list"}),
    EventKind("ticket.item_ticked", _("%(actor)s ticked “%(item)s”."), TICK, show=_ticked),
    EventKind("ticket.item_unticked", _("%(actor)s took back the tick of “%(item)s”."), TICK, show=_ticked),
    EventKind("macro.changed", _("%(actor)s changed a macro: %(reason)s"), {"changed": "list"}),
    EventKind(
        "answer.created", _("%(actor)s wrote the answer template “%(code)s” (%(scope)s)."),
        {"code": "code", "scope": "code"}, show=labels(scope=states.AnswerScope),
    ),
    EventKind(
        "answer.changed", _("%(actor)s changed the answer template “%(code)s” (%(scope)s)."),
        {"code": "code", "scope": "code"}, show=labels(scope=states.AnswerScope),
    ),
    EventKind("automation.changed", _("%(actor)s changed an automation rule: %(reason)s"), {"changed": "list"}),
    EventKind("automation.drafted", _("%(actor)s drafted version %(number)s of the automation rule “%(code)s”."),
              {"code": "code", "number": "number"}, show=_automation),
    EventKind("automation.redrafted", _("%(actor)s changed the draft %(number)s of the automation rule “%(code)s”."),
              {"code": "code", "number": "number"}, show=_automation),
    EventKind(
        "automation.activated",
        _("%(actor)s brought version %(number)s of the automation rule “%(code)s” into force."),
        {"code": "code", "number": "number", "valid_from": "moment"}, show=_automation,
    ),
    EventKind(
        "automation.rejected",
        _("%(actor)s returned version %(number)s of the automation rule “%(code)s”: %(reason)s"),
        {"code": "code", "number": "number"}, show=_automation,
    ),
    EventKind(
        "automation.retired",
        _("%(actor)s took version %(number)s of the automation rule “%(code)s” out of force."),
        {"code": "code", "number": "number", "valid_to": "moment"}, show=_automation,
    ),
    EventKind("tickets.retained", _("Retention removed %(count)s expired records."), {"count": "number"}),
)  # fmt: skip
