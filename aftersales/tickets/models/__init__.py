"""Tables of the ticket room, by aggregate."""

from aftersales.tickets.models.acting import ActionRow, ActionRun, Macro
from aftersales.tickets.models.alerts import Alert
from aftersales.tickets.models.appointments import Appointment
from aftersales.tickets.models.archive import ArchiveAddendum, ArchiveRecord
from aftersales.tickets.models.automation import Automation, AutomationRun, AutomationVersion
from aftersales.tickets.models.checks import ChecklistTemplate, ChecklistTick
from aftersales.tickets.models.conversation import (
    Attachment,
    ContactAttempt,
    CustomerLink,
    Message,
    TicketText,
)
from aftersales.tickets.models.handover import Handover, HandoverLine, HandoverSignature
from aftersales.tickets.models.intake import DispatchRecord, DutyRoute, GradingRule, IntakeItem, IntakeRule
from aftersales.tickets.models.merging import DuplicatePair, TicketLink, TicketMerge, TicketPrint
from aftersales.tickets.models.promises import GivenPromise
from aftersales.tickets.models.reading import RuleReading
from aftersales.tickets.models.ticket import Ticket, TicketParty
from aftersales.tickets.models.waits import TicketWait
from aftersales.tickets.models.writing import AnswerTemplate, Unsent, UnsentFile, Watcher

__all__ = [
    "ActionRow",
    "ActionRun",
    "AnswerTemplate",
    "Alert",
    "Appointment",
    "ArchiveAddendum",
    "ArchiveRecord",
    "Attachment",
    "Automation",
    "AutomationRun",
    "AutomationVersion",
    "ChecklistTemplate",
    "ChecklistTick",
    "ContactAttempt",
    "CustomerLink",
    "DispatchRecord",
    "DuplicatePair",
    "DutyRoute",
    "GivenPromise",
    "GradingRule",
    "Handover",
    "HandoverLine",
    "HandoverSignature",
    "IntakeItem",
    "IntakeRule",
    "Macro",
    "Message",
    "RuleReading",
    "Ticket",
    "TicketLink",
    "TicketMerge",
    "TicketParty",
    "TicketPrint",
    "TicketText",
    "TicketWait",
    "Unsent",
    "UnsentFile",
    "Watcher",
]
