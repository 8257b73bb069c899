"""``receive_mail < letter``: for a mail server that hands letters over by a pipe (postfix, exim).

Exit codes are those of sysexits.h, which mail servers understand: 0 kept, 65 nothing was given, 69 letters are taken
in by another way, 75 try again later. The letter is kept before 0 is answered; what becomes of it follows by a job.
"""

import logging
import sys
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from aftersales.channels import services
from aftersales.channels.letters.reading import MIB
from aftersales.channels.states import Way
from aftersales.core import origin
from aftersales.standards.selectors import parameter

DATA, UNAVAILABLE, LATER = 65, 69, 75
logger = logging.getLogger(__name__)


class Command(BaseCommand):
    help = "Take in one letter from standard input; for the pipe of a mail server (exit codes of sysexits.h)."

    def handle(self, *args: Any, **options: Any) -> None:
        if settings.MAIL_IN not in ("pipe", "folder"):
            raise CommandError("Letters come in another way: set MAIL_IN=pipe.", returncode=UNAVAILABLE)
        try:
            self._take(timezone.now())
        except CommandError:
            raise
        except Exception as error:  # whatever it is: the server must keep the letter
            logger.exception("a letter could not be kept")
            raise CommandError(
                "The letter cannot be kept now; please try again.", returncode=LATER
            ) from error

    def _take(self, now: Any) -> None:
        largest = int(parameter("letter_mib", now)) * MIB
        raw = sys.stdin.buffer.read(largest + 1)
        while sys.stdin.buffer.read(MIB):
            pass  # the rest of a too large letter: the server must not see a broken pipe
        if not raw.strip():
            raise CommandError("There was no letter.", returncode=DATA)
        with origin.coming_from("command"):
            services.letter_receive(raw=raw, way=Way.PIPE, now=now)
