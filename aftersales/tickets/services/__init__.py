"""Every write about tickets, by verb."""

from aftersales.tickets.services.abuse import contact_abusive
from aftersales.tickets.services.alerts import digest_sweep
from aftersales.tickets.services.appointments import (
    appointment_agree,
    appointment_cancel,
    appointment_end,
    appointment_move,
    appointment_wish,
    appointments_sweep,
)
from aftersales.tickets.services.archive import (
    addendum_add,
    archive_hold_lift,
    archive_hold_set,
    archive_opened,
    archive_searched,
    retention_run,
    seal_sweep,
    ticket_archive,
)
from aftersales.tickets.services.choosing import dispatch_sweep, ticket_dispatch
from aftersales.tickets.services.closing import (
    contact_attempt_record,
    customer_link_issue,
    customer_link_open,
    silence_sweep,
    ticket_agree_solution,
    ticket_answer,
    ticket_cancel,
    ticket_confirm,
    ticket_give_up,
    ticket_resolve,
    ticket_verify,
    wake_sweep,
)
from aftersales.tickets.services.conversation import (
    customer_message,
    merchant_message,
    message_erase,
    note_add,
    ticket_ask_merchant,
    ticket_reply,
    ticket_tell_merchant,
)
from aftersales.tickets.services.dispatch import (
    ticket_assign,
    ticket_hand_over,
    ticket_put_back,
    ticket_take,
    ticket_take_next,
    tickets_assign,
)
from aftersales.tickets.services.grading import ticket_regrade, ticket_triage
from aftersales.tickets.services.handovers import (
    handover_go_on,
    handover_make,
    handover_sign,
    handover_withdraw,
)
from aftersales.tickets.services.intake import problem_join, ticket_open, tickets_open_many
from aftersales.tickets.services.linking import ticket_unlink, tickets_link
from aftersales.tickets.services.links import customer_link_replace, customer_link_standing
from aftersales.tickets.services.lookalikes import tickets_tell_apart
from aftersales.tickets.services.merging import ticket_merge, ticket_unmerge
from aftersales.tickets.services.promises import (
    promise_give,
    promise_keep,
    promise_postpone,
    promise_withdraw,
    ticket_reply_promising,
)
from aftersales.tickets.services.reading import merchant_rule_confirm, rule_confirm
from aftersales.tickets.services.reassigning import absence_sweep, tickets_reassign
from aftersales.tickets.services.rebuild import rollups_rebuild
from aftersales.tickets.services.rulebook import rule_save
from aftersales.tickets.services.settling import intake_run, intake_signals, signal_retry, signals_take_in
from aftersales.tickets.services.splitting import ticket_split
from aftersales.tickets.services.taking_back import lapsed_sweep, take_back_sweep
from aftersales.tickets.services.work import ticket_move, ticket_start, ticket_wait

__all__ = [
    "digest_sweep",
    "absence_sweep",
    "addendum_add",
    "appointment_agree",
    "appointment_cancel",
    "appointment_end",
    "appointment_move",
    "appointment_wish",
    "appointments_sweep",
    "archive_hold_lift",
    "archive_hold_set",
    "archive_opened",
    "archive_searched",
    "contact_abusive",
    "contact_attempt_record",
    "customer_link_issue",
    "customer_link_open",
    "customer_link_replace",
    "customer_link_standing",
    "customer_message",
    "dispatch_sweep",
    "handover_go_on",
    "handover_make",
    "handover_sign",
    "handover_withdraw",
    "intake_run",
    "intake_signals",
    "merchant_message",
    "message_erase",
    "note_add",
    "promise_give",
    "promise_keep",
    "promise_postpone",
    "promise_withdraw",
    "problem_join",
    "retention_run",
    "rollups_rebuild",
    "merchant_rule_confirm",
    "rule_confirm",
    "rule_save",
    "seal_sweep",
    "signal_retry",
    "signals_take_in",
    "silence_sweep",
    "lapsed_sweep",
    "take_back_sweep",
    "ticket_agree_solution",
    "ticket_answer",
    "ticket_archive",
    "ticket_ask_merchant",
    "ticket_tell_merchant",
    "ticket_assign",
    "ticket_cancel",
    "ticket_confirm",
    "ticket_dispatch",
    "ticket_give_up",
    "ticket_merge",
    "ticket_move",
    "ticket_open",
    "ticket_hand_over",
    "ticket_put_back",
    "ticket_regrade",
    "ticket_reply",
    "ticket_reply_promising",
    "ticket_resolve",
    "ticket_split",
    "ticket_start",
    "ticket_take",
    "ticket_take_next",
    "ticket_triage",
    "ticket_unmerge",
    "ticket_verify",
    "ticket_wait",
    "tickets_assign",
    "tickets_open_many",
    "tickets_reassign",
    "ticket_unlink",
    "tickets_link",
    "tickets_tell_apart",
    "wake_sweep",
]
