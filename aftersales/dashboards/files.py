"""What goes with the message of a report: the workbook, and the page it leads to."""

from django.urls import reverse
from django.utils import translation

from aftersales.dashboards import reporting
from aftersales.dashboards.models import Report
from aftersales.notices.kinds import MailFile

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def report_page(pk: int) -> str:
    public_id = Report.objects.filter(pk=pk).values_list("public_id", flat=True).first()
    return reverse("dashboards:report", args=[public_id]) if public_id else ""


def report_files(pk: int, language: str) -> list[MailFile]:
    """The workbook in the reader's language."""
    report = Report.objects.select_related("plan__owner", "plan__team").get(pk=pk)
    with translation.override(language):
        return [MailFile(f"report-{report.last_day}.xlsx", XLSX, reporting.workbook(report, str(report)))]
