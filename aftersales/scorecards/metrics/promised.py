"""When a promise behind a figure had to be kept, and when it was."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from aftersales.core import wording

ANSWERS = ("response_in_time", "answer_in_time")
"""Metrics of which every row is an answer; of others it may be anything that was promised."""


@dataclass(frozen=True)
class Promised:
    """One promise with its due time; ``at`` None as long as nothing came."""

    metric: str
    due: datetime
    at: datetime | None

    @property
    def is_answer(self) -> bool:
        return self.metric in ANSWERS

    @property
    def words(self) -> str:
        told = {"at": wording.minute(self.at), "due": wording.minute(self.due)}
        if self.at is None:
            return (_("no answer; due %(due)s") if self.is_answer else _("not done; due %(due)s")) % told
        return (_("answered %(at)s; due %(due)s") if self.is_answer else _("done %(at)s; due %(due)s")) % told

    @property
    def missed(self) -> str:
        """By how much the due time was missed; empty in time, and while nobody knows by how much."""
        if self.at is None or self.at <= self.due:
            return ""
        told = {"time": wording.duration(self.at - self.due)}
        return (
            _("Answered %(time)s after it was due.")
            if self.is_answer
            else _("Done %(time)s after it was due.")
        ) % told
