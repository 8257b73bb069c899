"""Work of this room for later: ids in, one service called."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from aftersales.cases.models import PaymentRun
from aftersales.cases.services.runs import run_export
from aftersales.core.models import Job


def export_run(job: Job, now: datetime) -> Mapping[str, Any]:
    run = run_export(run=PaymentRun.objects.get(pk=job.payload["run"]), now=now)
    return {"run": run.pk, "state": run.state}
