"""The reply box: what stands in it when the page opens, and what a posted box becomes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _

from aftersales.core import files, once
from aftersales.core.errors import DomainError
from aftersales.core.files import StoredFile
from aftersales.core.posted import whole
from aftersales.desk import presence, promises
from aftersales.tickets.models import Message, Ticket, Unsent, UnsentFile
from aftersales.tickets.selectors import writing
from aftersales.tickets.services import unsent
from aftersales.tickets.services.conversation import words_judged

MAX_FILES = 8
MIB = 1024 * 1024


@dataclass(frozen=True)
class News:
    """What somebody else said since the page was opened."""

    said: Sequence[Message]
    held: Sequence[Unsent]


def box(
    user: Any, row: Ticket, read: Sequence[int], draft: str, voice: str, shown: News | None = None
) -> dict[str, Any]:
    """The words of the box: those just refused, else the kept draft; and what is on its way already.

    ``read``: the keys of the messages on the page; ``seen``: the newest of them, and of what was just shown as new.
    """
    words = writing.unsent_of(row)
    mine = next((one for one in words if one.due_at is None), None)
    held = [one for one in words if one.due_at is not None]
    said = [*read, *(one.pk for one in (shown.said if shown else ()))]
    return {
        "draft": draft or (mine.text if mine else ""), "kept": mine, "held": held,
        "voice": voice or (mine.voice if mine else ""),
        "seen": max(said, default=0), "seen_held": max((one.pk for one in held), default=0),
        "here_mark": presence.mark(row.pk, user.pk), "max_files": MAX_FILES, "sizes": sizes(),
        "script": _script_words(),
    }  # fmt: skip


def _script_words() -> dict[str, str]:
    """What the box says by itself; the script fills the blanks."""
    return {
        "too_large": _("“%(name)s” is larger than %(limit)d MB."),
        "unknown": _("“%(name)s” is of a kind we do not take. Possible: %(known)s."),
        "too_many": _("At most %(number)d files at once.") % {"number": MAX_FILES},
        "unfilled": _("These blanks are not filled: %(names)s. Fill or remove them."),
        "missing": _("Still to be filled by you:"),
        "comma": _(", "),
        "soon": _("being sent in %(n)d s"),
    }


def sizes() -> str:
    """How large a file of each ending may be, in bytes, for the script: ``png:20971520 …``."""
    return " ".join(f"{ending}:{kind.limit}" for ending, kind in sorted(files.TYPES.items()))


def seen(request: HttpRequest) -> unsent.Seen | None:
    """What stood on the posted page, when the form says it."""
    said, held = whole(request.POST.get("seen")), whole(request.POST.get("seen_held"))
    return None if said is None else unsent.Seen(said, held or 0)


def news(request: HttpRequest, row: Ticket) -> News | None:
    """What was said since the posted page was opened; None when nothing was, or when the form does not say."""
    stood = seen(request)
    if stood is None:
        return None
    said = writing.said_since(row, seen=stood.said, user=request.user)
    going = writing.held_since(row, seen=stood.held, user=request.user)
    return News(said, going) if said or going else None


def hold(request: HttpRequest, row: Ticket, voice: str) -> Unsent | Message:
    """Put the posted words on their way."""
    text = words_judged(ticket=row, text=request.POST.get("text", ""), outgoing=True)
    with _posted_files(request, row) as stored:
        found = unsent.reply_hold(
            ticket=row, voice=voice, text=text, actor=request.user, now=timezone.now(), files=stored,
            source_ref=once.reference(request), promise=promises.promised(voice, text, request.POST),
            seen=seen(request),
        )  # fmt: skip
        _forget_surplus(stored, found)
    return found


def say(
    request: HttpRequest, row: Ticket, service: Callable[..., Message], *, outgoing: bool, **how: Any
) -> Message:
    """Say the posted words at once."""
    text = words_judged(ticket=row, text=request.POST.get("text", ""), outgoing=outgoing)
    with _posted_files(request, row) as stored:
        said = service(
            ticket=row, text=text, actor=request.user, now=timezone.now(), files=stored, source=unsent.SOURCE,
            source_ref=once.reference(request), **how,
        )  # fmt: skip
        _forget_surplus(stored, said)
    unsent.draft_drop(ticket=row, actor=request.user)
    return said


def keep(request: HttpRequest, row: Ticket) -> bool:
    """The posted words become the writer's draft, with the promise they make and the files that can be taken.

    False when this very form was sent meanwhile: nothing is kept then. Other words in a form that was sent are kept.
    """
    kept = request.POST.getlist("kept")[:MAX_FILES]
    uploads = request.FILES.getlist("files")[: MAX_FILES - len(kept)]
    with files.stored_for(uploads, now=timezone.now(), good_only=True) as stored:
        done = unsent.draft_keep(
            ticket=row, voice=request.POST.get("voice", ""), text=request.POST.get("text", ""),
            actor=request.user, now=timezone.now(), files=stored, kept=kept, promise=promises.begun(request.POST),
            source_ref=once.reference(request),
        )  # fmt: skip
        for one in () if done else stored:
            files.remove(one.name)
    return done


@contextmanager
def _posted_files(request: HttpRequest, row: Ticket) -> Any:
    """The uploads, kept for what is done with them, after the files of the draft that he did not remove."""
    chosen = request.POST.getlist("kept")[:MAX_FILES]
    drafted = unsent.draft_files(ticket=row, actor=request.user, kept=chosen) if chosen else []
    _refuse_too_many(len(request.FILES.getlist("files")) + len(drafted))
    with _uploads(request) as stored:
        yield [*drafted, *stored]


@contextmanager
def _uploads(request: HttpRequest) -> Any:
    uploads = request.FILES.getlist("files")
    _refuse_too_many(len(uploads))
    with files.stored_for(uploads, now=timezone.now()) as stored:
        yield stored


def _refuse_too_many(count: int) -> None:
    if count > MAX_FILES:
        raise DomainError(_("At most %(number)d files at once.") % {"number": MAX_FILES}, "too_many_files")


def _forget_surplus(stored: Sequence[StoredFile], said: Message | Unsent) -> None:
    """The same form had come before, with files of its own: these are not needed."""
    rows: Any = said.files if isinstance(said, Unsent) else said.attachments
    known = set(rows.values_list("name", flat=True)) if stored else set()
    drafted = set(
        UnsentFile.objects.filter(name__in=[one.name for one in stored]).values_list("name", flat=True)
    )
    for one in stored:
        if one.name not in known | drafted:
            files.remove(one.name)
