"""What is written down about saved views. Their names and words are people's own texts and stay on the row."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext_lazy as _

from aftersales.core.events import Kind, register
from aftersales.desk.states import Shared


def _shared(payload: Mapping[str, Any]) -> dict[str, str]:
    return {"shared": str(dict(Shared.choices).get(payload.get("shared", ""), ""))}


register(
    Kind(
        "view.saved", _("%(actor)s saved a view of the tickets (%(shared)s)."), {"shared": "code"}, show=_shared
    ),
    Kind(
        "view.changed", _("%(actor)s changed a view of the tickets (%(shared)s)."), {"shared": "code"},
        show=_shared,
    ),
    Kind("view.ended", _("%(actor)s ended a view of the tickets.")),
)  # fmt: skip
