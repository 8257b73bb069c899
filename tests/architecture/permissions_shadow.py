"""The rows of the pages where drafts are tried on a past quarter; see ``permissions``."""

from tests.architecture.rows import Page, R

ASKERS = frozenset({R.OPERATIONS, R.SUPERVISOR})
TRIAL_READERS = ASKERS | {R.AUDITOR}
RUN = {"code": "x", "public_id": "x"}

TRIALS = {
    "shadow:index": Page(TRIAL_READERS),
    "shadow:ask": Page(ASKERS, "POST"),
    "shadow:run": Page(TRIAL_READERS, sample={"public_id": "x"}),
    "scorecards:formula_simulate": Page(ASKERS, "POST", sample={"code": "x", "number": 1}),
    "scorecards:simulation": Page(TRIAL_READERS, sample=RUN),
    "scorecards:simulated": Page(TRIAL_READERS, sample=RUN | {"subject": 1}),
}
