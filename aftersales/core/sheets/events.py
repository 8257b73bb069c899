"""What a sheet leaves in the record: one event a run, one an export."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from aftersales.core import events
from aftersales.core.sheets import resource
from aftersales.core.sheets.models import SheetUpload


def title_of(sheet: str) -> str:
    """The sheet by its title; one that no longer exists speaks for itself."""
    found = [one for one in resource.registered() if one.sheet == sheet]
    return str(found[0].title) if found else sheet


def _title(payload: Mapping[str, Any]) -> dict[str, Any]:
    return {"sheet": title_of(str(payload.get("sheet", "")))}


def _why(public_id: str) -> str:
    """What a row's history says about the sheet that wrote it."""
    upload = SheetUpload.objects.filter(public_id=public_id).first()
    if upload is None:
        return ""
    names = {"sheet": title_of(upload.sheet), "file": upload.file_name}
    return gettext("sheet “%(sheet)s”, file %(file)s") % names


def register() -> None:
    events.read_reasons("sheet", _why)
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
            show=_title,
        ),
        events.Kind(
            "sheet.stopped",
            sentence=_(
                "The import of the sheet %(sheet)s by %(actor)s stopped after row %(row)s of the file."
            ),
            payload={"sheet": "code", "upload": "id", "row": "number", "why": "code"},
            show=_title,
        ),
        events.Kind(
            "sheet.exported",
            sentence=_("%(actor)s exported the sheet %(sheet)s: %(rows)s rows."),
            payload={"sheet": "code", "format": "code", "rows": "number", "masked": "flag"},
            show=_title,
        ),
        events.Kind(
            "columnprofile.created",
            sentence=_("%(actor)s added the column profile %(code)s for the sheet %(sheet)s."),
            payload={"code": "code", "sheet": "code"},
            show=_title,
        ),
        events.Kind(
            "columnprofile.changed",
            sentence=_("%(actor)s changed the column profile %(code)s for the sheet %(sheet)s."),
            payload={"code": "code", "sheet": "code", "changed": "list"},
            show=_title,
        ),
    )
