"""Tables of the rule book. Every number has its source, its time and the two people behind it."""

from .base import CODE_LENGTH, Edition, Named, RuleVersion, codes, new_edition
from .calendars import CalendarDay, CalendarPeriod, CalendarYear, Market, WorkCalendar, clock_face
from .consultations import Consultation, ConsultationComment
from .numbers import Parameter, ParameterVersion
from .promotions import Promotion
from .returns import ReturnRule, ReturnRuleVersion
from .standards import ServiceStandard, StandardVersion

__all__ = [
    "CODE_LENGTH",
    "CalendarDay",
    "CalendarPeriod",
    "CalendarYear",
    "Consultation",
    "ConsultationComment",
    "Edition",
    "Market",
    "Named",
    "Parameter",
    "ParameterVersion",
    "Promotion",
    "ReturnRule",
    "ReturnRuleVersion",
    "RuleVersion",
    "ServiceStandard",
    "StandardVersion",
    "WorkCalendar",
    "clock_face",
    "codes",
    "new_edition",
]
