"""Words of the room: how a letter came in, what became of it, and why."""

from django.db import models
from django.utils.translation import pgettext_lazy


class Way(models.TextChoices):
    IMAP = "imap", pgettext_lazy("way of a letter", "Mailbox")
    PIPE = "pipe", pgettext_lazy("way of a letter", "Handed over by the mail server")
    FOLDER = "folder", pgettext_lazy("way of a letter", "Folder")


class Outcome(models.TextChoices):
    """What became of a letter. ``held``: a person decides; ``failed``: given up after several tries."""

    WAITING = "waiting", pgettext_lazy("letter", "Waiting to be read")
    JOINED = "joined", pgettext_lazy("letter", "Added to its ticket")
    OPENED = "opened", pgettext_lazy("letter", "Ticket opened")
    HELD = "held", pgettext_lazy("letter", "To be decided")
    QUIET = "quiet", pgettext_lazy("letter", "Automatic, only recorded")
    BOUNCE = "bounce", pgettext_lazy("letter", "Our message came back")
    DROPPED = "dropped", pgettext_lazy("letter", "Put aside")
    FAILED = "failed", pgettext_lazy("letter", "Could not be read")


class Why(models.TextChoices):
    """Why a letter is held, only recorded or could not be read."""

    NONE = "", pgettext_lazy("why a letter waits", "–")
    UNKNOWN_SENDER = "unknown_sender", pgettext_lazy("why a letter waits", "Nobody is known by this address")
    SEVERAL_KNOWN = (
        "several_known",
        pgettext_lazy("why a letter waits", "Several customers have this address"),
    )
    OTHER_SENDER = (
        "other_sender",
        pgettext_lazy("why a letter waits", "Answers a message that was sent to somebody else"),
    )
    STAFF_ADDRESS = (
        "staff_address",
        pgettext_lazy("why a letter waits", "The sender calls itself a colleague"),
    )
    SEVERAL_SENDERS = "several_senders", pgettext_lazy("why a letter waits", "Names no single sender")
    HINT = (
        "hint",
        pgettext_lazy("why a letter waits", "Names a ticket, but does not prove that it answers it"),
    )
    TOO_MANY = "too_many", pgettext_lazy("why a letter waits", "Too many letters from this address")
    AUTO = "auto", pgettext_lazy("why a letter waits", "Automatic answer")
    LIST = "list", pgettext_lazy("why a letter waits", "Mailing list or bulk mail")
    LOOP = "loop", pgettext_lazy("why a letter waits", "Our own message")
    RETURNED = "returned", pgettext_lazy("why a letter waits", "Report about a message")
    LATE = "late", pgettext_lazy("why a letter waits", "Report: delivery takes longer")
    TOO_LARGE = "too_large", pgettext_lazy("why a letter waits", "Too large")
    TOO_DEEP = "too_deep", pgettext_lazy("why a letter waits", "Built too deep to be read")
    EMPTY = "empty", pgettext_lazy("why a letter waits", "Empty")
    BROKEN = "broken", pgettext_lazy("why a letter waits", "Damaged")


class OwnReason(models.TextChoices):
    """Reasons that the product gives itself: stored as codes, said in the reader's language."""

    WROTE_AGAIN = "wrote_again", pgettext_lazy("own reason", "the customer wrote again")


class SystemKind(models.TextChoices):
    PHONE = "phone", pgettext_lazy("kind of system", "Telephone system")
    CHAT = "chat", pgettext_lazy("kind of system", "Chat system")
    OTHER = "other", pgettext_lazy("kind of system", "Other system")


class Told(models.TextChoices):
    """What an outside system tells us about a conversation."""

    STARTED = "conversation.started", pgettext_lazy("told by a system", "Conversation began")
    ENDED = "conversation.ended", pgettext_lazy("told by a system", "Conversation ended")
    ABANDONED = "conversation.abandoned", pgettext_lazy("told by a system", "Hung up before anybody answered")
    RECORDING = "conversation.recording", pgettext_lazy("told by a system", "Recording")
    TRANSCRIPT = "conversation.transcript", pgettext_lazy("told by a system", "Transcript")
    PING = "ping", pgettext_lazy("told by a system", "Test")


class Taken(models.TextChoices):
    WAITING = "waiting", pgettext_lazy("told by a system", "Waiting")
    DONE = "done", pgettext_lazy("told by a system", "Taken")
    FAILED = "failed", pgettext_lazy("told by a system", "Not taken")


class RefusedBecause(models.TextChoices):
    """Why a request was turned away at the door."""

    UNSIGNED = "unsigned", pgettext_lazy("refused request", "Not signed")
    FORGED = "forged", pgettext_lazy("refused request", "The signature does not fit")
    LATE = "late", pgettext_lazy("refused request", "Too old, or the clock of the system is wrong")
    SWITCHED_OFF = "off", pgettext_lazy("refused request", "The system is switched off")
    TOO_LARGE = "too_large", pgettext_lazy("refused request", "Too large")
    NO_JSON = "no_json", pgettext_lazy("refused request", "Not JSON")
    TOO_DEEP = "too_deep", pgettext_lazy("refused request", "Built too deep")
    TOO_MANY = "too_many", pgettext_lazy("refused request", "Too many requests")
    OTHER_WORDS = "other_words", pgettext_lazy("refused request", "A known id with other content")
    WRONG_FIELDS = "fields", pgettext_lazy("refused request", "Fields are missing or wrong")


TAKEN_TONES = {Taken.WAITING: "blue", Taken.DONE: "green", Taken.FAILED: "red"}
TONES = {
    Outcome.WAITING: "blue",
    Outcome.JOINED: "green",
    Outcome.OPENED: "green",
    Outcome.HELD: "amber",
    Outcome.QUIET: "bare",
    Outcome.BOUNCE: "violet",
    Outcome.DROPPED: "bare",
    Outcome.FAILED: "red",
}
TO_DECIDE = frozenset({Outcome.HELD, Outcome.FAILED})
