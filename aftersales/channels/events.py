"""What people decide about letters. No event holds a word or an address."""

from django.utils.translation import gettext_lazy as _

from aftersales.core.events import Kind, register

register(
    Kind("connection.created", _("%(actor)s connected a system.")),
    Kind("connection.changed", _("%(actor)s changed the connected system.")),
    Kind("connection.rotated", _("%(actor)s gave the connected system a new secret.")),
    Kind("connection.tested", _("%(actor)s tested the connected system.")),
    Kind("hook.viewed", _("%(actor)s looked at what the system told: %(reason)s")),
    Kind("talk.attached", _("%(actor)s added the conversation to a ticket."), {"ticket_id": "id"}),
    Kind("talk.recording_opened", _("%(actor)s opened the recording: %(reason)s"), {"ticket_id": "id"}),
    Kind("letter.attached", _("%(actor)s added the letter to a ticket."), {"ticket_id": "id"}),
    Kind("letter.opened", _("%(actor)s opened a ticket from the letter."), {"ticket_id": "id"}),
    Kind("letter.dropped", _("%(actor)s put the letter aside: %(reason)s")),
    Kind("letter.viewed", _("%(actor)s looked at the letter as it came: %(reason)s")),
    Kind("letter.again", _("%(actor)s had the letter read again.")),
    Kind("letter.erased", _("%(actor)s erased the letter.")),
)
