"""The rows of early warning and signs of gaming; see ``permissions``."""

from tests.architecture.rows import LEADS, Page, R

OPENERS = LEADS | {R.INSPECTOR, R.AUDITOR, R.RISK, R.MERCHANT_MANAGER}
HANDLERS = frozenset({R.SUPERVISOR, R.OPERATIONS, R.MERCHANT_MANAGER})
JUDGES = frozenset({R.SUPERVISOR, R.RISK})
NUMBER, PUBLIC = {"number": "YJ0000-0000"}, {"public_id": "x"}
WARNINGS = {
    "improvement:warnings": Page(OPENERS),
    "improvement:warnings_sheet": Page(
        LEADS | {R.AUDITOR, R.RISK, R.MERCHANT_MANAGER}, sample={"fmt": "csv"}
    ),
    "improvement:month": Page(OPENERS),
    "improvement:month_send": Page(HANDLERS, "POST", sample={}),
    "improvement:warning": Page(OPENERS, sample=NUMBER),
    "improvement:act": Page(HANDLERS, "POST", sample={**NUMBER, "name": "acknowledge"}),
    "improvement:answer": Page(HANDLERS, "POST", sample=PUBLIC),
    "improvement:signs": Page(JUDGES | {R.AUDITOR}),
    "improvement:sign": Page(JUDGES | {R.AUDITOR}, sample=PUBLIC),
    "improvement:sign_decide": Page(JUDGES, "POST", sample=PUBLIC),
}
