"""Words of the messages' room: recipients, channels, life of a message and of its text."""

from django.db.models import TextChoices
from django.utils.translation import pgettext_lazy


class RecipientKind(TextChoices):
    CUSTOMER = "customer", pgettext_lazy("message recipient", "Customer")
    USER = "user", pgettext_lazy("message recipient", "Colleague")
    MERCHANT = "merchant", pgettext_lazy("message recipient", "Merchant")


class NoticeChannel(TextChoices):
    EMAIL = "email", pgettext_lazy("message channel", "E-mail")
    IN_APP = "in_app", pgettext_lazy("message channel", "In the system")
    HOOK = "hook", pgettext_lazy("message channel", "Gateway")


class GatewayForm(TextChoices):
    """How a gateway wants to be told: our own form with signature, or the one of a group robot."""

    PLAIN = "plain", pgettext_lazy("gateway", "Gateway of our own (text messages …)")
    WECOM = "wecom", pgettext_lazy("gateway", "WeCom robot")
    DINGTALK = "dingtalk", pgettext_lazy("gateway", "DingTalk robot")
    FEISHU = "feishu", pgettext_lazy("gateway", "Feishu robot")


class NoticeState(TextChoices):
    """How far one message is. ``parked``: given up after several tries, a person decides."""

    QUEUED = "queued", pgettext_lazy("message state", "Queued")
    SENDING = "sending", pgettext_lazy("message state", "Being sent")
    SENT = "sent", pgettext_lazy("message state", "Sent")
    FAILED = "failed", pgettext_lazy("message state", "Failed, will be tried again")
    PARKED = "parked", pgettext_lazy("message state", "Given up")
    SKIPPED = "skipped", pgettext_lazy("message state", "Not sent on purpose")
    BOUNCED = "bounced", pgettext_lazy("message state", "Came back")


class SkipReason(TextChoices):
    """Why a message was not sent on purpose."""

    NONE = "", pgettext_lazy("why a message was not sent", "–")
    NO_ADDRESS = "no_address", pgettext_lazy("why a message was not sent", "No address is known")
    BAD_ADDRESS = "bad_address", pgettext_lazy("why a message was not sent", "The address is not valid")
    OPTED_OUT = "opted_out", pgettext_lazy("why a message was not sent", "The recipient does not want it")
    ERASED = "erased", pgettext_lazy("why a message was not sent", "The personal data was erased")
    OUTDATED = "outdated", pgettext_lazy("why a message was not sent", "Overtaken by events")
    SWITCHED_OFF = "off", pgettext_lazy("why a message was not sent", "This message is switched off")


class TextState(TextChoices):
    """Life of one version of a text: drafted by one person, brought into force by another."""

    DRAFT = "draft", pgettext_lazy("text state", "Draft")
    ACTIVE = "active", pgettext_lazy("text state", "In force")
    RETIRED = "retired", pgettext_lazy("text state", "Replaced")
    REJECTED = "rejected", pgettext_lazy("text state", "Returned")


class TextSource(TextChoices):
    SHIPPED = "shipped", pgettext_lazy("source of a text", "Shipped")
    WRITTEN = "written", pgettext_lazy("source of a text", "Written here")


STATE_COLOURS = {
    NoticeState.QUEUED: "blue",
    NoticeState.SENDING: "blue",
    NoticeState.SENT: "green",
    NoticeState.FAILED: "amber",
    NoticeState.PARKED: "red",
    NoticeState.SKIPPED: "grey",
    NoticeState.BOUNCED: "red",
}
TEXT_COLOURS = {
    TextState.DRAFT: "amber",
    TextState.ACTIVE: "green",
    TextState.RETIRED: "grey",
    TextState.REJECTED: "red",
}
OPEN = frozenset({NoticeState.QUEUED, NoticeState.SENDING, NoticeState.FAILED})
