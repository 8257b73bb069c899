"""What a sheet leaves in the record: one event a run, one an export."""

from django.utils.translation import gettext_lazy as _

from aftersales.core import events


def register() -> None:
    events.register(
        events.Kind(
            "sheet.applied",
            sentence=_(
                "%(actor)s imported the sheet %(sheet)s: %(created)s new, %(updated)s changed, "
                "%(unchanged)s unchanged, %(refused)s refused."
            ),
            payload={
                "sheet": "code",
                "profile": "code",
                "sha256": "code",
                "read": "number",
                "created": "number",
                "updated": "number",
                "unchanged": "number",
                "refused": "number",
                "upload": "id",
                "since": "moment",
            },
        ),
        events.Kind(
            "sheet.exported",
            sentence=_("%(actor)s exported the sheet %(sheet)s: %(rows)s rows."),
            payload={"sheet": "code", "format": "code", "rows": "number", "masked": "flag"},
        ),
        events.Kind(
            "columnprofile.created",
            sentence=_("%(actor)s added the column profile %(code)s for the sheet %(sheet)s."),
            payload={"code": "code", "sheet": "code"},
        ),
        events.Kind(
            "columnprofile.changed",
            sentence=_("%(actor)s changed the column profile %(code)s for the sheet %(sheet)s."),
            payload={"code": "code", "sheet": "code", "changed": "list"},
        ),
    )
