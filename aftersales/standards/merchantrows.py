"""What of this room merchants read: the rule book, which is published to everybody whom it binds."""

from aftersales.core.rowpolicies import show

for name in (
    *("Edition", "WorkCalendar", "CalendarPeriod", "CalendarYear", "CalendarDay", "Market", "Parameter"),
    *("ParameterVersion", "ReturnRule", "ReturnRuleVersion", "ServiceStandard", "StandardVersion"),
    "Promotion",
):
    show(f"standards.{name}", why="the rule book is published to everybody whom it binds")
show("standards.Consultation", why="drafts are put up for comments in public")
show(
    "standards.ConsultationComment",
    "standards_consultationcomment.merchant_id = %(me)s OR standards_consultationcomment.answered_at IS NOT NULL",
)
