"""Ids in, one service each. Beat only wakes these; what they do is idempotent."""

import logging
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from celery import shared_task
from django.conf import settings
from django.db import DatabaseError
from django.utils import timezone

from aftersales.channels import imap, services
from aftersales.channels.letters.reading import MIB
from aftersales.channels.services import forgetting, hooks
from aftersales.channels.services.landing import letter_give_up
from aftersales.channels.states import Way
from aftersales.core import origin
from aftersales.core.jobs import MAX_ATTEMPTS
from aftersales.core.models import Job
from aftersales.standards.selectors import parameter

logger = logging.getLogger(__name__)
BATCH = 200


def land(job: Job, now: datetime) -> Mapping[str, Any]:
    """Make of one letter what it is; what fails each time is shown to a person."""
    letter_id = job.payload["letter"]
    try:
        return {"outcome": services.letter_land(letter_id=letter_id, now=now)}
    except Exception as error:
        if job.attempts >= MAX_ATTEMPTS:
            letter_give_up(letter_id=letter_id, error=error, now=now)
        raise


def take(job: Job, now: datetime) -> Mapping[str, Any]:
    """Make of what a system told what it means; what fails each time is shown with the system."""
    told_id = job.payload["told"]
    try:
        return {"outcome": hooks.told_take(told_id=told_id, now=now)}
    except Exception as error:
        if job.attempts >= MAX_ATTEMPTS:
            hooks.told_give_up(told_id=told_id, error=error, now=now)
        raise


def remove(job: Job, now: datetime) -> Mapping[str, Any]:
    """Delete the files of letters that were erased."""
    return {"removed": forgetting.files_remove(names=job.payload["names"])}


@shared_task
def fetch() -> None:
    """Every minute: take letters in, and open tickets for those nobody decided about."""
    with origin.coming_from("task"):
        try:
            letters_fetch(timezone.now)
        except OSError as error:  # imaplib's own errors are none: they are a wrong set-up and may be seen
            logger.warning("the mailbox does not answer (%s)", error)
        finally:
            services.held_sweep(now=timezone.now())


def letters_fetch(clock: Any) -> int:
    """From wherever letters come in (MAIL_IN); answers how many were there."""
    if settings.MAIL_IN == "imap":
        largest = int(parameter("letter_mib", clock())) * MIB
        return imap.fetch(lambda raw: _kept(raw, Way.IMAP, clock), largest=largest)
    return folder_take(clock) if settings.MAIL_IN == "folder" else 0


def folder_take(clock: Any) -> int:
    """Files of the folder, the oldest first; each is removed after its row is committed."""
    folder = Path(settings.INBOX_FOLDER)
    found = sorted(folder.glob("*.eml"))[:BATCH] if folder.is_dir() else []
    taken = 0
    for path in found:
        if _kept(path.read_bytes(), Way.FOLDER, clock):
            path.unlink(missing_ok=True)
            taken += 1
    return taken


def _kept(raw: bytes, way: str, clock: Any) -> bool:
    """Whether this letter is kept now. One that is not stays where it is; the letters after it come in all the same."""
    try:
        services.letter_receive(raw=raw, way=way, now=clock())
    except (OSError, DatabaseError):  # no letter's fault: the whole visit is tried again
        raise
    except Exception:
        logger.exception("a letter could not be kept")
        return False
    return True


@shared_task
def tidy() -> None:
    """Every night: letters whose time is over."""
    with origin.coming_from("task"):
        services.letters_tidy(now=timezone.now())
