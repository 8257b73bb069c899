"""What changed on a row since somebody looked at it, in words: the values he saw and those that stand there now."""

from collections.abc import Iterator, Mapping
from typing import Any

from django.db import models
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from aftersales.core import events
from aftersales.core.errors import Conflict
from aftersales.core.models import Event


def conflict(current: models.Model, version: int, sent: Mapping[str, Any]) -> Conflict:
    """The refusal of a stale act: ``fields`` holds what was sent beside what is stored, the message says the rest.

    ``version``: what the person looked at; ``sent``: the columns he wanted to write.
    """
    stored = {name: (value, getattr(current, name)) for name, value in sent.items()}
    told = [*_changes(current, version, but=sent)] or [*_last(current)]
    words = [str(Conflict({})), *told]
    return Conflict({name: pair for name, pair in stored.items() if pair[0] != pair[1]}, " ".join(words))


def is_no_news(current: Any, version: int, actor: Any = None) -> bool:
    """Whether nothing changed since this version but what the system keeps for itself (``bookkeeping`` of the model)
    and, given an actor, what he did himself.

    Who acts a moment after his own move would else collide with its after-effects: the question that went out to the
    customer, or his own words, which go out some seconds after the page was loaded. Whatever somebody else did since
    is a conflict, and so is any other column that the system changed.
    """
    kept: frozenset[str] = getattr(type(current), "bookkeeping", frozenset())
    was = _seen(current, version) if kept and version < current.version else None
    if was is None:
        return False
    since = Event.objects.about(current._meta.label_lower, current.pk).filter(at__gt=was.history_date)
    actors = set(since.exclude(actor_role="system").values_list("actor_id", flat=True))
    if actors - ({actor.pk} if actor else set()):
        return False
    names = {field.attname for field in type(was)._meta.concrete_fields} - kept - {"version"}
    names &= {field.attname for field in current._meta.concrete_fields}
    later = type(current).history.filter(**{current._meta.pk.attname: current.pk}, version__gt=was.version)
    steps = [(row, row.history_user_id in actors) for row in later.order_by("version", "history_id")]
    for row, is_own in [*steps, (current, bool(actors))]:  # counters move without a history row of their own
        if not is_own and any(getattr(was, name) != getattr(row, name) for name in names):
            return False
        was = row
    return True


def _changes(current: Any, version: int, but: Mapping[str, Any]) -> Iterator[str]:
    """Columns of few values and columns that name somebody; times and counters say nothing to a person."""
    was = _seen(current, version)
    for field in _telling(current) if was is not None else ():
        then, now = getattr(was, field.attname), getattr(current, field.attname)
        if then == now or {field.name, field.attname} & set(but):
            continue
        yield _("%(field)s: you saw “%(seen)s”, now it is “%(stored)s”.") % {
            "field": field.verbose_name,
            "seen": _word(field, then),
            "stored": _word(field, now),
        }


def _telling(current: Any) -> list[Any]:
    kept = {field.attname for field in type(current).history.model._meta.concrete_fields}
    return [
        field
        for field in current._meta.concrete_fields
        if field.attname in kept and (field.choices or field.is_relation)
    ]


def _seen(current: Any, version: int) -> Any:
    """The row as it stood in this version; a version that moved only counters wrote no history of its own."""
    history = getattr(type(current), "history", None)
    if history is None:
        return None
    kept = history.filter(**{current._meta.pk.attname: current.pk}, version__lte=version)
    return kept.order_by("-version", "-history_id").first()


def _word(field: Any, value: Any) -> str:
    if value in (None, ""):
        return pgettext("value", "nothing")
    if field.is_relation:
        return str(field.related_model._base_manager.filter(pk=value).first() or "")
    return str(dict(field.flatchoices).get(value, value))


def _last(current: models.Model) -> Iterator[str]:
    """Nothing of that kind changed: then what was recorded last says it, without naming anything else."""
    about = Event.objects.about(current._meta.label_lower, current.pk).order_by("-id").first()
    if about is not None:
        yield events.sentence(events.unnamed(about))
