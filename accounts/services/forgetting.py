"""What signing in leaves behind, and until when it is kept."""

from datetime import datetime, timedelta

from axes.models import AccessAttempt, AccessAttemptExpiration, AccessFailureLog, AccessLog
from django.conf import settings
from django.contrib.sessions.models import Session

A_DAY = timedelta(days=1)  # longer than a name stays locked out


def sign_ins_forget(*, now: datetime) -> int:
    """Sessions that are over, counts of wrong passwords that lock nobody out any more, old records of access.

    Answers how many rows went. The events of signing in and out stay.
    """
    over = AccessAttempt.objects.filter(attempt_time__lt=now - settings.AXES_COOLOFF_TIME - A_DAY)
    old = now - settings.SIGN_IN_RECORDS_KEPT
    gone = (
        Session.objects.filter(expire_date__lt=now),
        AccessAttemptExpiration.objects.filter(access_attempt__in=over),
        over,
        AccessFailureLog.objects.filter(attempt_time__lt=old),
        AccessLog.objects.filter(attempt_time__lt=old),
    )
    return sum(rows.delete()[0] for rows in gone)
