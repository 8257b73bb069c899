"""The rows of the pages of the monthly run; see ``permissions``."""

from tests.architecture.rows import STAFF, Page, R

RULE = {"code": "x", "month": "2026-10"}
MONTHS = {
    "rewards:months": Page(STAFF),
    "rewards:rule": Page(STAFF, sample=RULE),
    "rewards:run": Page(frozenset({R.SUPERVISOR, R.OPERATIONS}), "POST", sample=RULE),
    "rewards:rows": Page(STAFF, sample={**RULE, "party": 1, "metric_code": "resolution"}),
}
