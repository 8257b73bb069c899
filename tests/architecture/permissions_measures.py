"""The rows of the pages of measures and consequence rules; see ``permissions``."""

from tests.architecture.rows import STAFF, Page, R

RULE_KEEPERS = frozenset({R.OPERATIONS, R.SUPERVISOR})
VIEWERS = RULE_KEEPERS | {R.MERCHANT_MANAGER, R.ADJUDICATOR, R.FINANCE, R.RISK, R.AUDITOR}
OWNERS = frozenset({R.MERCHANT_OWNER})
ONE, RULE, FILE = {"number": "CS0000-00000"}, {"code": "x"}, {"public_id": "x"}

MEASURES = {
    "measures:measures": Page(VIEWERS),
    "measures:measure": Page(VIEWERS, sample=ONE),
    "measures:act": Page(VIEWERS, "POST", sample=ONE | {"name": "impose"}),
    "measures:file": Page(VIEWERS, sample=FILE),
    "measures:weights": Page(VIEWERS),
    "measures:weights_file": Page(RULE_KEEPERS, "POST"),
    "consequences:rules": Page(STAFF),
    "consequences:rule": Page(STAFF, sample=RULE),
    "consequences:draft": Page(RULE_KEEPERS, "POST", sample=RULE),
    "consequences:decide": Page(RULE_KEEPERS, "POST", sample=RULE | {"number": 1}),
    "consequences:consult": Page(RULE_KEEPERS, "POST", sample=RULE | {"number": 1}),
    "consequences:comment": Page(RULE_KEEPERS, "POST", sample=FILE),
    "portal:measure": Page(OWNERS, sample=FILE),
    "portal:measure_appeal": Page(OWNERS, "POST", sample=FILE),
    "portal:measure_file": Page(OWNERS, sample=FILE),
}
