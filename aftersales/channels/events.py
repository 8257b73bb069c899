"""What people decide about letters. No event holds a word or an address."""

from django.utils.translation import gettext_lazy as _

from aftersales.core.events import Kind, register

register(
    Kind("letter.attached", _("%(actor)s added the letter to a ticket."), {"ticket_id": "id"}),
    Kind("letter.opened", _("%(actor)s opened a ticket from the letter."), {"ticket_id": "id"}),
    Kind("letter.dropped", _("%(actor)s put the letter aside: %(reason)s")),
    Kind("letter.viewed", _("%(actor)s looked at the letter as it came: %(reason)s")),
    Kind("letter.again", _("%(actor)s had the letter read again.")),
    Kind("letter.erased", _("%(actor)s erased the letter.")),
)
